"""Rows of posts, in their author's shard, with the author's `last_post_id` kept right in the same transaction.

Locks are always taken in the order post_stats, author_stats, each by id, so that two transactions never wait for each
other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString, NamedTuple

from flotilla.store.database import Work

__all__ = ["NewPost", "PostRow", "delete", "find", "insert", "lock", "newest_first", "read"]


class PostRow(NamedTuple):
    """A post with its author's names, its counts, and what decides whether and how one reader sees it.

    `author_hidden`: the reader blocked or muted the author.
    """

    post_id: int
    author_id: int
    handle: str
    display_name: str
    avatar: str | None
    locked: bool
    author_active: bool
    author_silenced: bool
    author_followed: bool
    author_hidden: bool
    blocked_by_author: bool
    body: str
    warning: str
    sensitive: bool
    language: str
    visibility: int
    parent_id: int | None
    parent_author_id: int | None
    repost_of: int | None
    media_count: int
    mentioned_ids: list[int]
    edited_at: datetime | None
    pinned: bool
    likes: int
    reposts: int
    replies: int
    liked: bool
    reposted: bool
    bookmarked: bool


# Around a statement that gives ids. Everything about the reader is asked for here, a probe of an index each, which
# costs less than a statement of its own would.
_COLUMNS: LiteralString = """
    SELECT p.id, p.author_id, a.handle, a.display_name, a.avatar, a.locked,
        account.state = 'active', account.silenced,
        EXISTS (SELECT FROM {reader}.following f
            WHERE f.follower_id = %(reader_id)s AND f.followee_id = p.author_id),
        false, false,
        p.body, p.warning, p.sensitive OR account.force_sensitive, p.language, p.visibility,
        p.parent_id, p.parent_author_id, p.repost_of,
        p.media_count, p.mentioned_ids, p.edited_at, p.pinned, s.likes, s.reposts, s.replies,
        EXISTS (SELECT FROM {reader}.likes_given l WHERE l.account_id = %(reader_id)s AND l.post_id = p.id),
        EXISTS (SELECT FROM {reader}.reposts_given r WHERE r.account_id = %(reader_id)s AND r.post_id = p.id),
        EXISTS (SELECT FROM {reader}.bookmarks_given b WHERE b.account_id = %(reader_id)s AND b.post_id = p.id)
    FROM ("""
_JOINS: LiteralString = """) wanted
    JOIN {shard}.posts p ON p.id = wanted.id
    JOIN {shard}.post_stats s ON s.post_id = p.id
    JOIN {shard}.profile a ON a.account_id = p.author_id
    JOIN g.account account ON account.id = p.author_id
    ORDER BY p.id DESC
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPost:
    """What a post is stored with."""

    author_id: int
    bucket: int
    body: str
    visibility: int = 0
    warning: str = ""
    sensitive: bool = False
    language: str = ""
    parent_id: int | None = None
    parent_author_id: int | None = None
    repost_of: int | None = None
    media_count: int = 0
    mentioned_ids: Sequence[int] = ()


def read(work: Work, ids: LiteralString, parameters: dict[str, object], *, shard: str, reader_id: int) -> list[PostRow]:
    """The posts whose ids the statement `ids` gives as its column `id`, newest first, as `reader_id` (0: a visitor)."""
    statement: LiteralString = _COLUMNS + ids + _JOINS
    rows = work.all(
        statement, {**parameters, "reader_id": reader_id}, shard=shard, reader=work.shards.schema_of(reader_id)
    )
    return list(map(PostRow._make, rows))


def newest_first(rows: Sequence[PostRow], limit: int) -> list[PostRow]:
    """The newest `limit` of the rows that several shards gave."""
    return sorted(rows, key=lambda row: row.post_id, reverse=True)[:limit]


def insert(work: Work, new: NewPost) -> int:
    """Store a post; its id."""
    row = work.one(
        """
        WITH post AS (
            INSERT INTO {shard}.posts (id, author_id, body, visibility, warning, sensitive, language, parent_id,
                parent_author_id, repost_of, media_count, mentioned_ids)
            VALUES ({shard}.next_id(%(bucket)s), %(author_id)s, %(body)s, %(visibility)s, %(warning)s, %(sensitive)s,
                %(language)s, %(parent_id)s, %(parent_author_id)s, %(repost_of)s, %(media_count)s,
                %(mentioned_ids)s::bigint[])
            RETURNING id, in_timelines
        ), stats AS (
            INSERT INTO {shard}.post_stats (post_id) SELECT id FROM post
        )
        UPDATE {shard}.author_stats a SET
            last_post_id = CASE WHEN in_timelines THEN greatest(a.last_post_id, post.id) ELSE a.last_post_id END,
            posts = a.posts + in_timelines::integer
        FROM post WHERE a.author_id = %(author_id)s RETURNING post.id
        """,
        {
            "author_id": new.author_id,
            "bucket": new.bucket,
            "body": new.body,
            "visibility": new.visibility,
            "warning": new.warning,
            "sensitive": new.sensitive,
            "language": new.language,
            "parent_id": new.parent_id,
            "parent_author_id": new.parent_author_id,
            "repost_of": new.repost_of,
            "media_count": new.media_count,
            "mentioned_ids": list(new.mentioned_ids),
        },
        shard=work.shards.schema_of(new.author_id),
    )
    assert row is not None, "an account always has its author_stats"
    post_id: int = row[0]
    return post_id


def find(work: Work, post_ids: Sequence[int], *, reader_id: int) -> list[PostRow]:
    """Those of the posts that exist, newest first."""
    found: list[PostRow] = []
    for shard, ids in work.shards.by_schema(post_ids).items():
        wanted = "SELECT unnest(%(ids)s::bigint[]) AS id"
        found += read(work, wanted, {"ids": ids}, shard=shard, reader_id=reader_id)
    return newest_first(found, len(post_ids))


def lock(work: Work, post_id: int) -> int | None:
    """Hold the post's counts and its existence still until the transaction ends; its likes, None without such a post.

    Of several posts the one with the smallest id first.
    """
    row = work.one(
        "SELECT likes FROM {shard}.post_stats WHERE post_id = %(post_id)s FOR NO KEY UPDATE",
        {"post_id": post_id},
        shard=work.shards.schema_of(post_id),
    )
    return None if row is None else row[0]


def delete(work: Work, *, post_id: int, author_id: int) -> None:
    """Delete a post that `lock` holds, with its statistics, and find its author's newest post anew."""
    shard = work.shards.schema_of(post_id)
    keys: dict[str, object] = {"post_id": post_id, "author_id": author_id}
    row = work.one("DELETE FROM {shard}.posts WHERE id = %(post_id)s RETURNING in_timelines", keys, shard=shard)
    if row is None or not row[0]:
        return
    # First the lock, then, in a statement of its own that sees what was committed meanwhile, the newest post.
    work.one("SELECT FROM {shard}.author_stats WHERE author_id = %(author_id)s FOR NO KEY UPDATE", keys, shard=shard)
    work.count(
        """
        UPDATE {shard}.author_stats SET posts = posts - 1,
            last_post_id = coalesce(
                (SELECT max(id) FROM {shard}.posts WHERE author_id = %(author_id)s AND in_timelines), 0)
        WHERE author_id = %(author_id)s
        """,
        keys,
        shard=shard,
    )
