"""Rows of invitations, in the global schema: whoever comes with a code has no shard yet."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flotilla.store.database import Work

__all__ = ["InviteRow", "delete", "insert", "made_by", "newest", "take"]


@dataclass(frozen=True, slots=True)
class InviteRow:
    """An invitation; None for `expires_at` or `uses_max`: without end."""

    code: str
    made_by: int
    made_at: datetime
    expires_at: datetime | None
    uses_max: int | None
    uses: int


def insert(work: Work, *, code: str, made_by: int, lifetime: timedelta | None, uses_max: int | None) -> None:
    """Store an invitation."""
    work.count(
        """
        INSERT INTO g.invite (code, made_by, expires_at, uses_max)
        VALUES (%(code)s, %(made_by)s, now() + %(lifetime)s::interval, %(uses_max)s)
        """,
        {"code": code, "made_by": made_by, "lifetime": lifetime, "uses_max": uses_max},
    )


def take(work: Work, code: str) -> int | None:
    """Use an invitation once more; who made it. None: there is none, it has expired, or it is used up."""
    row = work.one(
        """
        UPDATE g.invite SET uses = uses + 1
        WHERE code = %(code)s AND (expires_at IS NULL OR expires_at > now()) AND (uses_max IS NULL OR uses < uses_max)
        RETURNING made_by
        """,
        {"code": code},
    )
    return None if row is None else row[0]


def made_by(work: Work, account_id: int, *, limit: int) -> list[InviteRow]:
    """The account's invitations, newest first."""
    rows = work.all(
        """
        SELECT code, made_by, made_at, expires_at, uses_max, uses FROM g.invite
        WHERE made_by = %(account_id)s ORDER BY made_at DESC LIMIT %(limit)s
        """,
        {"account_id": account_id, "limit": limit},
    )
    return [InviteRow(*row) for row in rows]


def newest(work: Work, *, limit: int) -> list[tuple[InviteRow, str]]:
    """The newest invitations of all, each with its maker's handle."""
    rows = work.all(
        """
        SELECT i.code, i.made_by, i.made_at, i.expires_at, i.uses_max, i.uses, coalesce(a.handle, '')
        FROM g.invite i LEFT JOIN g.account a ON a.id = i.made_by
        ORDER BY i.made_at DESC, i.code LIMIT %(limit)s
        """,
        {"limit": limit},
    )
    return [(InviteRow(*row[:6]), row[6]) for row in rows]


def delete(work: Work, *, code: str, made_by: int | None) -> int | None:
    """Withdraw an invitation, of anybody's when `made_by` is None; who had made it, None without one."""
    row = work.one(
        """
        DELETE FROM g.invite WHERE code = %(code)s AND made_by = coalesce(%(made_by)s::bigint, made_by)
        RETURNING made_by
        """,
        {"code": code, "made_by": made_by},
    )
    return None if row is None else row[0]
