"""Announcements, made and taken down by admins."""

from datetime import UTC, datetime

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from flotilla.errors import InvalidInputError
from flotilla.social import Viewer
from flotilla.web.rendering import page
from flotilla.web.sessions import admins_only, site

__all__ = ["blueprint"]

PATH = "/admin/announcements"

blueprint = Blueprint("admin_announcements", __name__, url_prefix=PATH)


def announcements_page(me: Viewer, problems: dict[str, str] | None = None) -> str:
    """The announcements, and the form for a new one."""
    made = site().announcements.all(me)
    return page(
        "moderation/announcements.html",
        "moderation-announcements",
        me=me,
        made=made,
        problems=problems or {},
        entered=request.form,
    )


@blueprint.get("")
@admins_only
def announcements(me: Viewer) -> str:
    """The announcements."""
    return announcements_page(me)


@blueprint.post("")
@admins_only
def announce(me: Viewer) -> Response | tuple[str, int]:
    """Make an announcement."""
    try:
        site().announcements.announce(
            me, request.form.get("text", ""), starts_at=moment("starts_at"), ends_at=moment("ends_at")
        )
    except InvalidInputError as error:
        return announcements_page(me, error.problems), 400
    return redirect(PATH, 303)


@blueprint.post("/<id:announcement_id>/take-down")
@admins_only
def take_down(me: Viewer, announcement_id: int) -> Response:
    """Take an announcement down."""
    site().announcements.take_down(me, announcement_id)
    return redirect(PATH, 303)


def moment(name: str) -> datetime | None:
    """The date and hour in that field, UTC; None when it is empty. Raises InvalidInputError."""
    text = request.form.get(name, "").strip()
    if not text:
        return None
    try:
        read = datetime.fromisoformat(text[:40])
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidInputError({name: "Write date and hour as 2027-05-31T18:00."}) from None
