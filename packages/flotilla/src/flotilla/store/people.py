"""Holding people still: the lock that makes everything between two people happen one after the other.

Whoever changes an edge between two people (follow, request, block) and with it their counts, first holds the counts of
both. So nobody starts to follow a person while that person blocks them, and people who follow each other at the same
moment wait in one order: by schema, then by id.
"""

from collections.abc import Iterable

from flotilla.store.database import Work

__all__ = ["lock"]


def lock(work: Work, account_ids: Iterable[int]) -> dict[int, int]:
    """Hold these people's counts until the transaction ends; how many each follows, without those who are gone."""
    found: dict[int, int] = {}
    for shard, ids in sorted(work.shards.by_schema(account_ids).items()):
        rows = work.all(
            """
            SELECT author_id, following FROM {shard}.author_stats WHERE author_id = ANY(%(ids)s)
            ORDER BY author_id FOR NO KEY UPDATE
            """,
            {"ids": ids},
            shard=shard,
        )
        found.update(rows)
    return found
