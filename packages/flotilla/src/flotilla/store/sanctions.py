"""Rows of sanctions: every measure taken against a person, undone or not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flotilla.store.database import Work

__all__ = [
    "SanctionRow",
    "all_undone",
    "cover",
    "find",
    "find_locked",
    "insert",
    "newest_of",
    "set_posts",
    "uncover",
    "undone",
]


@dataclass(frozen=True, slots=True)
class SanctionRow:
    """One sanction; `made_by` and `undone_by` are handles, "" when that person is gone or there is none."""

    id: int
    account_id: int
    kind: str
    text: str
    post_ids: list[int]
    report_id: int | None
    state_before: str
    made_by: str
    made_at: datetime
    undone_by: str
    undone_at: datetime | None


_COLUMNS = """
    SELECT s.id, s.account_id, s.kind, s.text, s.post_ids, s.report_id, s.state_before,
        coalesce(m.handle, ''), s.made_at, coalesce(u.handle, ''), s.undone_at
    FROM g.sanction s
    LEFT JOIN g.account m ON m.id = s.made_by
    LEFT JOIN g.account u ON u.id = s.undone_by
    """


def insert(
    work: Work, *, account_id: int, kind: str, text: str, report_id: int | None, state_before: str, made_by: int
) -> int:
    """Store a sanction; its id."""
    row = work.one(
        """
        INSERT INTO g.sanction (account_id, kind, text, report_id, state_before, made_by)
        VALUES (%(account_id)s, %(kind)s, %(text)s, %(report_id)s, %(state_before)s, %(made_by)s) RETURNING id
        """,
        {
            "account_id": account_id,
            "kind": kind,
            "text": text,
            "report_id": report_id,
            "state_before": state_before,
            "made_by": made_by,
        },
    )
    assert row is not None
    sanction_id: int = row[0]
    return sanction_id


def set_posts(work: Work, sanction_id: int, post_ids: Sequence[int]) -> None:
    """Note which posts a sanction changed."""
    work.count(
        "UPDATE g.sanction SET post_ids = %(post_ids)s WHERE id = %(id)s",
        {"id": sanction_id, "post_ids": list(post_ids)},
    )


def find(work: Work, sanction_id: int) -> SanctionRow | None:
    """One sanction."""
    row = work.one(_COLUMNS + "WHERE s.id = %(id)s", {"id": sanction_id})
    return None if row is None else SanctionRow(*row)


def find_locked(work: Work, sanction_id: int) -> SanctionRow | None:
    """One sanction, held still until the transaction ends."""
    row = work.one(_COLUMNS + "WHERE s.id = %(id)s FOR NO KEY UPDATE OF s", {"id": sanction_id})
    return None if row is None else SanctionRow(*row)


def newest_of(work: Work, account_id: int, *, limit: int) -> list[SanctionRow]:
    """The newest sanctions of one account."""
    rows = work.all(
        _COLUMNS + "WHERE s.account_id = %(account_id)s ORDER BY s.id DESC LIMIT %(limit)s",
        {"account_id": account_id, "limit": limit},
    )
    return [SanctionRow(*row) for row in rows]


def undone(work: Work, sanction_id: int, *, by: int) -> None:
    """Note who took a sanction back, and when."""
    work.count(
        "UPDATE g.sanction SET undone_by = %(by)s, undone_at = now() WHERE id = %(id)s", {"id": sanction_id, "by": by}
    )


def cover(work: Work, *, author_id: int, post_ids: Sequence[int]) -> list[int]:
    """Mark posts of that account sensitive; those that were not before."""
    rows = work.all(
        """
        UPDATE {shard}.posts SET sensitive = true
        WHERE id = ANY(%(post_ids)s) AND author_id = %(author_id)s AND NOT sensitive RETURNING id
        """,
        {"author_id": author_id, "post_ids": list(post_ids)},
        shard=work.shards.schema_of(author_id),
    )
    return sorted(post_id for (post_id,) in rows)


def uncover(work: Work, *, author_id: int, post_ids: Sequence[int]) -> None:
    """Take the mark off posts of that account."""
    work.count(
        "UPDATE {shard}.posts SET sensitive = false WHERE id = ANY(%(post_ids)s) AND author_id = %(author_id)s",
        {"author_id": author_id, "post_ids": list(post_ids)},
        shard=work.shards.schema_of(author_id),
    )


def all_undone(work: Work, account_id: int, *, kind: str, by: int) -> None:
    """Note that every measure of that kind against an account is taken back."""
    work.count(
        """
        UPDATE g.sanction SET undone_by = %(by)s, undone_at = now()
        WHERE account_id = %(account_id)s AND kind = %(kind)s AND undone_at IS NULL
        """,
        {"account_id": account_id, "kind": kind, "by": by},
    )
