"""The directory of accounts as moderators search it."""

from collections.abc import Iterable
from dataclasses import dataclass

from flotilla.store.database import Work

__all__ = ["AccountRow", "by_email", "by_handle", "by_id", "in_group", "with_ids"]


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account; `email` is None without a mail address; `strikes`: measures taken against it and not taken back."""

    account_id: int
    handle: str
    email: str | None
    role: str
    state: str
    silenced: bool
    force_sensitive: bool
    strikes: int


_COLUMNS = """
    SELECT a.id, a.handle, a.email, a.role, a.state, a.silenced, a.force_sensitive,
        (SELECT count(*) FROM g.sanction s WHERE s.account_id = a.id AND s.undone_at IS NULL)
    FROM g.account a
    """
# Each with the condition of an index that holds nobody else.
_GROUPS = {
    "everyone": "",
    "staff": " AND a.role <> 'member'",
    "limited": " AND (a.silenced OR a.force_sensitive)",
    "suspended": " AND a.state = 'suspended' AND a.state <> 'active'",
    "waiting": " AND a.state = 'waiting' AND a.state <> 'active'",
    "unconfirmed": " AND a.state = 'unconfirmed' AND a.state <> 'active'",
}


def in_group(work: Work, group: str, *, before: int, limit: int) -> list[AccountRow]:
    """The newest accounts before `before` in that group."""
    rows = work.all(
        _COLUMNS
        + "WHERE a.id < %(before)s AND a.state <> 'deleted'"
        + _GROUPS[group]
        + " ORDER BY a.id DESC LIMIT %(limit)s",
        {"before": before, "limit": limit},
    )
    return [AccountRow(*row) for row in rows]


def by_handle(work: Work, start: str, *, limit: int) -> list[AccountRow]:
    """The first accounts, by handle, whose handles start so."""
    # "~" comes after everything a handle may hold, and handles are compared byte by byte.
    rows = work.all(
        _COLUMNS
        + """
        WHERE a.handle >= %(start)s AND a.handle < %(start)s || '~' AND a.state <> 'deleted'
        ORDER BY a.handle LIMIT %(limit)s
        """,
        {"start": start, "limit": limit},
    )
    return [AccountRow(*row) for row in rows]


def by_email(work: Work, email: str) -> list[AccountRow]:
    """The account with that mail address, if there is one."""
    rows = work.all(_COLUMNS + "WHERE lower(a.email) = lower(%(email)s)", {"email": email})
    return [AccountRow(*row) for row in rows]


def by_id(work: Work, account_id: int) -> AccountRow | None:
    """One account, deleted or not."""
    row = work.one(_COLUMNS + "WHERE a.id = %(id)s", {"id": account_id})
    return None if row is None else AccountRow(*row)


def with_ids(work: Work, account_ids: Iterable[int]) -> list[AccountRow]:
    """Those of the accounts that exist, newest first."""
    rows = work.all(_COLUMNS + "WHERE a.id = ANY(%(ids)s) ORDER BY a.id DESC", {"ids": sorted(set(account_ids))})
    return [AccountRow(*row) for row in rows]
