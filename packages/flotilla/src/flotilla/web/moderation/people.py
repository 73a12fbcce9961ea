"""The people of the site as moderators see them, and acting on one without a report."""

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from flotilla.errors import ConflictError, InvalidInputError
from flotilla.social import Viewer
from flotilla.social.directory import Group, PeoplePage
from flotilla.web.moderation.measures import CATEGORIES, MEASURES, MEASURES_DONE, MEASURES_FOR_POSTS, chosen_kind
from flotilla.web.navigation import id_asked_for, local_path
from flotilla.web.rendering import page
from flotilla.web.sessions import moderators_only, site
from flotilla.web.translating import mark

__all__ = ["blueprint"]

GROUPS = {
    Group.EVERYONE: mark("Everyone"),
    Group.STAFF: mark("Moderators and admins"),
    Group.LIMITED: mark("Silenced or covered"),
    Group.SUSPENDED: mark("Suspended"),
    Group.UNCONFIRMED: mark("Address not confirmed"),
    Group.WAITING: mark("Waiting for approval"),
}

blueprint = Blueprint("moderation_people", __name__, url_prefix="/moderation")


@blueprint.get("/accounts")
@moderators_only
def people(me: Viewer) -> str:
    """People: those who were searched for, or a group of them."""
    asked, search = request.args.get("group", ""), request.args.get("q", "").strip()[:300]
    group = Group(asked) if asked in set(Group) else Group.EVERYONE
    if search:
        found = PeoplePage(site().directory.search(me, search), None)
    else:
        found = site().directory.list(me, group, before=id_asked_for("before"))
    return page(
        "moderation/people.html",
        "moderation-accounts",
        me=me,
        people=found.items,
        older=found.next_before,
        before=request.args.get("before"),
        group=group,
        groups=GROUPS,
        search=search,
    )


@blueprint.get("/accounts/<handle>")
@moderators_only
def person(me: Viewer, handle: str) -> str:
    """One person."""
    return person_page(me, handle)


def person_page(me: Viewer, handle: str, problems: dict[str, str] | None = None) -> str:
    """One person, with what went wrong when somebody acted on them; what they entered stays."""
    found = site().directory.person(me, handle)
    return page(
        "moderation/person.html",
        "moderation-accounts",
        me=me,
        file=found,
        account=found.account,
        reports=found.reports,
        sanctions=found.sanctions,
        categories=CATEGORIES,
        measures={kind: words for kind, words in MEASURES.items() if kind not in MEASURES_FOR_POSTS},
        done=MEASURES_DONE,
        problems=problems or {},
        entered=request.form,
    )


@blueprint.post("/accounts/<handle>/act")
@moderators_only
def act(me: Viewer, handle: str) -> Response | tuple[str, int]:
    """Take a measure against a person."""
    try:
        kind = chosen_kind()
        account_id = site().directory.person(me, handle).account.account_id
        site().sanctions.impose(me, account_id, kind, text=request.form.get("text", ""))
    except InvalidInputError as error:
        return person_page(me, handle, error.problems), 400
    except ConflictError as error:
        return person_page(me, handle, {"": str(error)}), 409
    return redirect(local_path(f"/moderation/accounts/{handle}", "/moderation/accounts"), 303)


@blueprint.post("/sanctions/<id:sanction_id>/undo")
@moderators_only
def undo(me: Viewer, sanction_id: int) -> Response:
    """Take a measure back."""
    site().sanctions.undo(me, sanction_id)
    return redirect(local_path(request.form.get("next"), "/moderation/accounts"), 303)
