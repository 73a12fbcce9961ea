"""Headers every answer carries: what a browser may do with our pages, and what it may keep."""

from urllib.parse import urlsplit

from flask import Flask, Response, g

__all__ = ["add_security_headers", "allow_connections_to", "allow_forms_to"]

# Nothing but our own style sheet, pictures and the one script; no script inside a page; no frame around us.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS = (
    ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
)


def allow_forms_to(target: str) -> None:
    """Let the forms of the page being made lead to `target` too, an origin or a scheme: browsers ask for redirects."""
    g.form_target = target


def allow_connections_to(target: str) -> None:
    """Let the script of the page being made connect to `target` too, an origin."""
    g.connection_target = target


def add_security_headers(app: Flask, *, https: bool, pictures_at: str = "") -> None:
    """Give every answer of `app` the security headers, and pages a cache rule that keeps them private.

    With `https` browsers are told to use nothing else for this site for a year. `pictures_at`: the address of another
    host that pages load pictures from.
    """
    headers = list(SECURITY_HEADERS)
    if pictures_at:
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(pictures_at))
        headers[0] = (headers[0][0], CONTENT_SECURITY_POLICY.replace("img-src 'self'", f"img-src 'self' {origin}"))
    if https:
        headers.append(("Strict-Transport-Security", "max-age=31536000"))

    @app.after_request
    def add(response: Response) -> Response:
        for name, value in headers:
            # A view may have said something stricter.
            response.headers.setdefault(name, value)
        if "form_target" in g:
            policy = response.headers["Content-Security-Policy"]
            allowed = policy.replace("form-action 'self'", f"form-action 'self' {g.form_target}")
            response.headers["Content-Security-Policy"] = allowed
        if "connection_target" in g:
            policy = response.headers["Content-Security-Policy"]
            allowed = policy.replace("connect-src 'self'", f"connect-src 'self' {g.connection_target}")
            response.headers["Content-Security-Policy"] = allowed
        # A page holds its reader's name and token: no proxy may keep it, and Back after signing out asks again.
        if "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "private, no-store"
        return response
