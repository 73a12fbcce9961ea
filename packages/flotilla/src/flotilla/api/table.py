"""Every endpoint there is."""

from functools import cache

from flotilla.api import (
    accounts,
    apps,
    circles,
    conversations,
    deeds,
    instance,
    lists,
    media,
    moderation,
    not_offered,
    notifications,
    oauth,
    own_account,
    preferences,
    search,
    statuses,
    suggestions,
    tags,
    timelines,
)
from flotilla.api.endpoints import Endpoint

__all__ = ["endpoints"]


@cache
def endpoints() -> tuple[Endpoint, ...]:
    """The table that is served and described."""
    rooms = (
        oauth, apps, instance, own_account, accounts, circles, statuses, deeds, timelines, lists, tags, search,
        suggestions, media, notifications, conversations, moderation, preferences, not_offered,
    )  # fmt: skip
    return tuple(endpoint for room in rooms for endpoint in room.endpoints)
