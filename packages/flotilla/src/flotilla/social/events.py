"""What happened, told to whoever holds live connections.

A use case calls `publish` inside its transaction; listeners hear of it once that is stored, and never if it is not.
An event carries ids only: who may see what is looked up when it is delivered, by the same rules as a page. It may get
lost (a process dies, a connection breaks), so nothing may depend on it: pages ask again, clients fill gaps.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from flotilla.store.database import Work

__all__ = ["CHANNEL", "Event", "Kind", "publish", "read_event"]

CHANNEL = "flotilla"
# PostgreSQL takes less than 8,000 bytes.
EVENT_MAX_BYTES = 7_900
Value = int | str | Sequence[int]


class Kind(StrEnum):
    """What can happen, and the ids that tell of it.

    POSTED post_id, author_id                  EDITED post_id, author_id
    DELETED post_id, author_id, account_ids    (of a direct post: who could see it; else empty)
    NOTIFIED account_id, notification_id       a notification arrived for that person
    READ account_id                            that person has read their notifications or messages
    MESSAGED post_id, conversation_id, account_ids    a direct post arrived in that conversation of those people
    TYPING conversation_id, account_id, handle, account_ids   the first types, the others see it
    CIRCLE_CHANGED account_ids                 follows, blocks, mutes, lists of those people changed
    SIGNED_OUT account_id                      sessions, tokens or the whole account ended: connect anew
    ANNOUNCED                                  the site's announcements changed
    BLOCKS_CHANGED                             networks were kept out, or let in again
    """

    POSTED = "posted"
    EDITED = "edited"
    DELETED = "deleted"
    NOTIFIED = "notified"
    READ = "read"
    MESSAGED = "messaged"
    TYPING = "typing"
    CIRCLE_CHANGED = "circle_changed"
    SIGNED_OUT = "signed_out"
    ANNOUNCED = "announced"
    BLOCKS_CHANGED = "blocks_changed"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened; which ids it has depends on its kind."""

    kind: Kind
    ids: dict[str, int | str | list[int]]

    def number(self, name: str) -> int:
        """The id of that name; 0 without one."""
        value = self.ids.get(name, 0)
        return value if isinstance(value, int) else 0

    def numbers(self, name: str) -> tuple[int, ...]:
        """The ids of that name; none without any."""
        value = self.ids.get(name, ())
        return tuple(value) if isinstance(value, list) else ()


def publish(work: Work, kind: Kind, **ids: Value) -> None:
    """Tell listeners, once `work` is kept; with the ids that `Kind` names, of which few fit (ValueError)."""
    payload = json.dumps({"kind": kind, **ids}, separators=(",", ":"))
    if len(payload.encode()) > EVENT_MAX_BYTES:
        raise ValueError(f"an event of kind {kind} is too large: {len(payload)} characters")
    work.tell(CHANNEL, payload)


def read_event(payload: str) -> Event | None:
    """The event in a payload; None for what this version of the program does not know."""
    try:
        told = json.loads(payload)
        return Event(Kind(told.pop("kind")), told)
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
