"""Changing posts: their words, with the former ones kept; pins; and the keys that make publishing happen once."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from flotilla.store.database import Work

__all__ = ["VersionRow", "claim", "count_versions", "forget_claims", "pin", "pinned", "update", "versions"]


class VersionRow(NamedTuple):
    """A wording that a post once had."""

    written_at: datetime
    body: str
    warning: str
    sensitive: bool


def update(
    work: Work, *, post_id: int, posted_at: datetime, body: str, warning: str, sensitive: bool, language: str,
    mentioned_ids: Sequence[int],
) -> None:  # fmt: skip
    """Give a post that `posts.lock` holds other words, and keep the ones it has."""
    work.count(
        """
        WITH former AS (
            INSERT INTO {shard}.post_edits (post_id, written_at, body, warning, sensitive)
            SELECT id, coalesce(edited_at, %(posted_at)s), body, warning, sensitive
            FROM {shard}.posts WHERE id = %(post_id)s
        )
        UPDATE {shard}.posts SET body = %(body)s, warning = %(warning)s, sensitive = %(sensitive)s,
            language = %(language)s, mentioned_ids = %(mentioned_ids)s::bigint[], edited_at = clock_timestamp()
        WHERE id = %(post_id)s
        """,
        {
            "post_id": post_id,
            "posted_at": posted_at,
            "body": body,
            "warning": warning,
            "sensitive": sensitive,
            "language": language,
            "mentioned_ids": list(mentioned_ids),
        },
        shard=work.shards.schema_of(post_id),
    )


def versions(work: Work, post_id: int) -> list[VersionRow]:
    """The wordings the post had before its present one, oldest first."""
    rows = work.all(
        """
        SELECT written_at, body, warning, sensitive FROM {shard}.post_edits WHERE post_id = %(post_id)s
        ORDER BY written_at
        """,
        {"post_id": post_id},
        shard=work.shards.schema_of(post_id),
    )
    return list(map(VersionRow._make, rows))


def count_versions(work: Work, post_id: int) -> int:
    """How many former wordings are kept."""
    row = work.one(
        "SELECT count(*) FROM {shard}.post_edits WHERE post_id = %(post_id)s",
        {"post_id": post_id},
        shard=work.shards.schema_of(post_id),
    )
    return row[0] if row else 0


def pinned(work: Work, author_id: int) -> list[int]:
    """The posts the author has pinned, newest first."""
    rows = work.all(
        "SELECT id FROM {shard}.posts WHERE author_id = %(author_id)s AND pinned ORDER BY id DESC",
        {"author_id": author_id},
        shard=work.shards.schema_of(author_id),
    )
    return [post_id for (post_id,) in rows]


def pin(work: Work, post_id: int, *, pinned: bool) -> None:
    """Pin a post to its author's page, or take it off."""
    work.count(
        "UPDATE {shard}.posts SET pinned = %(pinned)s WHERE id = %(post_id)s",
        {"post_id": post_id, "pinned": pinned},
        shard=work.shards.schema_of(post_id),
    )


def claim(work: Work, *, account_id: int, bucket: int, key: bytes) -> tuple[int, bool]:
    """The id of the post that this key of this person stands for, and whether the key is new.

    Whoever sends the same key meanwhile waits here until this transaction ends.
    """
    keys: dict[str, object] = {"account_id": account_id, "bucket": bucket, "key": key}
    shard = work.shards.schema_of(account_id)
    row = work.one(
        """
        INSERT INTO {shard}.publish_keys (account_id, key, post_id)
        VALUES (%(account_id)s, %(key)s, {shard}.next_id(%(bucket)s)) ON CONFLICT DO NOTHING RETURNING post_id
        """,
        keys,
        shard=shard,
    )
    if row is not None:
        return row[0], True
    # A statement of its own sees what the other transaction has stored.
    row = work.one(
        "SELECT post_id FROM {shard}.publish_keys WHERE account_id = %(account_id)s AND key = %(key)s",
        keys,
        shard=shard,
    )
    assert row is not None, "a key is removed long after the transaction that found it"
    return row[0], False


def forget_claims(work: Work, *, before_id: int, most: int) -> int:
    """Remove at most so many keys of posts older than `before_id`; how many."""
    removed = 0
    for shard in work.shards.schemas:
        removed += work.count(
            """
            DELETE FROM {shard}.publish_keys WHERE (account_id, key) IN (
                SELECT account_id, key FROM {shard}.publish_keys WHERE post_id < %(before_id)s LIMIT %(most)s
            )
            """,
            {"before_id": before_id, "most": most - removed},
            shard=shard,
        )
    return removed
