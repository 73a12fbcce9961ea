"""Rows of lists and their members, in the shard of the lists' owner; nobody else's are ever found or changed."""

from collections.abc import Sequence
from typing import NamedTuple

from flotilla.store.database import Work
from flotilla.store.ids import bucket_of

__all__ = [
    "ListRow",
    "add",
    "all_of",
    "change",
    "containing",
    "delete",
    "find",
    "insert",
    "lock",
    "members",
    "remove",
]


class ListRow(NamedTuple):
    """A list: whose replies it shows is `list`, `followed` or `none`."""

    list_id: int
    title: str
    replies: str


def all_of(work: Work, *, account_id: int, limit: int) -> list[ListRow]:
    """A person's lists, by title."""
    rows = work.all(
        """
        SELECT id, title, replies FROM {shard}.lists WHERE account_id = %(account_id)s
        ORDER BY lower(title), id LIMIT %(limit)s
        """,
        {"account_id": account_id, "limit": limit},
        shard=work.shards.schema_of(account_id),
    )
    return list(map(ListRow._make, rows))


def containing(work: Work, *, account_id: int, member_id: int) -> list[ListRow]:
    """Those of a person's lists that the other is on, by title."""
    rows = work.all(
        """
        SELECT l.id, l.title, l.replies FROM {shard}.lists l
        JOIN {shard}.list_members m ON m.list_id = l.id AND m.account_id = %(member_id)s
        WHERE l.account_id = %(account_id)s ORDER BY lower(l.title), l.id
        """,
        {"account_id": account_id, "member_id": member_id},
        shard=work.shards.schema_of(account_id),
    )
    return list(map(ListRow._make, rows))


def find(work: Work, *, account_id: int, list_id: int) -> ListRow | None:
    """One of a person's lists."""
    row = work.one(
        "SELECT id, title, replies FROM {shard}.lists WHERE id = %(list_id)s AND account_id = %(account_id)s",
        {"account_id": account_id, "list_id": list_id},
        shard=work.shards.schema_of(account_id),
    )
    return None if row is None else ListRow(*row)


def lock(work: Work, *, account_id: int, list_id: int) -> int | None:
    """Hold one of a person's lists still; how many members it has, None without such a list."""
    keys: dict[str, object] = {"account_id": account_id, "list_id": list_id}
    shard = work.shards.schema_of(account_id)
    held = "SELECT 1 FROM {shard}.lists WHERE id = %(list_id)s AND account_id = %(account_id)s FOR UPDATE"
    if work.one(held, keys, shard=shard) is None:
        return None
    row = work.one("SELECT count(*) FROM {shard}.list_members WHERE list_id = %(list_id)s", keys, shard=shard)
    assert row is not None
    return int(row[0])


def insert(work: Work, *, account_id: int, title: str, replies: str, most: int) -> int | None:
    """Make a list; its id, None when the person has `most` already."""
    shard = work.shards.schema_of(account_id)
    # Two lists made at once are counted one after the other.
    work.one(
        "SELECT FROM {shard}.profile WHERE account_id = %(account_id)s FOR NO KEY UPDATE",
        {"account_id": account_id},
        shard=shard,
    )
    row = work.one(
        """
        INSERT INTO {shard}.lists (id, account_id, title, replies)
        SELECT {shard}.next_id(%(bucket)s), %(account_id)s, %(title)s, %(replies)s
        WHERE (SELECT count(*) FROM {shard}.lists WHERE account_id = %(account_id)s) < %(most)s RETURNING id
        """,
        {
            "account_id": account_id,
            "bucket": bucket_of(account_id),
            "title": title,
            "replies": replies,
            "most": most,
        },
        shard=shard,
    )
    return None if row is None else int(row[0])


def change(work: Work, *, account_id: int, list_id: int, title: str, replies: str) -> bool:
    """Give a list another title and another rule for replies; whether there is such a list."""
    return bool(
        work.count(
            """
            UPDATE {shard}.lists SET title = %(title)s, replies = %(replies)s
            WHERE id = %(list_id)s AND account_id = %(account_id)s
            """,
            {"account_id": account_id, "list_id": list_id, "title": title, "replies": replies},
            shard=work.shards.schema_of(account_id),
        )
    )


def delete(work: Work, *, account_id: int, list_id: int) -> bool:
    """Delete a list with its members; whether there was one."""
    return bool(
        work.count(
            "DELETE FROM {shard}.lists WHERE id = %(list_id)s AND account_id = %(account_id)s",
            {"account_id": account_id, "list_id": list_id},
            shard=work.shards.schema_of(account_id),
        )
    )


def members(work: Work, *, account_id: int, list_id: int, before: int, limit: int) -> list[int]:
    """Who is on a list, the newest accounts first, all with ids below `before`."""
    rows = work.all(
        """
        SELECT m.account_id FROM {shard}.list_members m
        WHERE m.list_id = %(list_id)s AND m.account_id < %(before)s ORDER BY m.account_id DESC LIMIT %(limit)s
        """,
        {"list_id": list_id, "before": before, "limit": limit},
        shard=work.shards.schema_of(account_id),
    )
    return [member_id for (member_id,) in rows]


def add(work: Work, *, account_id: int, list_id: int, member_ids: Sequence[int]) -> frozenset[int]:
    """Put those of the people on a list whom its owner follows; who that is.

    Their follows are held, so that somebody unfollowed at this moment does not stay on the list.
    """
    shard = work.shards.schema_of(account_id)
    rows = work.all(
        """
        SELECT followee_id FROM {shard}.following
        WHERE follower_id = %(account_id)s AND followee_id = ANY(%(member_ids)s) ORDER BY followee_id FOR SHARE
        """,
        {"account_id": account_id, "member_ids": list(member_ids)},
        shard=shard,
    )
    followed = [followee_id for (followee_id,) in rows]
    work.count(
        """
        INSERT INTO {shard}.list_members (list_id, account_id)
        SELECT %(list_id)s, unnest(%(followed)s::bigint[]) ON CONFLICT DO NOTHING
        """,
        {"list_id": list_id, "followed": followed},
        shard=shard,
    )
    return frozenset(followed)


def remove(work: Work, *, account_id: int, list_id: int, member_ids: Sequence[int]) -> None:
    """Take people off a list."""
    work.count(
        "DELETE FROM {shard}.list_members WHERE list_id = %(list_id)s AND account_id = ANY(%(member_ids)s)",
        {"list_id": list_id, "member_ids": list(member_ids)},
        shard=work.shards.schema_of(account_id),
    )
