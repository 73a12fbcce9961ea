"""The part of the directory of accounts that changes: states and proven mail addresses."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from flotilla.store.database import Work
from flotilla.store.ids import EPOCH, make_id

__all__ = [
    "AddressRow",
    "State",
    "WaitingRow",
    "address",
    "change",
    "forget",
    "forget_unconfirmed",
    "id_by_email",
    "locked",
    "set_email",
    "waiting",
]

State = Literal["unconfirmed", "waiting", "active", "suspended", "deleted"]


@dataclass(frozen=True, slots=True)
class AddressRow:
    """Where an account's mail goes; `email` is None without a proven address, `language` "" when they chose none."""

    handle: str
    email: str | None
    state: State
    invited: bool
    language: str


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """Somebody who asked to be let in."""

    account_id: int
    handle: str
    email: str | None
    reason: str


def locked(work: Work, account_id: int) -> State | None:
    """The account's state, which nobody changes until the transaction ends; None without such an account."""
    row = work.one("SELECT state FROM g.account WHERE id = %(account_id)s FOR SHARE", {"account_id": account_id})
    return None if row is None else row[0]


def change(work: Work, *, account_id: int, before: Sequence[State], after: State) -> bool:
    """Put the account into the state `after` if it is in one of `before`; whether it was."""
    return bool(
        work.count(
            "UPDATE g.account SET state = %(after)s WHERE id = %(account_id)s AND state = ANY(%(before)s)",
            {"account_id": account_id, "before": list(before), "after": after},
        )
    )


def address(work: Work, account_id: int) -> AddressRow | None:
    """Handle, address and state of any account that was not deleted."""
    row = work.one(
        """
        SELECT a.handle, a.email, a.state, a.invited_by IS NOT NULL,
            coalesce((SELECT p.language FROM {shard}.profile p WHERE p.account_id = a.id), '')
        FROM g.account a WHERE a.id = %(account_id)s AND a.state <> 'deleted'
        """,
        {"account_id": account_id},
        shard=work.shards.schema_of(account_id),
    )
    return None if row is None else AddressRow(*row)


def id_by_email(work: Work, email: str) -> int | None:
    """The account with that proven address, in any spelling of its letters."""
    row = work.one("SELECT id FROM g.account WHERE lower(email) = lower(%(email)s)", {"email": email})
    return None if row is None else row[0]


def set_email(work: Work, *, account_id: int, email: str) -> bool:
    """Store a proven address; False when another account has it, or this one is gone.

    Whoever proves the same address at the same moment waits here for the other's transaction.
    """
    work.one("SELECT pg_advisory_xact_lock(hashtextextended(lower(%(email)s), 5))", {"email": email})
    return bool(
        work.count(
            """
            UPDATE g.account SET email = %(email)s
            WHERE id = %(account_id)s AND state <> 'deleted' AND NOT EXISTS (
                SELECT FROM g.account other WHERE lower(other.email) = lower(%(email)s) AND other.id <> %(account_id)s)
            """,
            {"account_id": account_id, "email": email},
        )
    )


def waiting(work: Work, *, before: int, limit: int) -> list[WaitingRow]:
    """Who waits to be let in, newest first."""
    rows = work.all(
        """
        SELECT id, handle, email, reason FROM g.account WHERE state = 'waiting' AND id < %(before)s
        ORDER BY id DESC LIMIT %(limit)s
        """,
        {"before": before, "limit": limit},
    )
    return [WaitingRow(*row) for row in rows]


def forget(work: Work, account_id: int) -> None:
    """Remove an account that never was active, with what it entered; its handle is free again."""
    work.count("DELETE FROM g.account WHERE id = %(account_id)s", {"account_id": account_id})
    work.count(
        "DELETE FROM {shard}.profile WHERE account_id = %(account_id)s",
        {"account_id": account_id},
        shard=work.shards.schema_of(account_id),
    )


def forget_unconfirmed(work: Work, *, made_before: datetime, most: int) -> int:
    """Remove at most so many accounts whose address nobody proved; how many. Their handles are free again."""
    rows = work.all(
        """
        DELETE FROM g.account WHERE id IN (
            SELECT id FROM g.account WHERE state = 'unconfirmed' AND id < %(before)s ORDER BY id LIMIT %(most)s
            FOR UPDATE SKIP LOCKED
        ) AND state = 'unconfirmed' RETURNING id
        """,
        {
            "before": make_id(since_epoch_ms=round((made_before - EPOCH).total_seconds() * 1000), bucket=0, sequence=0),
            "most": most,
        },
    )
    for shard, ids in work.shards.by_schema(account_id for (account_id,) in rows).items():
        work.count("DELETE FROM {shard}.profile WHERE account_id = ANY(%(ids)s)", {"ids": ids}, shard=shard)
    return len(rows)
