"""What people who are signed in do: post, delete, like, follow. Each answers 303 to a page of this site."""

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from flotilla.errors import ForbiddenError, InvalidInputError
from flotilla.social import PICTURES_MAX, Viewer
from flotilla.web.navigation import local_path
from flotilla.web.pictures import pictures_of_form
from flotilla.web.rendering import page
from flotilla.web.sessions import signed_in_only, site
from flotilla.web.sizes import takes_files
from flotilla.web.timelines import home_page

__all__ = ["blueprint"]

blueprint = Blueprint("deeds", __name__)


def back(fallback: str, fragment: str = "") -> Response:
    """303 to the page whose button was pressed, at the thing it was about."""
    # A fallback may hold a handle as it stood in the address, with a line feed behind it for instance.
    wanted = local_path(request.form.get("next"), local_path(fallback, "/home"))
    return redirect(wanted.partition("#")[0] + fragment, 303)


@blueprint.post("/posts")
@takes_files(PICTURES_MAX)
@signed_in_only
def publish(me: Viewer) -> Response | tuple[str, int]:
    """Publish a post."""
    text = request.form.get("text", "")
    pictures = pictures_of_form(me)
    problems = pictures.problems
    if not problems:
        try:
            site().posts.publish(me, text, media_ids=pictures.media_ids, sensitive=bool(request.form.get("sensitive")))
        except InvalidInputError as error:
            problems = error.problems
    if problems:
        return home_page(me, start=None, problems=problems, draft=text, pictures=pictures.uploads), 400
    return back("/home")


@blueprint.post("/posts/<id:post_id>/like")
@signed_in_only
def like(me: Viewer, post_id: int) -> Response:
    """Like a post."""
    site().posts.like(me, post_id)
    return back("/home", f"#post-{post_id}")


@blueprint.post("/posts/<id:post_id>/unlike")
@signed_in_only
def unlike(me: Viewer, post_id: int) -> Response:
    """Take a like back."""
    site().posts.unlike(me, post_id)
    return back("/home", f"#post-{post_id}")


@blueprint.get("/posts/<id:post_id>/delete")
@signed_in_only
def ask_before_delete(me: Viewer, post_id: int) -> str:
    """The question before a post is deleted."""
    post = site().posts.read(me, post_id)
    if not post.written_by_viewer:
        raise ForbiddenError("That post is somebody else's.")
    after = local_path(request.args.get("next"), f"/@{me.handle}")
    return page("delete.html", "delete", me=me, post=post, next=after)


@blueprint.post("/posts/<id:post_id>/delete")
@signed_in_only
def delete(me: Viewer, post_id: int) -> Response:
    """Delete one's own post."""
    site().posts.delete(me, post_id)
    return back(f"/@{me.handle}")


@blueprint.post("/@<handle>/follow")
@signed_in_only
def follow(me: Viewer, handle: str) -> Response:
    """Follow a person."""
    site().follows.follow(me, handle)
    return back(f"/@{handle}")


@blueprint.post("/@<handle>/unfollow")
@signed_in_only
def unfollow(me: Viewer, handle: str) -> Response:
    """Stop following a person."""
    site().follows.unfollow(me, handle)
    return back(f"/@{handle}")
