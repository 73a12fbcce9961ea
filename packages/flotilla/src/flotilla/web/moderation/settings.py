"""Settings of the site that admins change in the page."""

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from flotilla.errors import InvalidInputError
from flotilla.social import Viewer
from flotilla.web.rendering import page
from flotilla.web.sessions import admins_only, site
from flotilla.web.translating import LANGUAGES, mark

__all__ = ["blueprint"]

PATH = "/admin/settings"
LINE_MAX_CHARACTERS = 300

LABELS = {
    "site_name": mark("Name"),
    "site_description": mark("Description"),
    "contact_email": mark("Mail address of whoever runs it"),
    "sign_up": mark("Who may sign up"),
    "confirm_email": mark("Confirm mail addresses"),
    "sign_up_message": mark("What people read before they sign up"),
    "default_language": mark("Language"),
}
CHOICES = {
    "open": mark("Anybody"),
    "invite": mark("People with an invitation"),
    "approval": mark("People whom a moderator approves"),
    "closed": mark("Nobody"),
    "yes": mark("Yes"),
    "no": mark("No"),
    **LANGUAGES,
}

blueprint = Blueprint("admin_settings", __name__, url_prefix=PATH)


def settings_page(me: Viewer, problems: dict[str, str] | None = None) -> str:
    """The form with what counts now, or, after a problem, with what was entered."""
    now = site().site_settings.now()
    declared = site().site_settings.declared
    shown = {each.field_name: as_text(getattr(now, each.field_name)) for each in declared}
    return page(
        "moderation/settings.html",
        "moderation-settings",
        me=me,
        declared=declared,
        shown=request.form if problems else shown,
        problems=problems or {},
        line_max=LINE_MAX_CHARACTERS,
        labels=LABELS,
        choice_words=CHOICES,
    )


def as_text(value: object) -> str:
    """A setting as the form shows it and takes it."""
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


@blueprint.get("")
@admins_only
def settings(me: Viewer) -> str:
    """The settings."""
    return settings_page(me)


@blueprint.post("")
@admins_only
def change(me: Viewer) -> Response | tuple[str, int]:
    """Change the settings."""
    try:
        site().site_settings.change(me, request.form)
    except InvalidInputError as error:
        return settings_page(me, error.problems), 400
    return redirect(PATH, 303)
