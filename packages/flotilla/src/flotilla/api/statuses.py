"""Posts: writing, changing and reading them."""

from typing import Any, Literal

from msgspec import Struct, field

from flotilla.api.calls import Call, IdParameter, OfId, PageOfId
from flotilla.api.circles import people
from flotilla.api.endpoints import Endpoints, Who
from flotilla.api.entities import Account, Status, StatusContext, StatusEdit, StatusSource
from flotilla.api.media import focus_of
from flotilla.api.shaping import moment, text_html
from flotilla.errors import InvalidInputError, NotFoundError
from flotilla.social import Post, Visibility

__all__ = ["VISIBILITIES", "endpoints"]

endpoints = Endpoints()

VISIBILITIES = {
    "public": Visibility.PUBLIC,
    "unlisted": Visibility.UNLISTED,
    "private": Visibility.FOLLOWERS,
    "direct": Visibility.DIRECT,
}
STATUSES_AT_ONCE_MAX = 20


class NewStatus(Struct, kw_only=True):
    """A post to be published; without `visibility`, `sensitive` and `language` what its author chose as usual."""

    status: str = ""
    media_ids: list[IdParameter] = field(default_factory=list)
    in_reply_to_id: IdParameter | None = None
    sensitive: bool | None = None
    spoiler_text: str = ""
    visibility: Literal["", "public", "unlisted", "private", "direct"] = ""
    language: str = ""
    scheduled_at: str = ""
    poll: dict[str, Any] | None = None


class MediaAttributes(Struct, kw_only=True):
    """What is said about a picture of a post that is changed."""

    id: IdParameter
    description: str | None = None
    focus: str | None = None


class ChangedStatus(Struct, kw_only=True):
    """Other words for a post."""

    id: IdParameter
    status: str = ""
    spoiler_text: str = ""
    sensitive: bool = False
    language: str = ""
    media_ids: list[IdParameter] = field(default_factory=list)
    media_attributes: list[MediaAttributes] = field(default_factory=list)


class OfIds(Struct, kw_only=True):
    """Several posts."""

    id: list[IdParameter] = field(default_factory=list)


@endpoints.add("POST", "/api/v1/statuses", "write:statuses")
def publish(call: Call, given: NewStatus) -> Status:
    """Publish a post; the same Idempotency-Key publishes it once."""
    if given.scheduled_at:
        raise InvalidInputError({"scheduled_at": "Posts cannot be scheduled on this site."})
    if given.poll:
        # Left out without a word, the question would stand there without its answers.
        raise InvalidInputError({"poll": "There are no polls on this site."})
    call.site.limits.post(call.me.account_id)
    visibility, sensitive, language = VISIBILITIES.get(given.visibility), given.sensitive, given.language
    if visibility is None or sensitive is None or not language:
        usual = call.site.profiles.own(call.me)
        visibility = usual.default_visibility if visibility is None else visibility
        sensitive = usual.default_sensitive if sensitive is None else sensitive
        language = language or usual.language
    post_id = call.site.posts.publish(
        call.me,
        given.status,
        warning=given.spoiler_text,
        sensitive=sensitive,
        visibility=visibility,
        language=language,
        parent_id=given.in_reply_to_id,
        media_ids=given.media_ids,
        key=call.idempotency_key,
    )
    return _one(call, post_id)


@endpoints.add("GET", "/api/v1/statuses", "read:statuses", who=Who.ANYONE)
def several(call: Call, given: OfIds) -> list[Status]:
    """Those of several posts that the viewer may see."""
    return call.shaper.statuses(call.site.posts.read_several(call.viewer, given.id[:STATUSES_AT_ONCE_MAX]))


@endpoints.add("GET", "/api/v1/statuses/<id>", "read:statuses", who=Who.ANYONE)
def status(call: Call, given: OfId) -> Status:
    """A post."""
    return _one(call, given.id)


@endpoints.add("PUT", "/api/v1/statuses/<id>", "write:statuses")
def change(call: Call, given: ChangedStatus) -> Status:
    """Give one's own post other words; the former ones stay to be read."""
    post = _own(call, given.id)
    if not {picture.id for picture in post.media}.issuperset(given.media_ids):
        raise InvalidInputError({"media_ids": "A post keeps the pictures it was published with."})
    for said in given.media_attributes:
        focus = None if said.focus is None else focus_of(said.focus)
        call.site.media.describe(call.me, said.id, alt=said.description, focus=focus)
    call.site.posts.edit(
        call.me,
        given.id,
        given.status,
        warning=given.spoiler_text,
        sensitive=given.sensitive,
        language=given.language,
    )
    return _one(call, given.id)


@endpoints.add("DELETE", "/api/v1/statuses/<id>", "write:statuses")
def delete(call: Call, given: OfId) -> Status:
    """Delete one's own post; the answer holds its text, to be written anew."""
    post = _own(call, given.id)
    answer = call.shaper.status(post)
    call.site.posts.delete(call.me, given.id)
    answer.text = post.text
    return answer


@endpoints.add("GET", "/api/v1/statuses/<id>/context", "read:statuses", who=Who.ANYONE)
def context(call: Call, given: OfId) -> StatusContext:
    """What a post replies to, and what replies to it."""
    thread = call.site.posts.thread(call.viewer, given.id)
    shaped = call.shaper.statuses([*thread.ancestors, *thread.descendants])
    above = len(thread.ancestors)
    return StatusContext(ancestors=shaped[:above], descendants=shaped[above:])


@endpoints.add("GET", "/api/v1/statuses/<id>/source", "read:statuses")
def source(call: Call, given: OfId) -> StatusSource:
    """What was entered for one's own post."""
    post = _own(call, given.id)
    return StatusSource(id=str(post.id), text=post.text, spoiler_text=post.warning)


@endpoints.add("GET", "/api/v1/statuses/<id>/history", "read:statuses", who=Who.ANYONE)
def history(call: Call, given: OfId) -> list[StatusEdit]:
    """Every wording a post has had, the first one first."""
    versions = call.site.posts.history(call.viewer, given.id)
    post = call.site.posts.read(call.viewer, given.id)
    account, pictures = call.shaper.account(post.author.account_id), [call.shaper.media(one) for one in post.media]
    return [
        StatusEdit(
            content=text_html(version.segments, call.addresses),
            spoiler_text=version.warning,
            sensitive=version.sensitive,
            created_at=moment(version.written_at),
            account=account,
            media_attachments=pictures,
        )
        for version in versions
    ]


@endpoints.add("GET", "/api/v1/statuses/<id>/favourited_by", "read:accounts", who=Who.ANYONE, paged=True)
def favourited_by(call: Call, given: PageOfId) -> list[Account]:
    """Who likes a post."""
    return people(call, call.site.posts.likers(call.viewer, given.id, given.paging(default=40, most=80)))


@endpoints.add("GET", "/api/v1/statuses/<id>/reblogged_by", "read:accounts", who=Who.ANYONE, paged=True)
def reblogged_by(call: Call, given: PageOfId) -> list[Account]:
    """Who reposted a post."""
    return people(call, call.site.posts.reposters(call.viewer, given.id, given.paging(default=40, most=80)))


def _one(call: Call, post_id: int) -> Status:
    return call.shaper.status(call.site.posts.read(call.viewer, post_id))


def _own(call: Call, post_id: int) -> Post:
    """One's own post. Raises NotFoundError for others' too: they are not among one's own."""
    post = call.site.posts.read(call.me, post_id)
    if not post.written_by_viewer:
        raise NotFoundError("Among one's own posts it is not there.")
    return post
