"""Rows of announcements; which of them a person has put away is stored with that person."""

from dataclasses import dataclass
from datetime import datetime

from flotilla.store.database import Work

__all__ = ["AnnouncementRow", "delete", "dismiss", "find", "insert", "newest", "not_over"]


@dataclass(frozen=True, slots=True)
class AnnouncementRow:
    """What is said to everyone from `starts_at` to `ends_at` (None: until it is taken down)."""

    id: int
    text: str
    starts_at: datetime
    ends_at: datetime | None


def not_over(work: Work, *, limit: int) -> list[AnnouncementRow]:
    """The announcements of now and of later, newest first."""
    rows = work.all(
        """
        SELECT id, text, starts_at, ends_at FROM g.announcement
        WHERE ends_at IS NULL OR ends_at > now() ORDER BY id DESC LIMIT %(limit)s
        """,
        {"limit": limit},
    )
    return [AnnouncementRow(*row) for row in rows]


def newest(work: Work, *, limit: int) -> list[AnnouncementRow]:
    """The newest announcements, over or not."""
    rows = work.all(
        "SELECT id, text, starts_at, ends_at FROM g.announcement ORDER BY id DESC LIMIT %(limit)s", {"limit": limit}
    )
    return [AnnouncementRow(*row) for row in rows]


def find(work: Work, announcement_id: int) -> AnnouncementRow | None:
    """One announcement."""
    row = work.one("SELECT id, text, starts_at, ends_at FROM g.announcement WHERE id = %(id)s", {"id": announcement_id})
    return None if row is None else AnnouncementRow(*row)


def insert(
    work: Work, *, text: str, starts_at: datetime | None, ends_at: datetime | None, made_by: int
) -> AnnouncementRow:
    """Store an announcement that starts then (None: now)."""
    row = work.one(
        """
        INSERT INTO g.announcement (text, starts_at, ends_at, made_by)
        VALUES (%(text)s, coalesce(%(starts_at)s::timestamptz, now()), %(ends_at)s, %(made_by)s)
        RETURNING id, text, starts_at, ends_at
        """,
        {"text": text, "starts_at": starts_at, "ends_at": ends_at, "made_by": made_by},
    )
    assert row is not None
    return AnnouncementRow(*row)


def delete(work: Work, announcement_id: int) -> None:
    """Take an announcement down."""
    work.count("DELETE FROM g.announcement WHERE id = %(id)s", {"id": announcement_id})


def dismiss(work: Work, *, account_id: int, announcement_id: int) -> None:
    """Note that a person put an announcement away; what they put away of those that are gone is forgotten."""
    work.count(
        """
        UPDATE {shard}.profile SET announcements_dismissed = ARRAY(
            SELECT a.id FROM g.announcement a
            WHERE (a.id = ANY(announcements_dismissed) AND (a.ends_at IS NULL OR a.ends_at > now()))
                OR a.id = %(announcement_id)s
        )
        WHERE account_id = %(account_id)s
        """,
        {"account_id": account_id, "announcement_id": announcement_id},
        shard=work.shards.schema_of(account_id),
    )
