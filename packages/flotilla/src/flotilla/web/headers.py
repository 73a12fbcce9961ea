"""Headers every answer carries: what a browser may do with our pages, and what it may keep."""

from flask import Flask, Response

__all__ = ["add_security_headers"]

# Nothing but our own style sheet and pictures; no script at all, not even our own; no frame around us.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS = (
    ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
)


def add_security_headers(app: Flask, *, https: bool) -> None:
    """Give every answer of `app` the security headers, and pages a cache rule that keeps them private.

    With `https` browsers are told to use nothing else for this site for a year.
    """
    headers = list(SECURITY_HEADERS)
    if https:
        headers.append(("Strict-Transport-Security", "max-age=31536000"))

    @app.after_request
    def add(response: Response) -> Response:
        for name, value in headers:
            response.headers[name] = value
        # A page holds its reader's name and token: no proxy may keep it, and Back after signing out asks again.
        if "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "private, no-store"
        return response
