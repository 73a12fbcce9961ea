"""Taking one's data away, and leaving."""

from flask import Blueprint, Response, make_response, redirect, request, send_file
from werkzeug.wrappers import Response as AnyResponse

from flotilla.errors import ForbiddenError, InvalidInputError
from flotilla.social import Viewer
from flotilla.web.rendering import page
from flotilla.web.sessions import forget_session, signed_in_only, site

__all__ = ["blueprint"]

blueprint = Blueprint("leaving", __name__)


def export_page(me: Viewer, problems: dict[str, str] | None = None) -> str:
    """The copy of one's data: asked for, being made, or ready."""
    copy = site().exports.of(me)
    size = "" if copy is None else f"{max(copy.size_bytes, 1) / 1_000_000:.1f}"
    return page("settings_export.html", "settings-export", me=me, copy=copy, size_mb=size, problems=problems or {})


@blueprint.get("/settings/export")
@signed_in_only
def export(me: Viewer) -> str:
    """The copy of one's data."""
    return export_page(me)


@blueprint.post("/settings/export")
@signed_in_only
def ask_for_export(me: Viewer) -> str | AnyResponse | tuple[str, int]:
    """Have a copy made."""
    try:
        site().exports.ask(me)
    except InvalidInputError as error:
        return export_page(me, error.problems), 400
    return redirect("/settings/export", 303)


@blueprint.get("/settings/export/file")
@signed_in_only
def fetch_export(me: Viewer) -> Response:
    """The copy itself, piece by piece from the disk."""
    answer = send_file(
        site().exports.file(me), mimetype="application/zip", as_attachment=True, download_name=f"{me.handle}.zip"
    )
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@blueprint.get("/settings/delete")
@signed_in_only
def ask_before_delete(me: Viewer) -> str:
    """The question before an account goes."""
    return page("settings_delete.html", "settings-delete", me=me, problems={})


@blueprint.post("/settings/delete")
@signed_in_only
def delete(me: Viewer) -> AnyResponse | tuple[str, int]:
    """Delete one's own account."""
    site().limits.password(me.account_id)
    try:
        site().departures.leave(me, password=request.form.get("password", ""))
    except InvalidInputError as error:
        return page("settings_delete.html", "settings-delete", me=me, problems=error.problems), 400
    except ForbiddenError as error:
        return page("settings_delete.html", "settings-delete", me=me, problems={"": str(error)}), 403
    response = make_response(redirect("/", 303))
    forget_session(response)
    return response
