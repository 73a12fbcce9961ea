"""The moderators' queue of reports, and what they do with one."""

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from flotilla.errors import ConflictError, InvalidInputError
from flotilla.social import Viewer
from flotilla.social.reports import Queue
from flotilla.web.moderation.measures import (
    CATEGORIES,
    MEASURES,
    MEASURES_DONE,
    MEASURES_FOR_POSTS,
    chosen_ids,
    chosen_kind,
)
from flotilla.web.navigation import id_asked_for
from flotilla.web.rendering import page
from flotilla.web.sessions import moderators_only, site
from flotilla.web.translating import mark

__all__ = ["blueprint"]

QUEUES = {Queue.OPEN: mark("Open"), Queue.MINE: mark("Mine"), Queue.RESOLVED: mark("Resolved")}

blueprint = Blueprint("moderation_reports", __name__, url_prefix="/moderation")


@blueprint.get("")
@moderators_only
def front(me: Viewer) -> Response:
    """Where moderating begins."""
    _ = me
    return redirect("/moderation/reports", 303)


@blueprint.get("/reports")
@moderators_only
def queue(me: Viewer) -> str:
    """The reports of one queue."""
    asked = request.args.get("queue", "")
    chosen = Queue(asked) if asked in set(Queue) else Queue.OPEN
    found = site().reports.queue(me, chosen, before=id_asked_for("before"))
    return page(
        "moderation/reports.html",
        "moderation-reports",
        me=me,
        reports=found.items,
        older=found.next_before,
        before=request.args.get("before"),
        queue=chosen,
        queues=QUEUES,
        categories=CATEGORIES,
        open_count=site().reports.open_count(me),
    )


@blueprint.get("/reports/<id:report_id>")
@moderators_only
def report(me: Viewer, report_id: int) -> str:
    """One report."""
    return report_page(me, report_id)


def report_page(me: Viewer, report_id: int, problems: dict[str, str] | None = None) -> str:
    """One report, with what went wrong when somebody acted on it; what they entered stays."""
    found = site().reports.read(me, report_id)
    return page(
        "moderation/report.html",
        "moderation-reports",
        me=me,
        report=found.row,
        rules=found.rules,
        notes=found.notes,
        person=found.person,
        sanctions=found.sanctions,
        categories=CATEGORIES,
        measures=MEASURES,
        done=MEASURES_DONE,
        for_posts=MEASURES_FOR_POSTS,
        problems=problems or {},
        entered=request.form,
        chosen=set(chosen_ids("post")),
    )


@blueprint.post("/reports/<id:report_id>/act")
@moderators_only
def act(me: Viewer, report_id: int) -> Response | tuple[str, int]:
    """Take a measure, which resolves the report."""
    try:
        kind = chosen_kind()
        account_id = site().reports.read(me, report_id).row.account_id
        site().sanctions.impose(
            me,
            account_id,
            kind,
            text=request.form.get("text", ""),
            post_ids=chosen_ids("post") if kind in MEASURES_FOR_POSTS else (),
            report_id=report_id,
        )
    except InvalidInputError as error:
        return report_page(me, report_id, error.problems), 400
    except ConflictError as error:
        return report_page(me, report_id, {"": str(error)}), 409
    return redirect("/moderation/reports", 303)


@blueprint.post("/reports/<id:report_id>/<any(take, give_back, resolve, reopen):deed>")
@moderators_only
def change(me: Viewer, report_id: int, deed: str) -> Response | tuple[str, int]:
    """Take a report on, give it back, close it without a measure, or open it again."""
    reports = site().reports
    deeds = {
        "take": reports.take,
        "give_back": reports.give_back,
        "resolve": reports.resolve,
        "reopen": reports.reopen,
    }
    try:
        deeds[deed](me, report_id)
    except ConflictError as error:
        return report_page(me, report_id, {"": str(error)}), 409
    return redirect("/moderation/reports" if deed == "resolve" else f"/moderation/reports/{report_id}", 303)


@blueprint.post("/reports/<id:report_id>/note")
@moderators_only
def note(me: Viewer, report_id: int) -> Response | tuple[str, int]:
    """Note something for the other moderators."""
    try:
        site().reports.add_note(me, report_id, request.form.get("note", ""))
    except InvalidInputError as error:
        return report_page(me, report_id, error.problems), 400
    return redirect(f"/moderation/reports/{report_id}#notes", 303)
