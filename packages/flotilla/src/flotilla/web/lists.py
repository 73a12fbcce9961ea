"""Lists of people one follows, each with a timeline of its own, and the hashtags one follows."""

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from flotilla.errors import InvalidInputError, NotFoundError
from flotilla.social import Paging, Viewer
from flotilla.web.deeds import back
from flotilla.web.rendering import page
from flotilla.web.sessions import signed_in_only, site
from flotilla.web.timelines import before, here, timeline_page

__all__ = ["blueprint"]

blueprint = Blueprint("lists", __name__)


def lists_page(me: Viewer, problems: dict[str, str] | None = None) -> str:
    """All lists, and a form for a new one."""
    return page("lists.html", "lists", me=me, lists=site().lists.all(me), problems=problems or {}, entered=request.form)


def members_page(me: Viewer, list_id: int, problems: dict[str, str] | None = None) -> str:
    """A list's settings and its people."""
    shown = site().lists.read(me, list_id)
    people = site().lists.members(me, list_id, before=before())
    return page(
        "list.html",
        "list",
        me=me,
        here=here(),
        path=f"/lists/{list_id}/people",
        list=shown,
        people=people.items,
        older=people.next_before,
        before=before(),
        problems=problems or {},
        entered=request.form or {"title": shown.title, "replies": shown.replies},
    )


@blueprint.get("/lists")
@signed_in_only
def lists(me: Viewer) -> str:
    """All lists."""
    return lists_page(me)


@blueprint.post("/lists")
@signed_in_only
def create(me: Viewer) -> Response | tuple[str, int]:
    """Make a list."""
    form = request.form
    try:
        made = site().lists.create(me, form.get("title", ""), replies=form.get("replies", "list"))
    except InvalidInputError as error:
        return lists_page(me, error.problems), 400
    return redirect(f"/lists/{made.id}/people", 303)


@blueprint.get("/lists/<id:list_id>")
@signed_in_only
def timeline(me: Viewer, list_id: int) -> str:
    """The posts of the people on a list."""
    start, shown = before(), site().lists.read(me, list_id)
    posts = site().timelines.of_list(me, list_id, Paging(before=start))
    return timeline_page("list-timeline", posts, me=me, heading=shown.title, path=f"/lists/{list_id}", before=start)


@blueprint.get("/lists/<id:list_id>/people")
@signed_in_only
def members(me: Viewer, list_id: int) -> str:
    """A list's settings and its people."""
    return members_page(me, list_id)


@blueprint.post("/lists/<id:list_id>/people")
@signed_in_only
def change(me: Viewer, list_id: int) -> Response | tuple[str, int]:
    """Rename a list, and say which replies it shows."""
    form = request.form
    try:
        site().lists.change(me, list_id, title=form.get("title", ""), replies=form.get("replies", ""))
    except InvalidInputError as error:
        return members_page(me, list_id, error.problems), 400
    return back(f"/lists/{list_id}/people")


@blueprint.post("/lists/<id:list_id>/add")
@signed_in_only
def add(me: Viewer, list_id: int) -> Response | tuple[str, int]:
    """Put a person on a list, by handle."""
    try:
        person = site().relations.person(me, request.form.get("handle", ""))
        site().lists.add(me, list_id, [person.account_id])
    except NotFoundError as error:
        # Of the list itself the page will say that it is not there.
        return members_page(me, list_id, {"handle": str(error)}), 400
    except InvalidInputError as error:
        return members_page(me, list_id, {"handle": " ".join(error.problems.values())}), 400
    return back(f"/lists/{list_id}/people")


@blueprint.post("/lists/<id:list_id>/remove")
@signed_in_only
def remove(me: Viewer, list_id: int) -> Response:
    """Take a person off a list."""
    account = request.form.get("account", "")
    if account.isascii() and account.isdigit():
        site().lists.remove(me, list_id, [int(account)])
    return back(f"/lists/{list_id}/people")


@blueprint.get("/lists/<id:list_id>/delete")
@signed_in_only
def ask_before_delete(me: Viewer, list_id: int) -> str:
    """The question before a list is deleted."""
    return page("list_delete.html", "delete-list", me=me, list=site().lists.read(me, list_id))


@blueprint.post("/lists/<id:list_id>/delete")
@signed_in_only
def delete(me: Viewer, list_id: int) -> Response:
    """Delete a list."""
    site().lists.delete(me, list_id)
    return redirect("/lists", 303)


@blueprint.get("/followed-tags")
@signed_in_only
def followed_tags(me: Viewer) -> str:
    """The hashtags one follows."""
    return page("followed_tags.html", "followed-tags", me=me, here=here(), tags=site().tags.page(me))


@blueprint.post("/tags/<tag>/follow")
@signed_in_only
def follow_tag(me: Viewer, tag: str) -> Response:
    """Follow a hashtag."""
    site().tags.follow(me, tag)
    return back("/followed-tags")


@blueprint.post("/tags/<tag>/unfollow")
@signed_in_only
def unfollow_tag(me: Viewer, tag: str) -> Response:
    """Stop following a hashtag."""
    site().tags.unfollow(me, tag)
    return back("/followed-tags")


@blueprint.post("/followed-tags")
@signed_in_only
def follow_typed_tag(me: Viewer) -> Response | tuple[str, int]:
    """Follow the hashtag that was typed in."""
    try:
        site().tags.follow(me, request.form.get("tag", ""))
    except NotFoundError as error:
        problem = {"tag": str(error)}
    except InvalidInputError as error:
        problem = error.problems
    else:
        return back("/followed-tags")
    tags = site().tags.page(me)
    return page("followed_tags.html", "followed-tags", me=me, here=here(), tags=tags, problems=problem), 400
