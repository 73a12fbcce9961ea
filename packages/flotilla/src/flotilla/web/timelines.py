"""Pages that are read: timelines, profiles, single posts."""

from typing import Any

from flask import Blueprint, abort, redirect, request
from werkzeug.wrappers import Response

from flotilla.errors import NotFoundError
from flotilla.social import Page, Paging, Upload, Viewer
from flotilla.web.navigation import LARGEST_ID
from flotilla.web.rendering import page
from flotilla.web.sessions import signed_in_only, site, viewer
from flotilla.web.translating import _

__all__ = ["blueprint", "here", "home_page"]

blueprint = Blueprint("timelines", __name__)


def here() -> str:
    """This page's own address, to come back to after a button."""
    return request.full_path.rstrip("?")


def before() -> int | None:
    """Where this page of a timeline begins: the id in `?before=`, which older-posts links carry."""
    text = request.args.get("before")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and 0 < int(text) <= LARGEST_ID):
        abort(404)
    return int(text)


def timeline_page(name: str, posts: Page, *, me: Viewer | None, heading: str, path: str, **values: Any) -> str:
    """The HTML of one page of a timeline."""
    return page(
        "timeline.html",
        name,
        me=me,
        heading=heading,
        path=path,
        here=here(),
        posts=posts.items,
        older=posts.next_before,
        **values,
    )


def home_page(
    me: Viewer,
    *,
    start: int | None,
    problems: dict[str, str] | None = None,
    draft: str = "",
    pictures: tuple[Upload, ...] = (),
) -> str:
    """The home timeline with the compose box, which shows `problems` beside the `draft` and pictures they are about."""
    posts = site().timelines.home(me, Paging(before=start))
    return timeline_page(
        "home",
        posts,
        me=me,
        heading=_("Home"),
        path="/home",
        before=start,
        problems=problems,
        draft=draft,
        kept=pictures,
    )


@blueprint.get("/")
def front() -> str | Response:
    """A visitor's first page; whoever is signed in goes home."""
    if viewer() is not None:
        return redirect("/home", 303)
    return public()


@blueprint.get("/public")
def public() -> str:
    """Everyone's posts."""
    me, start = viewer(), before()
    posts = site().timelines.public(me, Paging(before=start))
    lead = "" if me else _("What people on Flotilla are saying, newest first.")
    return timeline_page("public", posts, me=me, heading=_("Everyone"), path="/public", before=start, lead=lead)


@blueprint.get("/home")
@signed_in_only
def home(me: Viewer) -> str:
    """The posts of the people one follows, and one's own."""
    return home_page(me, start=before())


@blueprint.get("/tags/<tag>")
def hashtag(tag: str) -> str:
    """The posts with one hashtag."""
    me, start = viewer(), before()
    posts = site().timelines.hashtag(me, tag, Paging(before=start))
    return timeline_page("tag", posts, me=me, heading=f"#{tag}", path=request.path, before=start)


@blueprint.get("/@<handle>")
def profile(handle: str) -> str:
    """A person and their posts."""
    me, start = viewer(), before()
    shown = site().timelines.profile(me, handle, Paging(before=start))
    person = shown.profile.author
    return page(
        "profile.html",
        "profile",
        me=me,
        here=here(),
        path=f"/@{person.handle}",
        profile=shown.profile,
        person=person,
        posts=shown.posts.items,
        older=shown.posts.next_before,
        before=start,
    )


@blueprint.get("/@<handle>/<id:post_id>")
def post(handle: str, post_id: int) -> str | Response:
    """One post."""
    me = viewer()
    shown = site().posts.read(me, post_id)
    if shown.author.handle != handle:
        if shown.author.handle != handle.lower():
            raise NotFoundError(f"@{handle} has no such post.")
        return redirect(f"/@{shown.author.handle}/{post_id}", 303)
    return page("post.html", "post", me=me, here=here(), post=shown)
