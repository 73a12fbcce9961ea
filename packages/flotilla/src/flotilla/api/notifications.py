"""What happened to a person, and how far they have read."""

from typing import get_args

import msgspec
from msgspec import Struct, field

from flotilla.api.calls import Call, IdParameter, OfId, PageOf
from flotilla.api.endpoints import Endpoints, Nothing
from flotilla.api.entities import Id, Moment, Notification, NotificationType
from flotilla.api.shaping import Shaper, moment
from flotilla.social.notifications import Marker as SocialMarker
from flotilla.social.notifications import Notification as Event
from flotilla.social.notifications import NotificationKind

__all__ = ["endpoints", "notification_entities"]

endpoints = Endpoints()

TYPES: dict[NotificationKind, NotificationType] = {
    NotificationKind.FOLLOW: "follow",
    NotificationKind.REQUEST: "follow_request",
    NotificationKind.MENTION: "mention",
    NotificationKind.REPLY: "mention",
    NotificationKind.LIKE: "favourite",
    NotificationKind.REPOST: "reblog",
    NotificationKind.EDIT: "update",
}
LIMIT_DEFAULT = 40
LIMIT_MAX = 80
READINGS_MAX = 5


class Wanted(PageOf, kw_only=True):
    """Which part of the notifications, and of which types."""

    types: list[str] = field(default_factory=list)
    exclude_types: list[str] = field(default_factory=list)
    account_id: IdParameter | None = None


class UnreadCount(Struct, kw_only=True):
    """How many notifications are new, counted up to a bound."""

    count: int


class Marker(Struct, kw_only=True):
    """How far somebody has read."""

    last_read_id: Id
    version: int
    updated_at: Moment


class Markers(Struct, kw_only=True, omit_defaults=True):
    """How far somebody has read, of each timeline they marked."""

    home: Marker | None = None
    notifications: Marker | None = None


class WhichMarkers(Struct, kw_only=True):
    """Of which timelines: home, notifications."""

    timeline: list[str] = field(default_factory=list)


class NewMarker(Struct, kw_only=True):
    """The last thing read."""

    last_read_id: IdParameter


class NewMarkers(Struct, kw_only=True):
    """How far somebody has read now."""

    home: NewMarker | None = None
    notifications: NewMarker | None = None


def notification_entities(shaper: Shaper, events: "tuple[Event, ...] | list[Event]") -> list[Notification]:
    """Entities of those events that have a type for apps; the moderators' messages have none."""
    shown = [event for event in events if event.kind in TYPES and event.actor is not None]
    accounts = {
        account.id: account for account in shaper.accounts([event.actor.account_id for event in shown if event.actor])
    }
    statuses = {status.id: status for status in shaper.statuses([event.post for event in shown if event.post])}
    found = []
    for event in shown:
        assert event.actor is not None
        account = accounts.get(str(event.actor.account_id))
        status = None if event.post is None else statuses.get(str(event.post.id))
        if account is not None and (status is not None or event.post is None):
            found.append(
                Notification(
                    id=str(event.id),
                    type=TYPES[event.kind],
                    created_at=moment(event.at),
                    group_key=event.key,
                    account=account,
                    status=status,
                )
            )
    return found


def _kinds(given: Wanted) -> list[NotificationKind]:
    known = set(get_args(NotificationType))
    wanted = (
        (set(given.types) & known or known) - set(given.exclude_types)
        if given.types
        else known - set(given.exclude_types)
    )
    return [kind for kind, name in TYPES.items() if name in wanted]


@endpoints.add("GET", "/api/v1/notifications", "read:notifications", paged=True)
def notifications(call: Call, given: Wanted) -> list[Notification]:
    """What happened to the caller, newest first."""
    limit = given.count(default=LIMIT_DEFAULT, most=LIMIT_MAX)
    kinds = _kinds(given)
    if not kinds:
        return []
    events = call.site.notifications.events(
        call.me,
        after=given.min_id or given.since_id or 0,
        before=given.max_id,
        limit=limit,
        oldest_first=given.min_id is not None,
        kinds=kinds,
    )
    if given.account_id is not None:
        events = tuple(event for event in events if event.actor and event.actor.account_id == given.account_id)
    if events:
        call.link(newest=events[0].id, oldest=events[-1].id)
    return notification_entities(call.shaper, events)


@endpoints.add("GET", "/api/v1/notifications/unread_count", "read:notifications")
def unread_count(call: Call) -> UnreadCount:
    """How many notifications are new."""
    return UnreadCount(count=call.site.notifications.unread(call.me))


@endpoints.add("GET", "/api/v1/notifications/<id>", "read:notifications")
def notification(call: Call, given: OfId) -> Notification:
    """One notification."""
    return notification_entities(call.shaper, [call.site.notifications.one(call.me, given.id)])[0]


@endpoints.add("POST", "/api/v1/notifications/clear", "write:notifications")
def clear(call: Call) -> Nothing:
    """Remove every notification."""
    call.site.notifications.clear(call.me)
    return Nothing()


@endpoints.add("POST", "/api/v1/notifications/<id>/dismiss", "write:notifications")
def dismiss(call: Call, given: OfId) -> Nothing:
    """Remove one notification."""
    call.site.notifications.dismiss(call.me, given.id)
    return Nothing()


@endpoints.add("GET", "/api/v1/markers", "read:statuses")
def markers(call: Call, given: WhichMarkers) -> Markers:
    """How far the caller has read."""
    return _markers(call, set(given.timeline))


@endpoints.add("POST", "/api/v1/markers", "write:statuses")
def mark(call: Call, given: NewMarkers) -> Markers:
    """Remember how far the caller has read; never moves back."""
    marked = {name: getattr(given, name) for name in ("home", "notifications") if getattr(given, name) is not None}
    for name, marker in marked.items():
        call.site.notifications.read_up_to(call.me, name, marker.last_read_id)
    return _markers(call, set(marked))


def _markers(call: Call, wanted: set[str]) -> Markers:
    found = {one.timeline: _marker(one) for one in call.site.notifications.markers(call.me) if one.timeline in wanted}
    return msgspec.structs.replace(Markers(), **found)


def _marker(one: SocialMarker) -> Marker:
    return Marker(last_read_id=str(one.last_read_id), version=one.version, updated_at=moment(one.updated_at))
