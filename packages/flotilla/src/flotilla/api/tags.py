"""Hashtags, and those one follows."""

from msgspec import Struct, field

from flotilla.api.calls import Call, PageOf
from flotilla.api.endpoints import Endpoints, Who
from flotilla.errors import NotFoundError
from flotilla.social.text import hashtag_name

__all__ = ["Tag", "endpoints", "tag_entity"]

endpoints = Endpoints()


class TagHistory(Struct, kw_only=True):
    """How much a hashtag was used on a day."""

    day: str
    uses: str
    accounts: str


class Tag(Struct, kw_only=True):
    """A hashtag."""

    id: str
    name: str
    url: str
    history: list[TagHistory] = field(default_factory=list)
    following: bool = False
    featuring: bool = False


class OfName(Struct, kw_only=True):
    """Which hashtag, with or without its #."""

    name: str


def tag_entity(call: Call, name: str, *, following: bool) -> Tag:
    """A hashtag, by its name in its one spelling."""
    return Tag(id=name, name=name, url=call.addresses.tag(name), following=following)


def _named(text: str) -> str:
    name = hashtag_name(text)
    if name is None:
        raise NotFoundError("This cannot be a hashtag.")
    return name


@endpoints.add("GET", "/api/v1/tags/<name>", "read:follows", who=Who.ANYONE)
def tag(call: Call, given: OfName) -> Tag:
    """A hashtag."""
    name = _named(given.name)
    me = call.viewer
    return tag_entity(call, name, following=me is not None and call.site.tags.is_followed(me, name))


@endpoints.add("POST", "/api/v1/tags/<name>/follow", "write:follows")
def follow(call: Call, given: OfName) -> Tag:
    """Follow a hashtag."""
    name = _named(given.name)
    call.site.tags.follow(call.me, name)
    return tag_entity(call, name, following=True)


@endpoints.add("POST", "/api/v1/tags/<name>/unfollow", "write:follows")
def unfollow(call: Call, given: OfName) -> Tag:
    """Stop following a hashtag."""
    name = _named(given.name)
    call.site.tags.unfollow(call.me, name)
    return tag_entity(call, name, following=False)


@endpoints.add("GET", "/api/v1/followed_tags", "read:follows", paged=True)
def followed(call: Call, given: PageOf) -> list[Tag]:
    """The hashtags one follows."""
    limit = given.count(default=100, most=200)
    found = call.site.tags.page(call.me, before=given.max_id, limit=limit)
    if len(found) == limit:
        call.link(newest=None, oldest=found[-1].id)
    return [tag_entity(call, one.name, following=True) for one in found]
