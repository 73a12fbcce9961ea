"""The log of what moderators and admins did."""

from flask import Blueprint, request

from flotilla.errors import NotFoundError
from flotilla.social import Viewer
from flotilla.social.audit import Action, AuditPage
from flotilla.web.navigation import id_asked_for
from flotilla.web.rendering import page
from flotilla.web.sessions import moderators_only, site
from flotilla.web.translating import mark

__all__ = ["blueprint"]

ACTIONS = {
    Action.SANCTION: mark("Measures"),
    Action.UNDO: mark("Measures taken back"),
    Action.RESOLVE: mark("Reports resolved"),
    Action.REOPEN: mark("Reports reopened"),
    Action.ASSIGN: mark("Reports taken on"),
    Action.NOTE: mark("Notes"),
    Action.BLOCK: mark("Blocks"),
    Action.UNBLOCK: mark("Blocks ended"),
    Action.ROLE: mark("Roles"),
    Action.RULE: mark("Rules"),
    Action.ANNOUNCE: mark("Announcements"),
    Action.SETTING: mark("Settings"),
    Action.INVITE: mark("Invitations"),
    Action.APPROVAL: mark("People let in or not"),
}

blueprint = Blueprint("moderation_log", __name__, url_prefix="/moderation")


@blueprint.get("/log")
@moderators_only
def log(me: Viewer) -> tuple[str, int]:
    """A page of the log."""
    filters = {name: request.args.get(name, "").strip()[:50] for name in ("actor", "about", "action")}
    problem, status = "", 200
    try:
        found = site().audit_log.page(me, **filters, before=id_asked_for("before"))
    except NotFoundError as error:
        found, problem, status = AuditPage((), None), str(error), 404
    return page(
        "moderation/log.html",
        "moderation-log",
        me=me,
        entries=found.items,
        older=found.next_before,
        before=request.args.get("before"),
        filters=filters,
        actions=ACTIONS,
        problem=problem,
    ), status
