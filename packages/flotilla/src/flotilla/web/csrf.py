"""Proof that a form came from our own page.

A form's `csrf_token` is an HMAC, under the site's secret, of a value that another site can neither read nor set: the
session's token for someone signed in, a random visitor cookie for the forms before that. It is therefore the same for
a whole session, nothing is stored, and it ends with the session. (Flask-WTF's would come with a second signed cookie,
read and checked on each request, and with WTForms for two small forms.)
"""

import hmac
import secrets

from flask import Flask, Response, current_app, g, request

from flotilla.settings import Settings
from flotilla.web.sessions import session_token

__all__ = ["StaleFormError", "add_form_check", "csrf_token"]

VISITOR_COOKIE = "flotilla_visitor"
VISITOR_COOKIE_LENGTH = 22  # of token_urlsafe(16)
TOKEN_LENGTH = 40  # hex digits: 160 bits
API_BLUEPRINT = "api"
METHODS_THAT_CHANGE_NOTHING = frozenset({"GET", "HEAD", "OPTIONS"})


class StaleFormError(Exception):
    """A form came without the token of the session it is sent in: an old page, or another site's form."""


def csrf_token() -> str:
    """The token that forms on the page being made carry; a visitor's cookie goes out with the same answer."""
    token: str | None = g.get("csrf_token")
    if token is None:
        session = session_token()
        token = g.csrf_token = _signed("session", session) if session else _signed("visitor", _visitor(make=True))
    return token


def add_form_check(app: Flask) -> None:
    """Refuse, by StaleFormError, every request to `app` that changes something without its page's token."""

    @app.before_request
    def check_form() -> None:
        # The API reads no cookie, so no other site can act through one.
        if request.method in METHODS_THAT_CHANGE_NOTHING or request.blueprint == API_BLUEPRINT:
            return
        session = session_token()
        bound_to = session or _visitor(make=False)
        expected = _signed("session" if session else "visitor", bound_to)
        offered = request.form.get("csrf_token", "")
        if not bound_to or not hmac.compare_digest(expected.encode(), offered.encode()):
            raise StaleFormError

    @app.after_request
    def keep_visitor_cookie(response: Response) -> Response:
        made = g.get("made_visitor_cookie")
        if made:
            settings: Settings = current_app.extensions["flotilla.settings"]
            response.set_cookie(VISITOR_COOKIE, made, secure=settings.secure_cookies, httponly=True, samesite="Lax")
        return response


def _signed(kind: str, value: str) -> str:
    key: bytes = current_app.extensions["flotilla.csrf_key"]
    return hmac.digest(key, f"{kind}:{value}".encode(), "sha256").hex()[:TOKEN_LENGTH]


def _visitor(*, make: bool) -> str:
    value: str = g.get("made_visitor_cookie") or request.cookies.get(VISITOR_COOKIE, "")
    if len(value) == VISITOR_COOKIE_LENGTH:
        return value
    if make:
        value = g.made_visitor_cookie = secrets.token_urlsafe(16)
        return value
    return ""
