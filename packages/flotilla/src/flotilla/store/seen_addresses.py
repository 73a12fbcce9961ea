"""Rows of the IP addresses that people signed in from, with the last day of each."""

from dataclasses import dataclass
from datetime import date

from flotilla.store.database import Work

__all__ = ["SeenRow", "accounts_at", "forget_old", "note", "of"]


@dataclass(frozen=True, slots=True)
class SeenRow:
    """An address, and the last day somebody signed in from it."""

    address: str
    last_day: date


def note(work: Work, *, account_id: int, address: str) -> None:
    """Note that a person signs in from that address today; writes once a day."""
    work.count(
        """
        INSERT INTO {shard}.seen_address (account_id, address) VALUES (%(account_id)s, %(address)s::inet)
        ON CONFLICT (account_id, address) DO UPDATE SET last_day = excluded.last_day
        WHERE seen_address.last_day < excluded.last_day
        """,
        {"account_id": account_id, "address": address},
        shard=work.shards.schema_of(account_id),
    )


def of(work: Work, account_id: int, *, limit: int) -> list[SeenRow]:
    """The addresses that person used last."""
    rows = work.all(
        """
        SELECT host(address), last_day FROM {shard}.seen_address WHERE account_id = %(account_id)s
        ORDER BY last_day DESC, address LIMIT %(limit)s
        """,
        {"account_id": account_id, "limit": limit},
        shard=work.shards.schema_of(account_id),
    )
    return [SeenRow(*row) for row in rows]


def accounts_at(work: Work, address: str, *, limit: int) -> list[int]:
    """The newest accounts that signed in from that address."""
    found: list[int] = []
    for shard in work.shards.schemas:
        rows = work.all(
            """
            SELECT account_id FROM {shard}.seen_address WHERE address = %(address)s::inet
            ORDER BY account_id DESC LIMIT %(limit)s
            """,
            {"address": address, "limit": limit},
            shard=shard,
        )
        found += [account_id for (account_id,) in rows]
    return sorted(found, reverse=True)[:limit]


def forget_old(work: Work, *, days: int, most: int) -> int:
    """Remove at most so many addresses that were not used for that many days; how many."""
    removed = 0
    for shard in work.shards.schemas:
        removed += work.count(
            """
            DELETE FROM {shard}.seen_address WHERE (account_id, address) IN (
                SELECT account_id, address FROM {shard}.seen_address
                WHERE last_day < current_date - %(days)s::integer LIMIT %(most)s)
            """,
            {"days": days, "most": most - removed},
            shard=shard,
        )
    return removed
