"""Pages behind links in letters: confirming an address, and choosing a new password.

A link alone changes nothing: mail programs open links by themselves. Its page has a button.
"""

from flask import Blueprint, request
from werkzeug.wrappers import Response

from flotilla.errors import InvalidInputError, NotFoundError
from flotilla.web.accounts import visitor_page
from flotilla.web.sessions import site
from flotilla.web.translating import _, chosen_language, mark

__all__ = ["blueprint"]

blueprint = Blueprint("recovery", __name__)

AFTER_CONFIRMING = {
    "active": mark("Your address is confirmed. You can sign in now."),
    "waiting": mark("Your address is confirmed. A moderator reads your request now; you will get a letter."),
}


def done_page(heading: str, words: str) -> str:
    """A page that says that something is done."""
    return visitor_page("done.html", "done", heading=heading, words=words)


def stale_page(again: str) -> tuple[str, int]:
    """The page for a link that works no more."""
    return visitor_page("stale_link.html", "stale-link", again=again), 404


@blueprint.get("/confirm/<token>")
def confirm_form(token: str) -> str | tuple[str, int]:
    """The button that confirms an address."""
    if not site().addresses.can_confirm(token):
        return stale_page("/sign-in")
    return visitor_page("confirm.html", "confirm", token=token)


@blueprint.post("/confirm/<token>")
def confirm(token: str) -> str | tuple[str, int]:
    """Confirm an address."""
    try:
        state = site().addresses.confirm(token)
    except NotFoundError:
        return stale_page("/sign-in")
    return done_page(_("Address confirmed"), _(AFTER_CONFIRMING.get(state, AFTER_CONFIRMING["active"])))


@blueprint.get("/forgot")
def forgot_form() -> str:
    """Where a new password is asked for."""
    return visitor_page("forgot.html", "forgot", problems={}, entered=request.args)


@blueprint.post("/forgot")
def forgot() -> str | tuple[str, int]:
    """Have a link to a new password sent; the same answer for every address."""
    site().limits.letter(request.remote_addr or "", request.form.get("email", ""))
    try:
        site().resets.ask(request.form.get("email", ""), language=chosen_language())
    except InvalidInputError as error:
        return visitor_page("forgot.html", "forgot", problems=error.problems, entered=request.form), 400
    return done_page(
        _("Look into your mail"),
        _(
            "If an account has confirmed this address, a letter with a link to a new password is on its way. It can "
            "take a few minutes; look among the spam, too."
        ),
    )


@blueprint.get("/reset/<token>")
def reset_form(token: str) -> str | tuple[str, int]:
    """Where a new password is chosen."""
    if not site().resets.can_reset(token):
        return stale_page("/forgot")
    return visitor_page("reset.html", "reset", token=token, problems={})


@blueprint.post("/reset/<token>")
def reset(token: str) -> str | Response | tuple[str, int]:
    """Choose a new password. Nobody is signed in by that: a second factor is still asked for."""
    try:
        site().resets.reset(token, password=request.form.get("password", ""))
    except InvalidInputError as error:
        return visitor_page("reset.html", "reset", token=token, problems=error.problems), 400
    except NotFoundError:
        return stale_page("/forgot")
    return done_page(
        _("Password changed"), _("Everybody who was signed in is signed out. Sign in with your new password.")
    )
