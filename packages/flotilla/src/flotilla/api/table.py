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
    notifications,
    oauth,
    statuses,
    tags,
    timelines,
)
from flotilla.api.endpoints import Endpoint

__all__ = ["endpoints"]


@cache
def endpoints() -> tuple[Endpoint, ...]:
    """The table that is served and described."""
    rooms = (
        oauth,
        apps,
        instance,
        accounts,
        circles,
        statuses,
        deeds,
        timelines,
        lists,
        tags,
        notifications,
        conversations,
    )
    return tuple(endpoint for room in rooms for endpoint in room.endpoints)
