"""What those who run the site tell everyone on it."""

from collections.abc import Callable
from datetime import UTC, datetime

from flotilla.errors import InvalidInputError, NotFoundError
from flotilla.social.audit import Action, note
from flotilla.social.events import Kind, publish
from flotilla.social.keeping import KeptFor
from flotilla.social.pages import Viewer
from flotilla.social.standing import require_admin
from flotilla.social.text import tidied
from flotilla.store import announcements as announcement_rows
from flotilla.store.announcements import AnnouncementRow
from flotilla.store.database import Database

__all__ = ["TEXT_MAX_CHARACTERS", "Announcements"]

TEXT_MAX_CHARACTERS = 1000
KEPT_S = 10.0
# More at once nobody reads.
AT_ONCE_MAX = 5
LISTED_MAX = 50


class Announcements:
    """Announcements, shown from a moment on until another, to everyone who has not put them away."""

    def __init__(self, database: Database, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._database = database
        self._now = now
        self._kept = KeptFor(KEPT_S, self._read)

    def shown_to(self, viewer: Viewer | None) -> tuple[AnnouncementRow, ...]:
        """What that person (None: a visitor) is to be told now, newest first; costs no statement most of the time."""
        kept = self._kept.get()
        if not kept:
            return ()
        now, away = self._now(), () if viewer is None else viewer.announcements_dismissed
        return tuple(
            told
            for told in kept
            if told.starts_at <= now and (told.ends_at is None or now < told.ends_at) and told.id not in away
        )

    def dismiss(self, viewer: Viewer, announcement_id: int) -> None:
        """Put one away, for oneself; twice is once. Raises NotFoundError."""
        with self._database.write() as work:
            if announcement_rows.find(work, announcement_id) is None:
                raise NotFoundError("That announcement was taken down.")
            announcement_rows.dismiss(work, account_id=viewer.account_id, announcement_id=announcement_id)

    def all(self, viewer: Viewer) -> tuple[AnnouncementRow, ...]:
        """The newest announcements, those that are over and those to come too. Raises ForbiddenError."""
        require_admin(viewer)
        with self._database.read() as work:
            return tuple(announcement_rows.newest(work, limit=LISTED_MAX))

    def announce(
        self, viewer: Viewer, text: str, *, starts_at: datetime | None = None, ends_at: datetime | None = None
    ) -> int:
        """Tell everyone, from then (None: now) until then (None: until it is taken down); the announcement's id.

        Raises ForbiddenError, InvalidInputError (fields `text`, `ends_at`).
        """
        require_admin(viewer)
        words = tidied(text).strip()
        problems = {}
        if not 0 < len(words) <= TEXT_MAX_CHARACTERS:
            problems["text"] = f"An announcement has 1 to {TEXT_MAX_CHARACTERS} characters."
        if ends_at is not None and ends_at <= max(self._now(), starts_at or self._now()):
            problems["ends_at"] = "It has to end after it starts, and later than now."
        with self._database.write() as work:
            if not problems and len(announcement_rows.not_over(work, limit=AT_ONCE_MAX)) >= AT_ONCE_MAX:
                problems["text"] = f"There are {AT_ONCE_MAX} announcements already: take one of them down first."
            if problems:
                raise InvalidInputError(problems)
            made = announcement_rows.insert(
                work, text=words, starts_at=starts_at, ends_at=ends_at, made_by=viewer.account_id
            )
            note(work, viewer, Action.ANNOUNCE, f"announcement {made.id}", after=_told(made))
            publish(work, Kind.ANNOUNCED)
        self._kept.forget()
        return made.id

    def take_down(self, viewer: Viewer, announcement_id: int) -> None:
        """Delete an announcement. Raises ForbiddenError, NotFoundError."""
        require_admin(viewer)
        with self._database.write() as work:
            found = announcement_rows.find(work, announcement_id)
            if found is None:
                raise NotFoundError("There is no such announcement.")
            announcement_rows.delete(work, announcement_id)
            note(work, viewer, Action.ANNOUNCE, f"announcement {announcement_id}", before=_told(found))
            publish(work, Kind.ANNOUNCED)
        self._kept.forget()

    def _read(self) -> tuple[AnnouncementRow, ...]:
        with self._database.read() as work:
            return tuple(announcement_rows.not_over(work, limit=AT_ONCE_MAX))


def _told(row: AnnouncementRow) -> dict[str, object]:
    return {
        "text": row.text,
        "from": row.starts_at.isoformat(),
        "until": None if row.ends_at is None else row.ends_at.isoformat(),
    }
