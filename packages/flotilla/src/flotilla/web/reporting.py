"""Reporting somebody to the moderators, and putting an announcement away."""

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from flotilla.errors import InvalidInputError, NotFoundError
from flotilla.social import Post, Viewer
from flotilla.web.deeds import back
from flotilla.web.moderation.measures import CATEGORIES, chosen_ids
from flotilla.web.rendering import page
from flotilla.web.sessions import signed_in_only, site

__all__ = ["blueprint"]

blueprint = Blueprint("reporting", __name__)


@blueprint.get("/report")
@signed_in_only
def report_form(me: Viewer) -> str:
    """The form about one person, and the posts one came from."""
    return report_page(me)


def report_page(me: Viewer, problems: dict[str, str] | None = None) -> str:
    """The form; what was entered stays."""
    found = site().timelines.profile(me, request.values.get("person", ""))
    chosen = chosen_ids("post")
    return page(
        "report.html",
        "report",
        me=me,
        person=found.profile.author,
        posts=posts_to_choose(me, found.profile.author.account_id, chosen, found.posts.items),
        chosen=chosen,
        rules=site().house_rules.all(),
        chosen_rules=chosen_ids("rule"),
        categories=CATEGORIES,
        problems=problems or {},
        entered=request.form,
    )


def posts_to_choose(me: Viewer, account_id: int, chosen: list[int], newest: tuple[Post, ...]) -> list[Post]:
    """The chosen posts of that person, and their newest ones."""
    mine = [post for post in newest if post.author.account_id == account_id and post.repost_of is None]
    there = {post.id for post in mine}
    # The one that somebody came from, when it is older; more come from nowhere but a hand-made address.
    for post_id in [post_id for post_id in chosen if post_id not in there][:1]:
        try:
            mine.insert(0, site().posts.read(me, post_id))
        except NotFoundError:
            continue
    return [post for post in mine if post.author.account_id == account_id]


@blueprint.post("/report")
@signed_in_only
def report(me: Viewer) -> str | tuple[str, int]:
    """Report somebody."""
    form = request.form
    try:
        site().reports.make(
            me,
            form.get("person", ""),
            category=form.get("category", ""),
            comment=form.get("comment", ""),
            post_ids=chosen_ids("post"),
            rule_ids=chosen_ids("rule"),
        )
    except InvalidInputError as error:
        return report_page(me, error.problems), 400
    return page("reported.html", "reported", me=me, person=form.get("person", ""))


@blueprint.post("/announcements/<id:announcement_id>/dismiss")
@signed_in_only
def dismiss(me: Viewer, announcement_id: int) -> Response:
    """Put an announcement away, for oneself."""
    try:
        site().announcements.dismiss(me, announcement_id)
    except NotFoundError:
        # It was taken down in the meantime: gone all the same.
        return redirect("/home", 303)
    return back("/home")
