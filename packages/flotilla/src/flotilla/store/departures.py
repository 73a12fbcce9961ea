"""Rows of an account that goes: what closes it at once, and what is removed after that, a bounded number at a time."""

from typing import LiteralString

from flotilla.store.database import Work

__all__ = ["close", "leftovers", "marked", "others", "posts", "remove_profile"]

# What opens the account to anybody, and what it says about a person.
_KEYS: tuple[LiteralString, ...] = (
    "DELETE FROM {shard}.credential WHERE account_id = %(account_id)s",
    "DELETE FROM {shard}.sessions WHERE account_id = %(account_id)s",
    "DELETE FROM {shard}.account_token WHERE account_id = %(account_id)s",
    "DELETE FROM {shard}.second_factor WHERE account_id = %(account_id)s",
    "DELETE FROM {shard}.access_token WHERE account_id = %(account_id)s",
    "DELETE FROM {shard}.authorization_code WHERE account_id = %(account_id)s",
    "DELETE FROM {shard}.seen_address WHERE account_id = %(account_id)s",
    """
    UPDATE {shard}.profile SET display_name = handle, bio = '', avatar = NULL, header = NULL, fields = '[]'
    WHERE account_id = %(account_id)s
    """,
)

# Rows of the account's own that nobody counts and that mirror nothing: each table with the column that says whose.
_LEFTOVERS: tuple[tuple[LiteralString, LiteralString], ...] = (
    ("notifications", "account_id"),
    ("notification_groups", "account_id"),
    ("markers", "account_id"),
    ("mutes", "account_id"),
    ("thread_mutes", "account_id"),
    ("tag_follows", "account_id"),
    ("mention_index", "account_id"),
    ("conversation_posts", "account_id"),
    ("conversations", "account_id"),
    ("home_feed", "account_id"),
    ("home_entry", "account_id"),
)
# The same in every shard: these edges have no mirror by which they could be found.
_LEFTOVERS_ELSEWHERE: tuple[tuple[LiteralString, LiteralString], ...] = (
    ("mutes", "target_id"),
    ("list_members", "account_id"),
)
_REMOVE_SOME: LiteralString = """
    DELETE FROM {shard}.leftover WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM {shard}.leftover WHERE whose = %(account_id)s LIMIT %(limit)s))
    """


def close(work: Work, account_id: int) -> bool:
    """Make the account nobody's, hidden and empty of words, and its address free; whether it was there."""
    keys: dict[str, object] = {"account_id": account_id}
    closed = work.count(
        """
        UPDATE g.account SET state = 'deleted', email = NULL, reason = '', role = 'member'
        WHERE id = %(account_id)s AND state <> 'deleted'
        """,
        keys,
    )
    if not closed:
        return False
    work.count("DELETE FROM g.invite WHERE made_by = %(account_id)s", keys)
    shard = work.shards.schema_of(account_id)
    for statement in _KEYS:
        work.count(statement, keys, shard=shard)
    return True


def posts(work: Work, account_id: int, *, limit: int) -> list[int]:
    """Some of its posts, reposts among them."""
    rows = work.all(
        "SELECT id FROM {shard}.posts WHERE author_id = %(account_id)s ORDER BY in_timelines, id DESC LIMIT %(limit)s",
        {"account_id": account_id, "limit": limit},
        shard=work.shards.schema_of(account_id),
    )
    return [post_id for (post_id,) in rows]


def marked(work: Work, account_id: int, *, limit: int) -> list[int]:
    """Some of the posts it likes or keeps as bookmarks."""
    rows = work.all(
        """
        (SELECT post_id FROM {shard}.likes_given WHERE account_id = %(account_id)s LIMIT %(limit)s)
        UNION
        (SELECT post_id FROM {shard}.bookmarks_given WHERE account_id = %(account_id)s LIMIT %(limit)s)
        """,
        {"account_id": account_id, "limit": limit},
        shard=work.shards.schema_of(account_id),
    )
    return [post_id for (post_id,) in rows]


def others(work: Work, account_id: int, *, limit: int) -> list[int]:
    """Some of the people with whom it has a follow, a request or a block, in either direction."""
    rows = work.all(
        """
        (SELECT followee_id FROM {shard}.following WHERE follower_id = %(account_id)s LIMIT %(limit)s)
        UNION
        (SELECT follower_id FROM {shard}.followers WHERE followee_id = %(account_id)s LIMIT %(limit)s)
        UNION
        (SELECT target_id FROM {shard}.follow_requests WHERE requester_id = %(account_id)s LIMIT %(limit)s)
        UNION
        (SELECT requester_id FROM {shard}.follow_requests_received WHERE target_id = %(account_id)s LIMIT %(limit)s)
        UNION
        (SELECT target_id FROM {shard}.blocks WHERE account_id = %(account_id)s LIMIT %(limit)s)
        UNION
        (SELECT by_id FROM {shard}.blocked_by WHERE account_id = %(account_id)s LIMIT %(limit)s)
        """,
        {"account_id": account_id, "limit": limit},
        shard=work.shards.schema_of(account_id),
    )
    return [other_id for (other_id,) in rows]


def leftovers(work: Work, account_id: int, *, limit: int) -> int:
    """Remove at most so many rows of each kind that nobody counts; how many in all."""
    keys: dict[str, object] = {"account_id": account_id, "limit": limit}
    own = work.shards.schema_of(account_id)
    wanted = [(own, kind) for kind in _LEFTOVERS]
    wanted += [(shard, kind) for shard in work.shards.schemas for kind in _LEFTOVERS_ELSEWHERE]
    return sum(
        work.count(_REMOVE_SOME.replace("leftover", table).replace("whose", column), keys, shard=shard)
        for shard, (table, column) in wanted
    )


def remove_profile(work: Work, account_id: int) -> None:
    """Remove the last of it, with what hangs on it; the handle stays taken."""
    work.count(
        "DELETE FROM {shard}.profile WHERE account_id = %(account_id)s",
        {"account_id": account_id},
        shard=work.shards.schema_of(account_id),
    )
