"""Pages of posts: timelines and profiles."""

from typing import Any

from flask import Blueprint, make_response, redirect, request
from flask import Response as FlaskResponse
from werkzeug.wrappers import Response

from flotilla.social import Page, Paging, Viewer
from flotilla.web.drafting import Writing, empty_form
from flotilla.web.kept_pages import kept
from flotilla.web.navigation import id_asked_for
from flotilla.web.rendering import page
from flotilla.web.sessions import signed_in_only, site, viewer
from flotilla.web.translating import _

__all__ = ["before", "blueprint", "here", "home_page"]

blueprint = Blueprint("timelines", __name__)


def here() -> str:
    """This page's own address, to come back to after a button."""
    return request.full_path.rstrip("?")


def before() -> int | None:
    """Where this page of a timeline begins: the id in `?before=`, which older-posts links carry."""
    return id_asked_for("before")


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
    me: Viewer, *, start: int | None, writing: Writing | None = None, problems: dict[str, str] | None = None
) -> str:
    """The home timeline with the compose box, which shows `problems` beside what they are about."""
    posts = site().timelines.home(me, Paging(before=start))
    return timeline_page(
        "home",
        posts,
        me=me,
        heading=_("Home"),
        path="/home",
        before=start,
        writing=writing or (empty_form(me) if start is None else None),
        problems=problems,
    )


@blueprint.get("/")
def front() -> str | Response:
    """A visitor's first page; whoever is signed in goes home."""
    if viewer() is not None:
        return redirect("/home", 303)
    return public()


@blueprint.get("/public")
@kept
def public() -> str:
    """Everyone's posts."""
    me, start = viewer(), before()
    posts = site().timelines.public(me, Paging(before=start))
    lead = "" if me else _("What people on Flotilla are saying, newest first.")
    return timeline_page("public", posts, me=me, heading=_("Everyone"), path="/public", before=start, lead=lead)


@blueprint.get("/home")
@signed_in_only
@kept
def home(me: Viewer) -> str:
    """The posts of the people one follows, and one's own."""
    return home_page(me, start=before())


@blueprint.get("/tags/<tag>")
@kept
def hashtag(tag: str) -> str:
    """The posts with one hashtag."""
    me, start = viewer(), before()
    posts = site().timelines.hashtag(me, tag, Paging(before=start))
    followed = me is not None and site().tags.is_followed(me, tag)
    return timeline_page(
        "tag", posts, me=me, heading=f"#{tag}", path=request.path, before=start, tag=tag, followed=followed
    )


@blueprint.get("/bookmarks")
@signed_in_only
def bookmarks(me: Viewer) -> str:
    """The posts one bookmarked."""
    start = before()
    posts = site().timelines.bookmarks(me, Paging(before=start))
    lead = _("Only you see what you keep here.")
    return timeline_page("bookmarks", posts, me=me, heading=_("Bookmarks"), path="/bookmarks", before=start, lead=lead)


@blueprint.get("/likes")
@signed_in_only
def likes(me: Viewer) -> str:
    """The posts one likes."""
    start = before()
    posts = site().timelines.likes(me, Paging(before=start))
    return timeline_page("likes", posts, me=me, heading=_("Posts you like"), path="/likes", before=start)


@blueprint.get("/@<handle>")
@kept
def profile(handle: str) -> FlaskResponse:
    """A person and their posts."""
    return profile_page(handle, replies=False)


@blueprint.get("/@<handle>/replies")
@kept
def with_replies(handle: str) -> FlaskResponse:
    """A person, their posts and their replies to others."""
    return profile_page(handle, "replies", replies=True)


@blueprint.get("/@<handle>/media")
@kept
def with_media(handle: str) -> FlaskResponse:
    """A person and their posts with pictures."""
    return profile_page(handle, "media", replies=True, media_only=True)


def profile_page(handle: str, tab: str = "", *, replies: bool, media_only: bool = False) -> FlaskResponse:
    """One of the three views of a person's posts."""
    me, start = viewer(), before()
    shown = site().timelines.profile(me, handle, Paging(before=start), replies=replies, media_only=media_only)
    person = shown.profile.author
    html = page(
        "profile.html",
        "profile",
        me=me,
        here=here(),
        path=f"/@{person.handle}/{tab}".rstrip("/"),
        tab=tab,
        profile=shown.profile,
        person=person,
        pinned=shown.pinned if not tab else (),
        posts=shown.posts.items,
        older=shown.posts.next_before,
        before=start,
    )
    response = make_response(html)
    if not shown.profile.discoverable:
        # Search engines are told that this page's person does not want to be found by them.
        response.headers["X-Robots-Tag"] = "noindex"
    return response
