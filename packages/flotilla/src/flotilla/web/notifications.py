"""What happened to whoever is signed in."""

from flask import Blueprint, request
from werkzeug.wrappers import Response

from flotilla.social import Viewer
from flotilla.web.deeds import back
from flotilla.web.rendering import page
from flotilla.web.sessions import signed_in_only, site
from flotilla.web.timelines import before, here

__all__ = ["blueprint"]

blueprint = Blueprint("notifications", __name__)


@blueprint.get("/notifications")
@signed_in_only
def notifications(me: Viewer) -> str:
    """One line for each thing that happened, however many did it. Looking marks nothing as read: a button does."""
    start = before()
    found = site().notifications.page(me, before=start)
    return page(
        "notifications.html",
        "notifications",
        me=me,
        here=here(),
        path="/notifications",
        groups=found.items,
        newest=found.newest_id,
        older=found.next_before,
        before=start,
    )


@blueprint.post("/notifications/read")
@signed_in_only
def read(me: Viewer) -> Response:
    """Mark everything up to the newest line of the page as read; what came meanwhile stays new."""
    newest = request.form.get("newest", "")
    if newest.isascii() and newest.isdigit() and len(newest) <= 19:
        site().notifications.read_up_to(me, "notifications", int(newest))
    return back("/notifications")


@blueprint.post("/notifications/dismiss")
@signed_in_only
def dismiss(me: Viewer) -> Response:
    """Remove one line."""
    site().notifications.dismiss_group(me, request.form.get("key", ""))
    return back("/notifications")


@blueprint.get("/notifications/clear")
@signed_in_only
def ask_before_clear(me: Viewer) -> str:
    """The question before all are removed."""
    return page("clear.html", "clear-notifications", me=me)


@blueprint.post("/notifications/clear")
@signed_in_only
def clear(me: Viewer) -> Response:
    """Remove all."""
    site().notifications.clear(me)
    return back("/notifications")
