"""Every endpoint there is."""

from functools import cache

from flotilla.api import accounts, apps, instance, oauth, statuses, timelines
from flotilla.api.endpoints import Endpoint

__all__ = ["endpoints"]


@cache
def endpoints() -> tuple[Endpoint, ...]:
    """The table that is served and described."""
    rooms = (oauth, apps, instance, accounts, statuses, timelines)
    return tuple(endpoint for room in rooms for endpoint in room.endpoints)
