"""Signing up, in and out."""

from flask import Blueprint, make_response, redirect, request
from werkzeug.wrappers import Response

from flotilla.errors import InvalidInputError, SignInError
from flotilla.social import SignedIn
from flotilla.web.csrf import csrf_token
from flotilla.web.navigation import local_path
from flotilla.web.rendering import page
from flotilla.web.sessions import forget_session, remember_session, session_token, site, viewer

__all__ = ["blueprint"]

HINTS = {
    "handle": "Up to 30 letters a–z, digits and _. It is part of your page's address.",
    "display_name": "Up to 50 characters. Left empty, your handle is shown.",
    "password": "At least 8 characters; a few words in a row are good.",
}

blueprint = Blueprint("accounts", __name__)


def form_page(name: str, problems: dict[str, str] | None = None) -> str:
    """The sign-up or sign-in page; what was entered stays, but for the password."""
    return page(
        f"{name.replace('-', '_')}.html",
        name,
        me=None,
        csrf_token=csrf_token(),
        problems=problems or {},
        entered=request.form,
        hints=HINTS,
        next=local_path(request.values.get("next"), "/home"),
    )


def welcome(signed_in: SignedIn) -> Response:
    """303 to where the person wanted to go, with their new session's cookie."""
    response = make_response(redirect(local_path(request.form.get("next"), "/home"), 303))
    remember_session(response, signed_in.token, signed_in.expires_at)
    return response


@blueprint.get("/sign-up")
def sign_up_form() -> str | Response:
    """The sign-up page."""
    return form_page("sign-up") if viewer() is None else redirect("/home", 303)


@blueprint.post("/sign-up")
def sign_up() -> Response | tuple[str, int]:
    """Create an account and sign in with it."""
    form = request.form
    try:
        signed_in = site().accounts.sign_up(
            handle=form.get("handle", ""),
            password=form.get("password", ""),
            display_name=form.get("display_name", ""),
        )
    except InvalidInputError as error:
        return form_page("sign-up", error.problems), 400
    return welcome(signed_in)


@blueprint.get("/sign-in")
def sign_in_form() -> str | Response:
    """The sign-in page."""
    return form_page("sign-in") if viewer() is None else redirect("/home", 303)


@blueprint.post("/sign-in")
def sign_in() -> Response | tuple[str, int]:
    """Open a session."""
    form = request.form
    try:
        signed_in = site().accounts.sign_in(handle=form.get("handle", ""), password=form.get("password", ""))
    except SignInError as error:
        return form_page("sign-in", {"handle": str(error)}), 400
    return welcome(signed_in)


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """End the session on the server, so that a copy of its cookie is worth nothing, and drop the cookie."""
    token = session_token()
    if token:
        site().accounts.sign_out(token)
    response = make_response(redirect("/", 303))
    forget_session(response)
    return response
