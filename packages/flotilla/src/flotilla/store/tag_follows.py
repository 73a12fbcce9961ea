"""Rows of the hashtags that people follow, in the follower's shard."""

from typing import NamedTuple

from flotilla.store.database import Work
from flotilla.store.ids import bucket_for

__all__ = ["FollowedTagRow", "delete", "insert", "is_followed", "page"]


class FollowedTagRow(NamedTuple):
    """A hashtag somebody follows."""

    tag_id: int
    name: str


def insert(work: Work, *, account_id: int, name: str, most: int) -> bool:
    """Follow a hashtag, used or not; False when the person follows `most` others already."""
    tag: dict[str, object] = {"name": name, "bucket": bucket_for(name), "account_id": account_id, "most": most}
    work.count(
        "INSERT INTO g.hashtag (id, name) VALUES ({shard}.next_id(%(bucket)s), %(name)s) ON CONFLICT DO NOTHING",
        tag,
        shard=work.shards.schema_of_bucket(bucket_for(name)),
    )
    shard = work.shards.schema_of(account_id)
    work.one("SELECT FROM {shard}.profile WHERE account_id = %(account_id)s FOR NO KEY UPDATE", tag, shard=shard)
    row = work.one(
        """
        WITH tag AS (
            SELECT id FROM g.hashtag WHERE name = %(name)s
        ), added AS (
            INSERT INTO {shard}.tag_follows (account_id, tag_id)
            SELECT %(account_id)s, id FROM tag
            WHERE (SELECT count(*) FROM {shard}.tag_follows WHERE account_id = %(account_id)s) < %(most)s
            ON CONFLICT DO NOTHING RETURNING tag_id
        )
        SELECT EXISTS (SELECT FROM added) OR EXISTS (
            SELECT FROM {shard}.tag_follows f JOIN tag ON tag.id = f.tag_id WHERE f.account_id = %(account_id)s
        )
        """,
        tag,
        shard=shard,
    )
    return row is not None and bool(row[0])


def delete(work: Work, *, account_id: int, name: str) -> None:
    """Stop following a hashtag, if one did."""
    work.count(
        """
        DELETE FROM {shard}.tag_follows f USING g.hashtag h
        WHERE h.name = %(name)s AND f.tag_id = h.id AND f.account_id = %(account_id)s
        """,
        {"account_id": account_id, "name": name},
        shard=work.shards.schema_of(account_id),
    )


def is_followed(work: Work, *, account_id: int, name: str) -> bool:
    """Whether that person follows the hashtag."""
    row = work.one(
        """
        SELECT 1 FROM g.hashtag h JOIN {shard}.tag_follows f ON f.tag_id = h.id
        WHERE h.name = %(name)s AND f.account_id = %(account_id)s
        """,
        {"account_id": account_id, "name": name},
        shard=work.shards.schema_of(account_id),
    )
    return row is not None


def page(work: Work, *, account_id: int, before: int, limit: int) -> list[FollowedTagRow]:
    """The hashtags a person follows, those first used last first, all with ids below `before`."""
    rows = work.all(
        """
        SELECT h.id, h.name FROM {shard}.tag_follows f JOIN g.hashtag h ON h.id = f.tag_id
        WHERE f.account_id = %(account_id)s AND f.tag_id < %(before)s ORDER BY f.tag_id DESC LIMIT %(limit)s
        """,
        {"account_id": account_id, "before": before, "limit": limit},
        shard=work.shards.schema_of(account_id),
    )
    return list(map(FollowedTagRow._make, rows))
