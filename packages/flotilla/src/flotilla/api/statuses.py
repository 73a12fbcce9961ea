"""Posts: writing, reading, and what people do with them."""

from msgspec import Struct

from flotilla.api.calls import Call, IdParameter, OfId
from flotilla.api.endpoints import Endpoints, Who
from flotilla.api.entities import Status
from flotilla.api.shaping import Shaper
from flotilla.errors import NotFoundError

__all__ = ["endpoints"]

endpoints = Endpoints()


class NewStatus(Struct, kw_only=True):
    """A post to be published."""

    status: str = ""
    media_ids: list[IdParameter] = []
    in_reply_to_id: IdParameter | None = None
    sensitive: bool = False
    spoiler_text: str = ""
    visibility: str = ""
    language: str = ""


@endpoints.add("POST", "/api/v1/statuses", "write:statuses")
def publish(call: Call, given: NewStatus) -> Status:
    """Publish a post; the same Idempotency-Key publishes it once."""
    post_id = call.site.posts.publish(call.me, given.status)
    return _one(call, post_id)


@endpoints.add("GET", "/api/v1/statuses/<id>", "read:statuses", who=Who.ANYONE)
def status(call: Call, given: OfId) -> Status:
    """A post."""
    return _one(call, given.id)


@endpoints.add("DELETE", "/api/v1/statuses/<id>", "write:statuses")
def delete(call: Call, given: OfId) -> Status:
    """Delete one's own post; the answer holds its text, to be written anew."""
    post = call.site.posts.read(call.me, given.id)
    if not post.written_by_viewer:
        raise NotFoundError("Among one's own posts it is not there.")
    answer = Shaper(call.site.cards, call.addresses).status(post)
    call.site.posts.delete(call.me, given.id)
    answer.text = post.text
    return answer


@endpoints.add("POST", "/api/v1/statuses/<id>/favourite", "write:favourites")
def favourite(call: Call, given: OfId) -> Status:
    """Like a post."""
    call.site.posts.like(call.me, given.id)
    return _one(call, given.id)


@endpoints.add("POST", "/api/v1/statuses/<id>/unfavourite", "write:favourites")
def unfavourite(call: Call, given: OfId) -> Status:
    """Take a like back."""
    call.site.posts.unlike(call.me, given.id)
    return _one(call, given.id)


def _one(call: Call, post_id: int) -> Status:
    post = call.site.posts.read(call.viewer, post_id)
    return Shaper(call.site.cards, call.addresses).status(post)
