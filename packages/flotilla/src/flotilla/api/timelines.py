"""Timelines."""

from flotilla.api.calls import Call, Paging
from flotilla.api.endpoints import Endpoints, Who
from flotilla.api.entities import Status
from flotilla.api.shaping import Shaper
from flotilla.social import Page

__all__ = ["endpoints"]

endpoints = Endpoints()


class TagTimeline(Paging, kw_only=True):
    """Which part of a hashtag's timeline."""

    hashtag: str


class PublicTimeline(Paging, kw_only=True):
    """Which part of the public timeline; without other sites `local` changes nothing, and `remote` leaves nothing."""

    local: bool = False
    remote: bool = False
    only_media: bool = False


@endpoints.add("GET", "/api/v1/timelines/home", "read:statuses", paged=True)
def home(call: Call, given: Paging) -> list[Status]:
    """The posts of the people one follows, and one's own."""
    return _answer(call, call.site.timelines.home(call.me, given.part()))


@endpoints.add("GET", "/api/v1/timelines/public", "read:statuses", who=Who.ANYONE, paged=True)
def public(call: Call, given: PublicTimeline) -> list[Status]:
    """Everyone's public posts."""
    if given.remote:
        return []
    return _answer(call, call.site.timelines.public(call.viewer, given.part()))


@endpoints.add("GET", "/api/v1/timelines/tag/<hashtag>", "read:statuses", who=Who.ANYONE, paged=True)
def tag(call: Call, given: TagTimeline) -> list[Status]:
    """The public posts with a hashtag."""
    return _answer(call, call.site.timelines.hashtag(call.viewer, given.hashtag, given.part()))


def _answer(call: Call, page: Page) -> list[Status]:
    posts = page.items
    if posts:
        call.link(newest=posts[0].id, oldest=posts[-1].id)
    return Shaper(call.site.cards, call.addresses).statuses(posts)
