"""Rows of muted threads, in the shard of whoever mutes; there is no mirror, for nobody else ever asks.

A row may outlive the posts of its thread, as the thread may outlive the post it began with: it then means nothing.
"""

from flotilla.store.database import Work

__all__ = ["delete", "insert"]


def insert(work: Work, *, account_id: int, thread_id: int) -> None:
    """Mute a thread, once however often."""
    work.count(
        """
        INSERT INTO {shard}.thread_mutes (account_id, thread_id) VALUES (%(account_id)s, %(thread_id)s)
        ON CONFLICT DO NOTHING
        """,
        {"account_id": account_id, "thread_id": thread_id},
        shard=work.shards.schema_of(account_id),
    )


def delete(work: Work, *, account_id: int, thread_id: int) -> None:
    """Take that back, if it was so."""
    work.count(
        "DELETE FROM {shard}.thread_mutes WHERE account_id = %(account_id)s AND thread_id = %(thread_id)s",
        {"account_id": account_id, "thread_id": thread_id},
        shard=work.shards.schema_of(account_id),
    )
