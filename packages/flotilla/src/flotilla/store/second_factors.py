"""Rows of second factors and their recovery codes, in the shard of the person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from flotilla.store.database import Work

__all__ = [
    "FactorRow",
    "activate",
    "codes_left",
    "delete",
    "failed",
    "find",
    "passed",
    "replace_codes",
    "start",
    "take_code",
]


@dataclass(frozen=True, slots=True)
class FactorRow:
    """A second factor; `closed` for a while after too many wrong codes."""

    nonce: bytes
    active: bool
    last_step: int
    closed: bool


def find(work: Work, account_id: int) -> FactorRow | None:
    """The account's second factor, active or being set up."""
    row = work.one(
        """
        SELECT nonce, active, last_step, closed_until > now() FROM {shard}.second_factor
        WHERE account_id = %(account_id)s
        """,
        {"account_id": account_id},
        shard=work.shards.schema_of(account_id),
    )
    return None if row is None else FactorRow(bytes(row[0]), row[1], row[2], row[3])


def start(work: Work, *, account_id: int, nonce: bytes) -> None:
    """Begin to set a second factor up, anew if that was begun before; an active one stays as it is."""
    work.count(
        """
        INSERT INTO {shard}.second_factor (account_id, nonce) VALUES (%(account_id)s, %(nonce)s)
        ON CONFLICT (account_id) DO UPDATE SET nonce = excluded.nonce, last_step = 0
        WHERE NOT second_factor.active
        """,
        {"account_id": account_id, "nonce": nonce},
        shard=work.shards.schema_of(account_id),
    )


def activate(work: Work, *, account_id: int, nonce: bytes, step: int) -> bool:
    """Switch the second factor of that nonce on, with the code of `step` used up; False when it is on or another."""
    return bool(
        work.count(
            """
            UPDATE {shard}.second_factor SET active = true, last_step = %(step)s, failures = 0
            WHERE account_id = %(account_id)s AND NOT active AND nonce = %(nonce)s
            """,
            {"account_id": account_id, "nonce": nonce, "step": step},
            shard=work.shards.schema_of(account_id),
        )
    )


def passed(work: Work, *, account_id: int, step: int) -> bool:
    """Use up the code of `step`; False when it, or a later one, was used before."""
    return bool(
        work.count(
            """
            UPDATE {shard}.second_factor SET last_step = %(step)s, failures = 0
            WHERE account_id = %(account_id)s AND active AND last_step < %(step)s AND closed_until <= now()
            """,
            {"account_id": account_id, "step": step},
            shard=work.shards.schema_of(account_id),
        )
    )


def failed(work: Work, *, account_id: int, failures_max: int, closed_for: timedelta) -> bool:
    """Count a wrong code; whether this was the one that closes the factor for a while."""
    row = work.one(
        """
        UPDATE {shard}.second_factor SET
            failures = CASE WHEN failures + 1 >= %(failures_max)s THEN 0 ELSE failures + 1 END,
            closed_until = CASE WHEN failures + 1 >= %(failures_max)s THEN now() + %(closed_for)s ELSE closed_until END
        WHERE account_id = %(account_id)s AND active AND closed_until <= now()
        RETURNING closed_until > now()
        """,
        {"account_id": account_id, "failures_max": failures_max, "closed_for": closed_for},
        shard=work.shards.schema_of(account_id),
    )
    return row is not None and bool(row[0])


def delete(work: Work, account_id: int) -> bool:
    """Remove the second factor with its recovery codes; whether there was an active one."""
    row = work.one(
        "DELETE FROM {shard}.second_factor WHERE account_id = %(account_id)s RETURNING active",
        {"account_id": account_id},
        shard=work.shards.schema_of(account_id),
    )
    return row is not None and bool(row[0])


def replace_codes(work: Work, *, account_id: int, code_hashes: Sequence[bytes]) -> None:
    """Store new recovery codes; the old ones are worth nothing any more."""
    shard = work.shards.schema_of(account_id)
    work.count(
        "DELETE FROM {shard}.recovery_code WHERE account_id = %(account_id)s", {"account_id": account_id}, shard=shard
    )
    work.count(
        """
        INSERT INTO {shard}.recovery_code (account_id, code_hash)
        SELECT %(account_id)s, unnest(%(code_hashes)s::bytea[])
        """,
        {"account_id": account_id, "code_hashes": list(code_hashes)},
        shard=shard,
    )


def take_code(work: Work, *, account_id: int, code_hash: bytes) -> bool:
    """Use a recovery code up; whether there was such a one."""
    return bool(
        work.count(
            "DELETE FROM {shard}.recovery_code WHERE account_id = %(account_id)s AND code_hash = %(code_hash)s",
            {"account_id": account_id, "code_hash": code_hash},
            shard=work.shards.schema_of(account_id),
        )
    )


def codes_left(work: Work, account_id: int) -> int:
    """How many recovery codes are left, ten at most."""
    row = work.one(
        "SELECT count(*) FROM {shard}.recovery_code WHERE account_id = %(account_id)s",
        {"account_id": account_id},
        shard=work.shards.schema_of(account_id),
    )
    assert row is not None
    return int(row[0])
