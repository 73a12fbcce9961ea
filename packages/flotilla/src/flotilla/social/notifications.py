"""Reading notifications, and remembering how far one has read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flotilla.errors import InvalidInputError, NotFoundError
from flotilla.settings import Settings
from flotilla.social.notifying import ALL_KINDS, POST_KINDS, NotificationKind
from flotilla.social.pages import Author, Post, Viewer
from flotilla.social.shown import shown_posts
from flotilla.social.together import Together
from flotilla.social.visibility import may_see
from flotilla.store import inbox as inbox_rows
from flotilla.store import notifications as notification_rows
from flotilla.store import posts as post_rows
from flotilla.store import profiles as profile_rows
from flotilla.store.database import Database, Work
from flotilla.store.ids import MAX_ID, first_id_at, made_at

__all__ = [
    "UNREAD_MAX",
    "Marker",
    "Notification",
    "NotificationGroup",
    "NotificationKind",
    "NotificationPage",
    "Notifications",
]

UNREAD_MAX = 100
CLOCKS_APART = timedelta(seconds=10)
TIMELINES = ("home", "notifications")
NO_SUCH_NOTIFICATION = "There is no such notification (any more)."


@dataclass(frozen=True, slots=True)
class Notification:
    """One event; `actor` is None when the site itself speaks, `post` when it is about no post. `at` is UTC."""

    id: int
    kind: NotificationKind
    key: str
    actor: Author | None
    post: Post | None
    message: str
    at: datetime


@dataclass(frozen=True, slots=True)
class NotificationGroup:
    """Events shown as one line: `count` of them by `actors` and others, the latest first; `id` is the latest's."""

    id: int
    kind: NotificationKind
    key: str
    count: int
    actors: tuple[Author, ...]
    post: Post | None
    message: str
    at: datetime
    is_new: bool


@dataclass(frozen=True, slots=True)
class NotificationPage:
    """Groups, newest first. `next_before` asks for the page after this one; None: there is none.

    `newest_id` is the newest group's, shown or not; 0 when nothing of the page is new.
    """

    items: tuple[NotificationGroup, ...]
    next_before: int | None
    newest_id: int


@dataclass(frozen=True, slots=True)
class Marker:
    """How far somebody has read the timeline of that name; `version` grows with each change."""

    timeline: str
    last_read_id: int
    version: int
    updated_at: datetime


