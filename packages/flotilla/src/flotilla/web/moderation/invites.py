"""Everyone's invitations; people make their own in their settings."""

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from flotilla.social import Viewer
from flotilla.web.rendering import page
from flotilla.web.sessions import admins_only, site

__all__ = ["blueprint"]

PATH = "/admin/invites"

blueprint = Blueprint("admin_invites", __name__, url_prefix=PATH)


@blueprint.get("")
@admins_only
def invites(me: Viewer) -> str:
    """The newest invitations of all."""
    found = site().newcomers.everyones_invites(me)
    return page("moderation/invites.html", "moderation-invites", me=me, invites=found)


@blueprint.post("/withdraw")
@admins_only
def withdraw(me: Viewer) -> Response:
    """Make an invitation worthless."""
    site().newcomers.withdraw_invite(me, request.form.get("code", ""))
    return redirect(PATH, 303)
