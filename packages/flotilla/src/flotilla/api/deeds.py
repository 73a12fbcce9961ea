"""What people do with posts. Each answers with the post as it is afterwards."""

from typing import Literal

from msgspec import Struct

from flotilla.api.calls import Call, IdParameter, OfId
from flotilla.api.endpoints import Endpoints
from flotilla.api.entities import Status
from flotilla.errors import NotFoundError

__all__ = ["endpoints"]

endpoints = Endpoints()


class Repost(Struct, kw_only=True):
    """A post to be spread; a repost is seen by whoever sees the post."""

    id: IdParameter
    visibility: Literal["", "public", "unlisted", "private"] = ""


@endpoints.add("POST", "/api/v1/statuses/<id>/favourite", "write:favourites")
def favourite(call: Call, given: OfId) -> Status:
    """Like a post."""
    call.site.posts.like(call.me, given.id)
    return _after(call, given.id)


@endpoints.add("POST", "/api/v1/statuses/<id>/unfavourite", "write:favourites")
def unfavourite(call: Call, given: OfId) -> Status:
    """Take a like back."""
    call.site.posts.unlike(call.me, given.id)
    return _after(call, given.id)


@endpoints.add("POST", "/api/v1/statuses/<id>/reblog", "write:statuses")
def reblog(call: Call, given: Repost) -> Status:
    """Spread a post to one's followers; the answer is the repost, with the post inside."""
    return _after(call, call.site.posts.repost(call.me, given.id))


@endpoints.add("POST", "/api/v1/statuses/<id>/unreblog", "write:statuses")
def unreblog(call: Call, given: OfId) -> Status:
    """Take one's repost of a post back."""
    post = call.site.posts.read(call.me, given.id)
    call.site.posts.unrepost(call.me, given.id)
    # Asked for by the repost's own id, what is left is the post that it spread.
    return _after(call, given.id if post.repost_of is None else post.repost_of.id)


@endpoints.add("POST", "/api/v1/statuses/<id>/bookmark", "write:bookmarks")
def bookmark(call: Call, given: OfId) -> Status:
    """Keep a post to find it again."""
    call.site.posts.bookmark(call.me, given.id)
    return _after(call, given.id)


@endpoints.add("POST", "/api/v1/statuses/<id>/unbookmark", "write:bookmarks")
def unbookmark(call: Call, given: OfId) -> Status:
    """Take a bookmark out."""
    call.site.posts.unbookmark(call.me, given.id)
    return _after(call, given.id)


@endpoints.add("POST", "/api/v1/statuses/<id>/mute", "write:mutes")
def mute(call: Call, given: OfId) -> Status:
    """Hear nothing more of what happens in a post's thread."""
    call.site.thread_mutes.mute(call.me, given.id)
    return _after(call, given.id)


@endpoints.add("POST", "/api/v1/statuses/<id>/unmute", "write:mutes")
def unmute(call: Call, given: OfId) -> Status:
    """Hear again of what happens in a post's thread."""
    call.site.thread_mutes.unmute(call.me, given.id)
    return _after(call, given.id)


@endpoints.add("POST", "/api/v1/statuses/<id>/pin", "write:accounts")
def pin(call: Call, given: OfId) -> Status:
    """Let one's own post stand first on one's page."""
    call.site.posts.pin(call.me, given.id)
    return _after(call, given.id)


@endpoints.add("POST", "/api/v1/statuses/<id>/unpin", "write:accounts")
def unpin(call: Call, given: OfId) -> Status:
    """Take one's own post off one's page."""
    call.site.posts.unpin(call.me, given.id)
    return _after(call, given.id)


def _after(call: Call, post_id: int) -> Status:
    try:
        return call.shaper.status(call.site.posts.read(call.me, post_id))
    except KeyError:
        raise NotFoundError("Its author has gone meanwhile.") from None
