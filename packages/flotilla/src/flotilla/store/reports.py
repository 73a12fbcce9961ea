"""Rows of reports and of the moderators' notes on them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.types.json import Jsonb

from flotilla.store.database import Work

__all__ = [
    "NoteRow",
    "ReportRow",
    "about",
    "add_note",
    "assign",
    "count_since",
    "find",
    "insert",
    "lock",
    "newest",
    "notes",
    "open_at_most",
    "set_resolved",
]


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A report. `account`, `reporter`, `assigned`, `resolved_by` are handles, "" where there is nobody (any more)."""

    id: int
    account_id: int
    account: str
    reporter: str
    category: str
    comment: str
    rule_ids: list[int]
    posts: list[Mapping[str, object]]
    made_at: datetime
    assigned_id: int | None
    assigned: str
    resolved_at: datetime | None
    resolved_by: str


@dataclass(frozen=True, slots=True)
class NoteRow:
    """What a moderator noted."""

    id: int
    author: str
    text: str
    made_at: datetime


_COLUMNS = """
    SELECT r.id, r.account_id, coalesce(a.handle, ''), coalesce(w.handle, ''), r.category, r.comment, r.rule_ids,
        r.posts, r.made_at, r.assigned_to, coalesce(m.handle, ''), r.resolved_at, coalesce(d.handle, '')
    FROM g.report r
    LEFT JOIN g.account a ON a.id = r.account_id
    LEFT JOIN g.account w ON w.id = r.reporter_id
    LEFT JOIN g.account m ON m.id = r.assigned_to
    LEFT JOIN g.account d ON d.id = r.resolved_by
    """
_QUEUES = {
    "open": " AND r.resolved_at IS NULL",
    "mine": " AND r.resolved_at IS NULL AND r.assigned_to = %(moderator_id)s",
    "resolved": " AND r.resolved_at IS NOT NULL",
}


def insert(
    work: Work,
    *,
    reporter_id: int,
    account_id: int,
    category: str,
    comment: str,
    rule_ids: Sequence[int],
    posts: Sequence[Mapping[str, object]],
) -> int:
    """Store a report; its id."""
    row = work.one(
        """
        INSERT INTO g.report (reporter_id, account_id, category, comment, rule_ids, posts)
        VALUES (%(reporter_id)s, %(account_id)s, %(category)s, %(comment)s, %(rule_ids)s, %(posts)s) RETURNING id
        """,
        {
            "reporter_id": reporter_id,
            "account_id": account_id,
            "category": category,
            "comment": comment,
            "rule_ids": list(rule_ids),
            "posts": Jsonb(list(posts)),
        },
    )
    assert row is not None
    report_id: int = row[0]
    return report_id


def count_since(work: Work, *, reporter_id: int, period: timedelta, limit: int) -> int:
    """How many of that person's newest `limit` reports were made within the period up to now."""
    row = work.one(
        """
        SELECT count(*) FROM (
            SELECT made_at FROM g.report WHERE reporter_id = %(reporter_id)s ORDER BY id DESC LIMIT %(limit)s
        ) newest WHERE made_at > now() - %(period)s
        """,
        {"reporter_id": reporter_id, "period": period, "limit": limit},
    )
    assert row is not None
    counted: int = row[0]
    return counted


def newest(work: Work, *, queue: str, moderator_id: int, before: int, limit: int) -> list[ReportRow]:
    """The newest reports before `before` that are `open`, `mine` (open and that moderator's) or `resolved`.

    Those about the moderator are for the others.
    """
    rows = work.all(
        _COLUMNS
        + "WHERE r.id < %(before)s AND r.account_id <> %(moderator_id)s"
        + _QUEUES[queue]
        + " ORDER BY r.id DESC LIMIT %(limit)s",
        {"before": before, "limit": limit, "moderator_id": moderator_id},
    )
    return [ReportRow(*row) for row in rows]


def about(work: Work, account_id: int, *, limit: int) -> list[ReportRow]:
    """The newest reports about one account."""
    rows = work.all(
        _COLUMNS + "WHERE r.account_id = %(account_id)s ORDER BY r.id DESC LIMIT %(limit)s",
        {"account_id": account_id, "limit": limit},
    )
    return [ReportRow(*row) for row in rows]


def open_at_most(work: Work, limit: int) -> int:
    """How many reports are open; counting stops at `limit`."""
    row = work.one(
        "SELECT count(*) FROM (SELECT FROM g.report WHERE resolved_at IS NULL LIMIT %(limit)s) found", {"limit": limit}
    )
    assert row is not None
    counted: int = row[0]
    return counted


def find(work: Work, report_id: int) -> ReportRow | None:
    """One report."""
    row = work.one(_COLUMNS + "WHERE r.id = %(id)s", {"id": report_id})
    return None if row is None else ReportRow(*row)


def lock(work: Work, report_id: int) -> ReportRow | None:
    """One report, held still until the transaction ends: whoever comes second sees what the first did."""
    # Read in a statement of its own: one that waited for the lock still has the handles of before it waited.
    held = work.one("SELECT FROM g.report WHERE id = %(id)s FOR NO KEY UPDATE", {"id": report_id})
    return None if held is None else find(work, report_id)


def assign(work: Work, report_id: int, moderator_id: int | None) -> None:
    """Give a report to a moderator, or (None) back to all."""
    work.count(
        "UPDATE g.report SET assigned_to = %(moderator_id)s WHERE id = %(id)s",
        {"id": report_id, "moderator_id": moderator_id},
    )


def set_resolved(work: Work, report_id: int, *, by: int | None) -> None:
    """Close a report, or (None) open it again."""
    work.count(
        """
        UPDATE g.report SET resolved_by = %(by)s,
            resolved_at = CASE WHEN %(by)s::bigint IS NULL THEN NULL ELSE now() END
        WHERE id = %(id)s
        """,
        {"id": report_id, "by": by},
    )


def add_note(work: Work, *, report_id: int, author_id: int, text: str) -> None:
    """Store a note."""
    work.count(
        """
        INSERT INTO g.report_note (report_id, author_id, text) VALUES (%(report_id)s, %(author_id)s, %(text)s)
        """,
        {"report_id": report_id, "author_id": author_id, "text": text},
    )


def notes(work: Work, report_id: int, *, limit: int) -> list[NoteRow]:
    """A report's notes, oldest first."""
    rows = work.all(
        """
        SELECT n.id, coalesce(a.handle, ''), n.text, n.made_at FROM g.report_note n
        LEFT JOIN g.account a ON a.id = n.author_id
        WHERE n.report_id = %(report_id)s ORDER BY n.id LIMIT %(limit)s
        """,
        {"report_id": report_id, "limit": limit},
    )
    return [NoteRow(*row) for row in rows]
