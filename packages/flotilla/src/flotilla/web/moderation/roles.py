"""Who looks after the site."""

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from flotilla.errors import ForbiddenError, InvalidInputError, NotFoundError
from flotilla.social import Viewer
from flotilla.web.rendering import page
from flotilla.web.sessions import admins_only, site
from flotilla.web.translating import mark

__all__ = ["blueprint"]

PATH = "/admin/roles"
ROLES = {"member": mark("Member"), "moderator": mark("Moderator"), "admin": mark("Admin")}

blueprint = Blueprint("admin_roles", __name__, url_prefix=PATH)


def roles_page(me: Viewer, problems: dict[str, str] | None = None) -> str:
    """Everyone with a role, and the form to give one."""
    return page(
        "moderation/roles.html",
        "moderation-roles",
        me=me,
        staff=site().roles.staff(me),
        roles=ROLES,
        problems=problems or {},
        entered=request.values,
    )


@blueprint.get("")
@admins_only
def roles(me: Viewer) -> str:
    """Who has a role."""
    return roles_page(me)


@blueprint.post("")
@admins_only
def give(me: Viewer) -> Response | tuple[str, int]:
    """Give somebody a role."""
    handle = request.form.get("handle", "")
    try:
        site().roles.set(me, handle, request.form.get("role", ""))
    except InvalidInputError as error:
        return roles_page(me, error.problems), 400
    except (ForbiddenError, NotFoundError) as error:
        return roles_page(me, {"handle": str(error)}), 403 if isinstance(error, ForbiddenError) else 404
    # Whoever stepped down may not see this page any more.
    stepped_down = handle.strip().removeprefix("@").lower() == me.handle
    return redirect("/moderation" if stepped_down else PATH, 303)
