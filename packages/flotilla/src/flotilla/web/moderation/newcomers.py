"""People who wait to be let in."""

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from flotilla.social import Viewer
from flotilla.web.navigation import id_asked_for
from flotilla.web.rendering import page
from flotilla.web.sessions import moderators_only, site

__all__ = ["blueprint"]

PATH = "/moderation/waiting"

blueprint = Blueprint("moderation_newcomers", __name__, url_prefix=PATH)


@blueprint.get("")
@moderators_only
def waiting(me: Viewer) -> str:
    """Who waits."""
    found = site().newcomers.waiting(me, before=id_asked_for("before"))
    return page(
        "moderation/waiting.html",
        "moderation-waiting",
        me=me,
        newcomers=found,
        older=found[-1].account_id if found else None,
        before=request.args.get("before"),
    )


@blueprint.post("/<id:account_id>/<any(approve, reject):decision>")
@moderators_only
def decide(me: Viewer, account_id: int, decision: str) -> Response:
    """Let somebody in, or not."""
    newcomers = site().newcomers
    (newcomers.approve if decision == "approve" else newcomers.reject)(me, account_id)
    return redirect(PATH, 303)
