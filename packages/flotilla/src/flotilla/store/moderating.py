"""Rows of accounts as moderators deal with them: role, state, limits; held still while somebody acts on them."""

from collections.abc import Iterable
from dataclasses import dataclass

from flotilla.store.database import Work

__all__ = [
    "StandingRow",
    "handles",
    "set_force_sensitive",
    "set_role",
    "set_silenced",
    "set_state",
    "staff",
    "standing",
    "standings_locked",
]


@dataclass(frozen=True, slots=True)
class StandingRow:
    """How an account stands with the site."""

    account_id: int
    handle: str
    role: str
    state: str
    silenced: bool
    force_sensitive: bool


_COLUMNS = "SELECT id, handle, role, state, silenced, force_sensitive FROM g.account "


def standing(work: Work, handle: str) -> StandingRow | None:
    """The account of that handle, whatever its state; None without one."""
    row = work.one(_COLUMNS + "WHERE handle = %(handle)s", {"handle": handle})
    return None if row is None else StandingRow(*row)


def standings_locked(work: Work, account_ids: Iterable[int], *, with_admins: bool = False) -> dict[int, StandingRow]:
    """Those of the accounts that exist, and all admins if asked for, held still until the transaction ends.

    They are locked in the order of their ids, all at once, so that two who lock some never wait for each other.
    """
    wanted = "WHERE id = ANY(%(ids)s)"
    if with_admins:
        # The second condition is that of the index of the few who are not members.
        wanted += " OR (role = 'admin' AND role <> 'member')"
    rows = work.all(_COLUMNS + wanted + " ORDER BY id FOR NO KEY UPDATE", {"ids": sorted(set(account_ids))})
    return {row[0]: StandingRow(*row) for row in rows}


def staff(work: Work) -> list[StandingRow]:
    """Every moderator and admin, by handle."""
    return [StandingRow(*row) for row in work.all(_COLUMNS + "WHERE role <> 'member' ORDER BY handle", {})]


def set_role(work: Work, account_id: int, role: str) -> None:
    """Give an account another role."""
    work.count("UPDATE g.account SET role = %(role)s WHERE id = %(id)s", {"id": account_id, "role": role})


def set_state(work: Work, account_id: int, state: str) -> None:
    """Put an account into another state."""
    work.count("UPDATE g.account SET state = %(state)s WHERE id = %(id)s", {"id": account_id, "state": state})


def set_silenced(work: Work, account_id: int, on: bool) -> None:
    """Show an account's posts to its followers only, or to everyone again."""
    work.count("UPDATE g.account SET silenced = %(on)s WHERE id = %(id)s", {"id": account_id, "on": on})


def set_force_sensitive(work: Work, account_id: int, on: bool) -> None:
    """Cover an account's pictures, or no longer."""
    work.count("UPDATE g.account SET force_sensitive = %(on)s WHERE id = %(id)s", {"id": account_id, "on": on})


def handles(work: Work, account_ids: Iterable[int]) -> dict[int, str]:
    """The handles of those of the accounts that exist."""
    rows = work.all("SELECT id, handle FROM g.account WHERE id = ANY(%(ids)s)", {"ids": sorted(set(account_ids))})
    return dict(rows)
