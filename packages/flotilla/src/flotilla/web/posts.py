"""Pages about a single post: its thread, its history, who likes and who reposted it."""

from flask import Blueprint, redirect
from werkzeug.wrappers import Response

from flotilla.errors import NotFoundError
from flotilla.social import Paging, PeoplePage, Post, Thread, Viewer
from flotilla.web.drafting import Writing, reply_form
from flotilla.web.kept_pages import kept
from flotilla.web.rendering import page
from flotilla.web.sessions import site, viewer
from flotilla.web.timelines import before
from flotilla.web.translating import _

__all__ = ["address_of", "blueprint", "thread_page"]

blueprint = Blueprint("posts", __name__)


def address_of(post: Post) -> str:
    """The address of a post's own page."""
    return f"/@{post.author.handle}/{post.id}"


def thread_page(
    me: Viewer | None, thread: Thread, *, writing: Writing | None = None, problems: dict[str, str] | None = None
) -> str:
    """The page of a post: what it replies to, the post, what replies to it, and a form to reply."""
    shown = thread.post.repost_of or thread.post
    return page(
        "post.html",
        "post",
        me=me,
        here=address_of(thread.post),
        thread=thread,
        post=thread.post,
        shown=shown,
        writing=writing or (None if me is None else reply_form(me, shown)),
        problems=problems,
    )


def elsewhere(post: Post, handle: str, rest: str = "") -> Response | None:
    """303 to the post's one address when the handle was written otherwise. Raises NotFoundError for another person."""
    if post.author.handle == handle:
        return None
    if post.author.handle != handle.lower():
        raise NotFoundError("That person has no such post.")
    return redirect(address_of(post) + rest, 303)


@blueprint.get("/@<handle>/<id:post_id>")
@kept
def post(handle: str, post_id: int) -> str | Response:
    """One post and its thread."""
    me = viewer()
    thread = site().posts.thread(me, post_id)
    return elsewhere(thread.post, handle) or thread_page(me, thread)


@blueprint.get("/@<handle>/<id:post_id>/history")
def history(handle: str, post_id: int) -> str | Response:
    """Every wording a post has had."""
    me = viewer()
    shown = site().posts.read(me, post_id)
    return elsewhere(shown, handle, "/history") or page(
        "history.html", "history", me=me, post=shown, versions=site().posts.history(me, post_id)
    )


@blueprint.get("/@<handle>/<id:post_id>/likes")
def likers(handle: str, post_id: int) -> str | Response:
    """Who likes a post."""
    me, start = viewer(), before()
    shown = site().posts.read(me, post_id)
    return elsewhere(shown, handle, "/likes") or people_page(
        me, shown, site().posts.likers(me, post_id, Paging(before=start)), heading=_("Liked by"), rest="/likes"
    )


@blueprint.get("/@<handle>/<id:post_id>/reposts")
def reposters(handle: str, post_id: int) -> str | Response:
    """Who reposted a post."""
    me, start = viewer(), before()
    shown = site().posts.read(me, post_id)
    return elsewhere(shown, handle, "/reposts") or people_page(
        me, shown, site().posts.reposters(me, post_id, Paging(before=start)), heading=_("Reposted by"), rest="/reposts"
    )


def people_page(me: Viewer | None, post: Post, people: PeoplePage, *, heading: str, rest: str) -> str:
    """The people who did something with a post."""
    return page(
        "reactions.html",
        "reactions",
        me=me,
        post=post,
        heading=heading,
        people=people.items,
        path=address_of(post) + rest,
        before=before(),
        older=people.next_before,
    )
