"""Timelines, and the lists of posts that people keep."""

from flotilla.api.calls import Call, PageOf, PageOfId
from flotilla.api.endpoints import Endpoints, Who
from flotilla.api.entities import Status
from flotilla.social import Page

__all__ = ["endpoints", "timeline"]

endpoints = Endpoints()


class TagTimeline(PageOf, kw_only=True):
    """Which part of a hashtag's timeline."""

    hashtag: str
    local: bool = False
    remote: bool = False


class PublicTimeline(PageOf, kw_only=True):
    """Which part of the public timeline; without other sites `local` changes nothing, and `remote` leaves nothing."""

    local: bool = False
    remote: bool = False
    only_media: bool = False


def timeline(call: Call, page: Page) -> list[Status]:
    """A page of posts with links to its neighbours; there is one to newer posts even before they are written."""
    if page.items:
        call.link(newest=page.items[0].id, oldest=page.items[-1].id)
    elif page.next_before is not None:
        call.link(newest=None, oldest=page.next_before)
    return call.shaper.statuses(page.items)


@endpoints.add("GET", "/api/v1/timelines/home", "read:statuses", paged=True)
def home(call: Call, given: PageOf) -> list[Status]:
    """The posts of the people one follows, and one's own."""
    return timeline(call, call.site.timelines.home(call.me, given.paging()))


@endpoints.add("GET", "/api/v1/timelines/public", "read:statuses", who=Who.ANYONE, paged=True)
def public(call: Call, given: PublicTimeline) -> list[Status]:
    """Everyone's public posts."""
    if given.remote and not given.local:
        return []
    return timeline(call, call.site.timelines.public(call.viewer, given.paging(), media_only=given.only_media))


@endpoints.add("GET", "/api/v1/timelines/tag/<hashtag>", "read:statuses", who=Who.ANYONE, paged=True)
def tag(call: Call, given: TagTimeline) -> list[Status]:
    """The public posts with a hashtag."""
    if given.remote and not given.local:
        return []
    return timeline(call, call.site.timelines.hashtag(call.viewer, given.hashtag, given.paging()))


@endpoints.add("GET", "/api/v1/timelines/list/<id>", "read:lists", paged=True)
def of_list(call: Call, given: PageOfId) -> list[Status]:
    """The posts of the people on one of one's lists."""
    return timeline(call, call.site.timelines.of_list(call.me, given.id, given.paging()))


@endpoints.add("GET", "/api/v1/favourites", "read:favourites", paged=True)
def favourites(call: Call, given: PageOf) -> list[Status]:
    """The posts one likes."""
    return timeline(call, call.site.timelines.likes(call.me, given.paging()))


@endpoints.add("GET", "/api/v1/bookmarks", "read:bookmarks", paged=True)
def bookmarks(call: Call, given: PageOf) -> list[Status]:
    """The posts one bookmarked."""
    return timeline(call, call.site.timelines.bookmarks(call.me, given.paging()))
