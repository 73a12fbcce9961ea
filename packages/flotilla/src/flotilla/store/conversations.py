"""Rows of conversations, each member's in their own shard: which direct posts are in it, and how far one has read."""

from collections.abc import Iterable, Sequence
from typing import LiteralString, NamedTuple

from flotilla.store.database import Work
from flotilla.store.windows import Window, within

__all__ = ["ConversationRow", "add", "delete", "find", "newest", "post_ids", "read_to", "remove_post", "unread"]


class ConversationRow(NamedTuple):
    """A conversation as one of its members has it; `member_ids` are all of its members."""

    conversation_id: int
    member_ids: list[int]
    last_post_id: int
    last_read_id: int


def add(work: Work, *, conversation_id: int, member_ids: Sequence[int], author_id: int, post_id: int) -> None:
    """Put a direct post into its conversation, for every member; its author has read it."""
    # Members in one order everywhere, so that two who write at once do not wait for each other.
    for shard, ids in sorted(work.shards.by_schema(member_ids).items()):
        work.count(
            """
            WITH belongs AS (
                INSERT INTO {shard}.conversation_posts (account_id, conversation_id, post_id)
                SELECT unnest(%(ids)s::bigint[]), %(conversation_id)s, %(post_id)s
            )
            INSERT INTO {shard}.conversations AS c
                (account_id, conversation_id, member_ids, last_post_id, last_read_id)
            SELECT account_id, %(conversation_id)s, %(member_ids)s::bigint[], %(post_id)s,
                CASE WHEN account_id = %(author_id)s THEN %(post_id)s ELSE 0 END
            FROM unnest(%(ids)s::bigint[]) account_id
            ON CONFLICT (account_id, conversation_id) DO UPDATE SET
                last_post_id = greatest(c.last_post_id, excluded.last_post_id),
                last_read_id = greatest(c.last_read_id, excluded.last_read_id)
            """,
            {
                "ids": sorted(ids),
                "conversation_id": conversation_id,
                "member_ids": list(member_ids),
                "author_id": author_id,
                "post_id": post_id,
            },
            shard=shard,
        )


def remove_post(work: Work, *, conversation_id: int, member_ids: Iterable[int], post_id: int) -> None:
    """Take a post that goes out of its conversation, for every member; with its last post the conversation goes."""
    for shard, ids in sorted(work.shards.by_schema(member_ids).items()):
        keys: dict[str, object] = {"ids": sorted(ids), "conversation_id": conversation_id, "post_id": post_id}
        work.all(
            """
            SELECT FROM {shard}.conversations WHERE account_id = ANY(%(ids)s) AND conversation_id = %(conversation_id)s
            ORDER BY account_id FOR NO KEY UPDATE
            """,
            keys,
            shard=shard,
        )
        work.count(
            """
            DELETE FROM {shard}.conversation_posts
            WHERE account_id = ANY(%(ids)s) AND conversation_id = %(conversation_id)s AND post_id = %(post_id)s
            """,
            keys,
            shard=shard,
        )
        work.count(
            """
            UPDATE {shard}.conversations c SET last_post_id = coalesce((
                SELECT max(post_id) FROM {shard}.conversation_posts p
                WHERE p.account_id = c.account_id AND p.conversation_id = c.conversation_id), 0)
            WHERE account_id = ANY(%(ids)s) AND conversation_id = %(conversation_id)s
            """,
            keys,
            shard=shard,
        )
        work.count(
            """
            DELETE FROM {shard}.conversations
            WHERE account_id = ANY(%(ids)s) AND conversation_id = %(conversation_id)s AND last_post_id = 0
            """,
            keys,
            shard=shard,
        )


def newest(work: Work, *, account_id: int, window: Window) -> list[ConversationRow]:
    """A window over one's conversations, by their last posts."""
    last_posts = within(
        "SELECT last_post_id AS id FROM {shard}.conversations WHERE account_id = %(account_id)s", window
    )
    start: LiteralString = """
        SELECT c.conversation_id, c.member_ids, c.last_post_id, c.last_read_id
        FROM {shard}.conversations c WHERE c.account_id = %(account_id)s AND c.last_post_id IN ("""
    rows = work.all(
        start + last_posts + ") ORDER BY c.last_post_id DESC",
        {**window.parameters(), "account_id": account_id},
        shard=work.shards.schema_of(account_id),
    )
    return list(map(ConversationRow._make, rows))


def find(work: Work, *, account_id: int, conversation_id: int) -> ConversationRow | None:
    """One of one's conversations."""
    row = work.one(
        """
        SELECT conversation_id, member_ids, last_post_id, last_read_id FROM {shard}.conversations
        WHERE account_id = %(account_id)s AND conversation_id = %(conversation_id)s
        """,
        {"account_id": account_id, "conversation_id": conversation_id},
        shard=work.shards.schema_of(account_id),
    )
    return None if row is None else ConversationRow._make(row)


def post_ids(work: Work, *, account_id: int, conversation_id: int, window: Window) -> list[int]:
    """A window over the posts of one of one's conversations."""
    rows = work.all(
        within(
            """
            SELECT post_id AS id FROM {shard}.conversation_posts
            WHERE account_id = %(account_id)s AND conversation_id = %(conversation_id)s
            """,
            window,
        ),
        {**window.parameters(), "account_id": account_id, "conversation_id": conversation_id},
        shard=work.shards.schema_of(account_id),
    )
    return [post_id for (post_id,) in rows]


def read_to(work: Work, *, account_id: int, conversation_id: int, post_id: int) -> bool:
    """Note that one has read up to that post; whether that is further than before."""
    return bool(
        work.count(
            """
            UPDATE {shard}.conversations SET last_read_id = %(post_id)s
            WHERE account_id = %(account_id)s AND conversation_id = %(conversation_id)s
                AND last_read_id < %(post_id)s
            """,
            {"account_id": account_id, "conversation_id": conversation_id, "post_id": post_id},
            shard=work.shards.schema_of(account_id),
        )
    )


def unread(work: Work, *, account_id: int, most: int) -> int:
    """How many of one's conversations have something new; counted to `most`."""
    row = work.one(
        """
        SELECT count(*) FROM (
            SELECT FROM {shard}.conversations WHERE account_id = %(account_id)s AND last_post_id > last_read_id
            LIMIT %(most)s
        ) found
        """,
        {"account_id": account_id, "most": most},
        shard=work.shards.schema_of(account_id),
    )
    return row[0] if row else 0


def delete(work: Work, *, account_id: int, conversation_id: int) -> bool:
    """Forget a conversation, for oneself only; whether there was one."""
    return bool(
        work.count(
            """
            WITH posts AS (
                DELETE FROM {shard}.conversation_posts
                WHERE account_id = %(account_id)s AND conversation_id = %(conversation_id)s
            )
            DELETE FROM {shard}.conversations
            WHERE account_id = %(account_id)s AND conversation_id = %(conversation_id)s
            """,
            {"account_id": account_id, "conversation_id": conversation_id},
            shard=work.shards.schema_of(account_id),
        )
    )
