"""A person's account: address and password, and whom they invited."""

from flask import Blueprint, current_app, redirect, request
from werkzeug.wrappers import Response

from flotilla.errors import InvalidInputError
from flotilla.settings import Settings
from flotilla.social import Viewer
from flotilla.web.navigation import LARGEST_ID
from flotilla.web.rendering import page
from flotilla.web.sessions import session_token, signed_in_only, site
from flotilla.web.translating import _

__all__ = ["blueprint"]

blueprint = Blueprint("account_settings", __name__)


def account_page(me: Viewer, *, problems: dict[str, str] | None = None, done: str = "") -> str:
    """The account's page, with what went wrong or what was done."""
    return page(
        "settings_account.html",
        "settings-account",
        me=me,
        address=site().addresses.of(me),
        problems=problems or {},
        entered=request.form,
        done=done,
    )


def invites_page(me: Viewer, *, problems: dict[str, str] | None = None) -> str:
    """The person's invitations."""
    settings: Settings = current_app.extensions["flotilla.settings"]
    return page(
        "settings_invites.html",
        "settings-invites",
        me=me,
        invites=site().newcomers.invites(me),
        link=f"{settings.site_url}/sign-up?invite=",
        problems=problems or {},
        entered=request.form,
    )


def whole_number(text: str) -> int:
    """A number a person typed; -1, which no rule takes, for anything else."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
    return min(number, LARGEST_ID)


@blueprint.get("/settings")
@signed_in_only
def settings(me: Viewer) -> Response:
    """The first page of the settings."""
    _me = me
    served = {rule.rule for rule in current_app.url_map.iter_rules()}
    return redirect("/settings/profile" if "/settings/profile" in served else "/settings/account", 303)


@blueprint.get("/settings/account")
@signed_in_only
def account(me: Viewer) -> str:
    """Address and password."""
    return account_page(me)


@blueprint.post("/settings/account/address")
@signed_in_only
def change_address(me: Viewer) -> str | tuple[str, int]:
    """Begin to change the mail address."""
    form = request.form
    site().limits.password(me.account_id)
    site().limits.letter(request.remote_addr or "", form.get("email", ""))
    try:
        site().addresses.change(me, email=form.get("email", ""), password=form.get("password", ""))
    except InvalidInputError as error:
        return account_page(me, problems=error.problems), 400
    return account_page(me, done=_("A link is on its way to the new address. Open it, and the address is yours here."))


@blueprint.post("/settings/account/password")
@signed_in_only
def change_password(me: Viewer) -> str | tuple[str, int]:
    """Change the password; every other session ends."""
    form = request.form
    site().limits.password(me.account_id)
    try:
        site().resets.change(me, old=form.get("old", ""), new=form.get("new", ""), session_token=session_token())
    except InvalidInputError as error:
        return account_page(me, problems=error.problems), 400
    return account_page(me, done=_("Your password is changed, and everybody else who was signed in is signed out."))


@blueprint.get("/settings/invites")
@signed_in_only
def invites(me: Viewer) -> str:
    """The person's invitations."""
    return invites_page(me)


@blueprint.post("/settings/invites")
@signed_in_only
def invite(me: Viewer) -> str | Response | tuple[str, int]:
    """Make an invitation."""
    form = request.form
    try:
        site().newcomers.invite(
            me, days=whole_number(form.get("days", "")), uses_max=whole_number(form.get("uses", ""))
        )
    except InvalidInputError as error:
        return invites_page(me, problems=error.problems), 400
    return redirect("/settings/invites", 303)


@blueprint.post("/settings/invites/withdraw")
@signed_in_only
def withdraw_invite(me: Viewer) -> Response:
    """Make an invitation worthless."""
    site().newcomers.withdraw_invite(me, request.form.get("code", ""))
    return redirect("/settings/invites", 303)