class Notifications:
    """What happened to a person. All of it is their own: nobody else's can be named."""

    def __init__(self, database: Database, settings: Settings, together: Together) -> None:
        self._database = database
        self._together = together
        self._page_size = settings.page_size

    def page(self, viewer: Viewer, *, before: int | None = None) -> NotificationPage:
        """A page of groups; nothing is marked as read by it."""
        with self._database.read() as work:
            rows = inbox_rows.groups(
                work, account_id=viewer.account_id, before=_cursor(before), limit=self._page_size + 1
            )
            shown = rows[: self._page_size]
            actors = _actors(work, viewer, (actor_id for row in shown for actor_id in row.actor_ids))
            posts = _posts(work, viewer, (row.target for row in shown if row.kind in POST_KINDS))
        groups = []
        for row in shown:
            kind = NotificationKind(row.kind)
            known = tuple(actors[actor_id] for actor_id in row.actor_ids if actor_id in actors)
            post = posts.get(row.target) if kind in POST_KINDS else None
            if not _can_be_shown(kind, bool(known), post):
                continue
            count = row.events - (len(row.actor_ids) - len(known)) if known else row.events
            groups.append(
                NotificationGroup(
                    id=row.last_id,
                    kind=kind,
                    key=_key(kind, row.target),
                    count=count,
                    actors=known,
                    post=post,
                    message=row.message,
                    at=made_at(row.last_id),
                    is_new=row.is_new,
                )
            )
        return NotificationPage(
            items=tuple(groups),
            next_before=shown[-1].last_id if len(rows) > self._page_size else None,
            newest_id=max((row.last_id for row in shown if row.is_new), default=0),
        )

    def events(
        self,
        viewer: Viewer,
        *,
        after: int = 0,
        before: int | None = None,
        limit: int = 20,
        oldest_first: bool = False,
        kinds: Sequence[NotificationKind] = ALL_KINDS,
    ) -> tuple[Notification, ...]:
        """Single events with ids between the two, newest first; with `oldest_first` those next to `after`."""
        with self._database.read() as work:
            rows = inbox_rows.events(
                work,
                account_id=viewer.account_id,
                after=max(0, min(after, MAX_ID)),
                before=_cursor(before),
                limit=limit,
                oldest_first=oldest_first,
                kinds=kinds,
            )
            actors = _actors(work, viewer, (row.actor_id for row in rows))
            posts = _posts(work, viewer, (row.target for row in rows if row.kind in POST_KINDS))
        found = []
        for row in rows:
            kind = NotificationKind(row.kind)
            post = posts.get(row.target) if kind in POST_KINDS else None
            actor = actors.get(row.actor_id)
            if _can_be_shown(kind, actor is not None, post):
                at = made_at(row.notification_id)
                key = _key(kind, row.target)
                found.append(Notification(row.notification_id, kind, key, actor, post, row.message, at))
        return tuple(found)

    def one(self, viewer: Viewer, notification_id: int) -> Notification:
        """A single event. Raises NotFoundError."""
        wanted = max(1, min(notification_id, MAX_ID - 1))
        found = self.events(viewer, after=wanted - 1, before=wanted + 1, limit=1)
        if not found or found[0].id != notification_id:
            raise NotFoundError(NO_SUCH_NOTIFICATION)
        return found[0]

    def unread(self, viewer: Viewer) -> int:
        """How many groups are new, counted up to UNREAD_MAX. (The session's look-up tells it too.)"""
        with self._database.read() as work:
            return inbox_rows.unread(work, account_id=viewer.account_id, limit=UNREAD_MAX)

    def dismiss(self, viewer: Viewer, notification_id: int) -> None:
        """Remove one event, if the viewer has it."""
        if 0 < notification_id <= MAX_ID:
            with self._database.write(hides=False) as work:
                notification_rows.delete_one(work, account_id=viewer.account_id, notification_id=notification_id)

    def dismiss_group(self, viewer: Viewer, key: str) -> None:
        """Remove a group with all its events, if the viewer has it. Raises NotFoundError when it cannot be a key."""
        kind, target = _read_key(key)
        with self._database.write(hides=False) as work:
            notification_rows.delete_group(work, account_id=viewer.account_id, kind=kind, target=target)

    def clear(self, viewer: Viewer) -> None:
        """Remove everything."""
        with self._database.write(hides=False) as work:
            notification_rows.clear(work, account_id=viewer.account_id)

    def read_up_to(self, viewer: Viewer, timeline: str, last_read_id: int) -> None:
        """Remember that the timeline, home or notifications, was read up to that id; never moves back, or beyond now.

        Raises InvalidInputError (field `timeline` or `last_read_id`).
        """
        if timeline not in TIMELINES:
            raise InvalidInputError({"timeline": f"There is a marker for {' and for '.join(TIMELINES)} only."})
        if not 0 < last_read_id <= MAX_ID:
            raise InvalidInputError({"last_read_id": "This is no id."})
        # Nothing of the future was read: a marker there would hide everything to come, for ever.
        read_id = min(last_read_id, first_id_at(datetime.now(UTC) + CLOCKS_APART))
        if not self._together.read_up_to(viewer.account_id, timeline, read_id):
            with self._database.write(hides=False) as work:
                inbox_rows.move_markers(work, {(viewer.account_id, timeline): read_id})

    def markers(self, viewer: Viewer) -> tuple[Marker, ...]:
        """How far the viewer has read; without a marker for what they never marked."""
        with self._database.read() as work:
            rows = inbox_rows.markers(work, account_id=viewer.account_id)
        return tuple(Marker(row.timeline, row.last_read_id, row.version, row.updated_at) for row in rows)


def _cursor(before: int | None) -> int:
    return MAX_ID if before is None else max(0, min(before, MAX_ID))


def _key(kind: NotificationKind, target: int) -> str:
    return f"{kind.name.lower()}-{target}"


def _read_key(key: str) -> tuple[NotificationKind, int]:
    name, _, target = key.partition("-")
    known = {kind.name.lower(): kind for kind in NotificationKind}
    if name not in known or not (target.isascii() and target.isdigit() and int(target) <= MAX_ID):
        raise NotFoundError(NO_SUCH_NOTIFICATION)
    return known[name], int(target)


def _can_be_shown(kind: NotificationKind, has_actor: bool, post: Post | None) -> bool:
    # Someone suspended, blocked or muted since, or a post that the viewer may not see any more, says nothing.
    return (has_actor or kind is NotificationKind.MODERATION) and (post is not None or kind not in POST_KINDS)


def _actors(work: Work, viewer: Viewer, actor_ids: Iterable[int]) -> dict[int, Author]:
    wanted = {actor_id for actor_id in actor_ids if actor_id}
    if not wanted:
        return {}
    rows = profile_rows.read(work, list(wanted), reader_id=viewer.account_id, but_muted=True)
    return {account_id: Author(*row) for account_id, row in rows.items()}


def _posts(work: Work, viewer: Viewer, post_ids: Iterable[int]) -> dict[int, Post]:
    wanted = list(dict.fromkeys(post_ids))
    if not wanted:
        return {}
    rows = [row for row in post_rows.find(work, wanted, reader_id=viewer.account_id) if may_see(row, viewer.account_id)]
    return {post.id: post for post in shown_posts(work, rows, viewer)}
