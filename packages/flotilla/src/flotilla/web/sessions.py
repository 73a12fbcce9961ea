"""Who a request comes from: the signed cookie that holds the session's token."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from flask import Response, current_app, g, redirect, request
from itsdangerous import BadSignature, Signer

from flotilla.errors import ForbiddenError
from flotilla.settings import Settings
from flotilla.social import Site, Viewer

__all__ = [
    "admins_only",
    "forget_session",
    "moderators_only",
    "remember_session",
    "session_signer",
    "session_token",
    "signed_in_only",
    "site",
    "viewer",
]

SESSION_COOKIE = "flotilla_session"


def site() -> Site:
    """The site this app serves."""
    found: Site = current_app.extensions["flotilla.site"]
    return found


def session_signer(settings: Settings) -> Signer:
    """Signs and checks the session cookie. A forged cookie is thereby refused without asking the database."""
    derived = Signer(settings.secret_key, salt="flotilla.session", digest_method=sha256).derive_key()
    # The same signatures, without deriving the key anew for each request.
    return Signer(derived, digest_method=sha256, key_derivation="none")


def session_token() -> str:
    """The token in the request's session cookie, or "" without a cookie that this site signed."""
    token: str | None = g.get("session_token")
    if token is None:
        signer: Signer = current_app.extensions["flotilla.session_signer"]
        try:
            token = signer.unsign(request.cookies.get(SESSION_COOKIE, "")).decode()
        except (BadSignature, UnicodeDecodeError):
            token = ""
        g.session_token = token
    return token


def viewer() -> Viewer | None:
    """Whoever is signed in, else None; asks the database once for each request that has a session cookie."""
    if "me" not in g:
        token = session_token()
        g.me = site().accounts.who_is(token) if token else None
    me: Viewer | None = g.me
    return me


def remember_session(response: Response, token: str, expires_at: datetime) -> None:
    """Send the cookie of a session just opened."""
    signer: Signer = current_app.extensions["flotilla.session_signer"]
    settings: Settings = current_app.extensions["flotilla.settings"]
    response.set_cookie(
        SESSION_COOKIE,
        signer.sign(token).decode(),
        expires=expires_at,
        secure=settings.secure_cookies,
        httponly=True,
        samesite="Lax",
    )


def forget_session(response: Response) -> None:
    """Tell the browser to drop the session cookie."""
    settings: Settings = current_app.extensions["flotilla.settings"]
    response.delete_cookie(SESSION_COOKIE, secure=settings.secure_cookies, httponly=True, samesite="Lax")


def signed_in_only(view: Callable[..., Any]) -> Callable[..., Any]:
    """A view for people who are signed in, called with the `Viewer` as `me`; others are sent to the sign-in page.

    After signing in they come back to the page, or, when they had pressed a button, to the start: a button's request is
    not repeated behind their back.
    """

    @wraps(view)
    def with_me(**values: Any) -> Any:
        me = viewer()
        if me is None:
            wanted = request.full_path.rstrip("?") if request.method == "GET" else ""
            return redirect(f"/sign-in?next={quote(wanted)}" if wanted else "/sign-in", 303)
        return view(me=me, **values)

    return with_me


def moderators_only(view: Callable[..., Any]) -> Callable[..., Any]:
    """As `signed_in_only`, for moderators and admins; raises ForbiddenError for anybody else who is signed in."""
    return _only(lambda me: me.is_moderator, view)


def admins_only(view: Callable[..., Any]) -> Callable[..., Any]:
    """As `signed_in_only`, for admins; raises ForbiddenError for anybody else who is signed in."""
    return _only(lambda me: me.is_admin, view)


def _only(may: Callable[[Viewer], bool], view: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(view)
    def if_allowed(me: Viewer, **values: Any) -> Any:
        if not may(me):
            raise ForbiddenError("This is for the people who look after the site.")
        return view(me=me, **values)

    return signed_in_only(if_allowed)
