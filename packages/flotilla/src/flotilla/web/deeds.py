"""What people who are signed in do with a button: like, repost, follow ... Each answers 303 to a page of this site."""

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from flotilla.social import Viewer
from flotilla.web.navigation import local_path
from flotilla.web.sessions import signed_in_only, site

__all__ = ["back", "blueprint"]

blueprint = Blueprint("deeds", __name__)

DEEDS = "like, unlike, repost, unrepost, bookmark, unbookmark, pin, unpin, mute, unmute"


def back(fallback: str, fragment: str = "") -> Response:
    """303 to the page whose button was pressed, at the thing it was about."""
    # A fallback may hold a handle as it stood in the address, with a line feed behind it for instance.
    wanted = local_path(request.form.get("next"), local_path(fallback, "/home"))
    return redirect(wanted.partition("#")[0] + fragment, 303)


@blueprint.post(f"/posts/<id:post_id>/<any({DEEDS}):deed>")
@signed_in_only
def react(me: Viewer, post_id: int, deed: str) -> Response:
    """Like, repost, bookmark or pin a post, mute its thread, or take that back."""
    posts, threads = site().posts, site().thread_mutes
    do = {
        "like": posts.like,
        "unlike": posts.unlike,
        "repost": posts.repost,
        "unrepost": posts.unrepost,
        "bookmark": posts.bookmark,
        "unbookmark": posts.unbookmark,
        "pin": posts.pin,
        "unpin": posts.unpin,
        "mute": threads.mute,
        "unmute": threads.unmute,
    }[deed]
    do(me, post_id)
    return back("/home", f"#post-{post_id}")


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
