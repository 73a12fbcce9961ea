"""The rules of the site, edited by admins."""

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from flotilla.errors import InvalidInputError
from flotilla.social import Viewer
from flotilla.web.rendering import page
from flotilla.web.sessions import admins_only, site

__all__ = ["blueprint"]

PATH = "/admin/rules"

blueprint = Blueprint("admin_rules", __name__, url_prefix=PATH)


def rules_page(me: Viewer, problems: dict[str, str] | None = None, *, about: int = 0) -> str:
    """The rules with a form for each; `problems` belong to the rule `about`, 0: to a new one."""
    return page(
        "moderation/rules.html",
        "moderation-rules",
        me=me,
        rules=site().house_rules.all(),
        problems=problems or {},
        about=about,
        entered=request.form,
    )


@blueprint.get("")
@admins_only
def rules(me: Viewer) -> str:
    """The rules."""
    return rules_page(me)


@blueprint.post("")
@admins_only
def add(me: Viewer) -> Response | tuple[str, int]:
    """Add a rule."""
    try:
        site().house_rules.add(me, text=request.form.get("text", ""), hint=request.form.get("hint", ""))
    except InvalidInputError as error:
        return rules_page(me, error.problems), 400
    return redirect(PATH, 303)


@blueprint.post("/<id:rule_id>")
@admins_only
def change(me: Viewer, rule_id: int) -> Response | tuple[str, int]:
    """Give a rule other words."""
    try:
        site().house_rules.change(me, rule_id, text=request.form.get("text", ""), hint=request.form.get("hint", ""))
    except InvalidInputError as error:
        return rules_page(me, error.problems, about=rule_id), 400
    return redirect(PATH, 303)


@blueprint.post("/<id:rule_id>/<any(up, down):where>")
@admins_only
def move(me: Viewer, rule_id: int, where: str) -> Response:
    """Put a rule one place up or down."""
    site().house_rules.move(me, rule_id, down=where == "down")
    return redirect(PATH, 303)


@blueprint.post("/<id:rule_id>/retire")
@admins_only
def retire(me: Viewer, rule_id: int) -> Response:
    """Take a rule out."""
    site().house_rules.retire(me, rule_id)
    return redirect(PATH, 303)
