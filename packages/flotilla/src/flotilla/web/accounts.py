"""Signing up, in and out."""

from typing import Any

from flask import Blueprint, make_response, redirect, request
from werkzeug.wrappers import Response

from flotilla.errors import InvalidInputError, SignInError
from flotilla.social import NotYet, Origin, SecondStep, SignedIn
from flotilla.web.csrf import csrf_token
from flotilla.web.devices import device_words
from flotilla.web.navigation import local_path
from flotilla.web.rendering import page
from flotilla.web.sessions import forget_session, remember_session, session_token, site, viewer
from flotilla.web.translating import _, chosen_language, mark

__all__ = ["blueprint", "visitor_page"]

HINTS = {
    "handle": mark("Up to 30 letters a–z, digits and _. It is part of your page's address."),
    "display_name": mark("Up to 50 characters. Left empty, your handle is shown."),
    "password": mark("At least 8 characters; a few words in a row are good."),
    "email": mark("A link to confirm it is sent there. Nobody else sees it."),
    "reason": mark("A moderator reads this before you can come in."),
    "invite": mark("The code from whoever invited you."),
}

blueprint = Blueprint("accounts", __name__)


def visitor_page(template: str, name: str, **values: Any) -> str:
    """A page with a form for people who are not signed in."""
    return page(template, name, me=None, csrf_token=csrf_token(), **values)


def origin() -> Origin:
    """Where the request comes from."""
    return Origin(device_words(request.headers.get("User-Agent", "")), request.remote_addr or "")


def form_page(name: str, problems: dict[str, str] | None = None) -> str:
    """The sign-up or sign-in page; what was entered stays, but for the password."""
    accounts = site().accounts
    return visitor_page(
        f"{name.replace('-', '_')}.html",
        name,
        problems=problems or {},
        entered=request.values,
        hints=HINTS,
        mode=accounts.sign_up_mode,
        email_needed=accounts.confirms_email,
        rules=site().house_rules.all() if name == "sign-up" else (),
        message=site().site_settings.now().sign_up_message if name == "sign-up" else "",
        next=local_path(request.values.get("next"), "/home"),
    )


def welcome(signed_in: SignedIn) -> Response:
    """303 to where the person wanted to go, with their new session's cookie."""
    response = make_response(redirect(local_path(request.form.get("next"), "/home"), 303))
    remember_session(response, signed_in.token, signed_in.expires_at)
    return response


def not_yet_page(not_yet: NotYet, problems: dict[str, str] | None = None) -> str:
    """What an account waits for, for whoever gave its right password."""
    return visitor_page("not_yet.html", "not-yet", account=not_yet, problems=problems or {}, entered=request.form)


@blueprint.get("/sign-up")
def sign_up_form() -> str | Response:
    """The sign-up page."""
    return form_page("sign-up") if viewer() is None else redirect("/home", 303)


@blueprint.post("/sign-up")
def sign_up() -> str | Response | tuple[str, int]:
    """Create an account and, if it is active at once, sign in with it."""
    form = request.form
    site().limits.sign_up(request.remote_addr or "")
    if form.get("email"):
        site().limits.letter(request.remote_addr or "", form["email"])
    if not site().gatekeeping.may_sign_up(request.remote_addr or "", form.get("email", "")):
        # The same words for a blocked network and a blocked mail domain: neither list is anybody's to explore.
        return form_page("sign-up", {"email": _("From there nobody can sign up.")}), 403
    try:
        made = site().accounts.sign_up(
            handle=form.get("handle", ""),
            password=form.get("password", ""),
            display_name=form.get("display_name", ""),
            email=form.get("email", ""),
            invite=form.get("invite", ""),
            reason=form.get("reason", ""),
            accepts_rules=form.get("rules") == "yes",
            origin=origin(),
            language=chosen_language(),
        )
    except InvalidInputError as error:
        return form_page("sign-up", error.problems), 400
    return welcome(made) if isinstance(made, SignedIn) else not_yet_page(made)


@blueprint.get("/sign-in")
def sign_in_form() -> str | Response:
    """The sign-in page."""
    return form_page("sign-in") if viewer() is None else redirect("/home", 303)


@blueprint.post("/sign-in")
def sign_in() -> str | Response | tuple[str, int]:
    """Open a session, or ask for the code of the second step."""
    form = request.form
    site().limits.sign_in(request.remote_addr or "", form.get("handle", ""))
    try:
        entered = site().accounts.sign_in(
            handle=form.get("handle", ""),
            password=form.get("password", ""),
            origin=origin(),
            language=chosen_language(),
        )
    except SignInError as error:
        return form_page("sign-in", {"handle": str(error)}), 400
    if isinstance(entered, SecondStep):
        return code_page(entered.token)
    return welcome(entered) if isinstance(entered, SignedIn) else (not_yet_page(entered), 403)


def code_page(token: str, problems: dict[str, str] | None = None) -> str:
    """The second step of signing in; the first one's token is kept in the form."""
    return visitor_page(
        "sign_in_code.html",
        "sign-in-code",
        token=token,
        problems=problems or {},
        next=local_path(request.form.get("next"), "/home"),
    )


@blueprint.post("/sign-in/code")
def sign_in_code() -> str | Response | tuple[str, int]:
    """Open the session that was kept back for a code."""
    form = request.form
    token = form.get("step", "")
    site().limits.sign_in(request.remote_addr or "", f"code {token[:80]}")
    try:
        signed_in = site().accounts.second_step(token, code=form.get("code", ""), origin=origin())
    except InvalidInputError as error:
        return code_page(token, error.problems), 400
    except SignInError as error:
        return form_page("sign-in", {"handle": str(error)}), 400
    return welcome(signed_in)


@blueprint.post("/sign-up/address")
def correct_address() -> str | tuple[str, int]:
    """Have the link sent to another address, for whoever mistyped theirs at signing up."""
    form = request.form
    handle = form.get("handle", "")
    site().limits.sign_in(request.remote_addr or "", handle)
    site().limits.letter(request.remote_addr or "", form.get("email", ""))
    account = NotYet(handle.strip().removeprefix("@").lower()[:30], "unconfirmed")
    try:
        site().addresses.correct(
            handle=handle,
            password=form.get("password", ""),
            email=form.get("email", ""),
            language=chosen_language(),
        )
    except InvalidInputError as error:
        return not_yet_page(account, error.problems), 400
    except SignInError:
        return not_yet_page(account, {"password": "This is not the password of this account."}), 400
    return not_yet_page(account)


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """End the session on the server, so that a copy of its cookie is worth nothing, and drop the cookie."""
    token = session_token()
    if token:
        site().accounts.sign_out(token)
    response = make_response(redirect("/", 303))
    forget_session(response)
    return response
