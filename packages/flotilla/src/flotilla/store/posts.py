"""Rows of posts, in their author's shard, with the author's `last_post_id` kept right in the same transaction.

Locks are always taken in the order post_stats, author_stats, each by id, so that two transactions never wait for each
other.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import LiteralString, NamedTuple

from flotilla.store import jobs, people
from flotilla.store.database import Work

__all__ = [
    "FAN_OUT_LEASE_S",
    "NewPost",
    "PostRow",
    "delete",
    "find",
    "find_for_each",
    "insert",
    "lock",
    "newest_first",
    "read",
]

FAN_OUT_LEASE_S = 60
"""So long a post is missing from its followers' homes at most when the worker that was pushing it is killed. A million
followers take some 30 s; beginning anew beside somebody who is slower does no harm."""


class PostRow(NamedTuple):
    """A post with its author's names, its counts, and what decides whether and how one reader sees it.

    `avatar` is the name of a file. `reposts_wanted`: None when the reader does not follow the author, else whether they
    want to see what the author reposts. `author_hidden`: the reader blocked or muted the author. `parent_followed`: the
    reader follows whom it replies to. `thread_id`: the post its thread began with, itself perhaps, or one that is
    gone; `muted`: the reader wants to hear no more of that thread.
    """

    post_id: int
    author_id: int
    handle: str
    display_name: str
    avatar: str | None
    locked: bool
    author_active: bool
    author_silenced: bool
    reposts_wanted: bool | None
    author_hidden: bool
    blocked_by_author: bool
    parent_followed: bool
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
    muted: bool
    thread_id: int

    @property
    def author_followed(self) -> bool:
        """Whether the reader follows the author."""
        return self.reposts_wanted is not None


# Around a statement that gives ids. Everything about the reader is asked for here, a probe of an index each, which
# costs less than a statement of its own would.
_COLUMNS: LiteralString = """
    SELECT p.id, p.author_id, a.handle, a.display_name, a.avatar, a.locked,
        account.state NOT IN ('suspended', 'deleted'), account.silenced,
        (SELECT f.show_reposts FROM {reader}.following f
            WHERE f.follower_id = %(reader_id)s AND f.followee_id = p.author_id),
        EXISTS (SELECT FROM {reader}.blocks b WHERE b.account_id = %(reader_id)s AND b.target_id = p.author_id)
            OR EXISTS (SELECT FROM {reader}.mutes m WHERE m.account_id = %(reader_id)s AND m.target_id = p.author_id
                AND (m.expires_at IS NULL OR m.expires_at > now())),
        EXISTS (SELECT FROM {reader}.blocked_by b WHERE b.account_id = %(reader_id)s AND b.by_id = p.author_id),
        p.parent_author_id IS NOT NULL AND EXISTS (SELECT FROM {reader}.following f
            WHERE f.follower_id = %(reader_id)s AND f.followee_id = p.parent_author_id),
        p.body, p.warning, p.sensitive OR account.force_sensitive, p.language, p.visibility, p.parent_id,
        p.parent_author_id, p.repost_of, p.media_count, p.mentioned_ids, p.edited_at, p.pinned,
        s.likes, s.reposts, s.replies,
        EXISTS (SELECT FROM {reader}.likes_given l WHERE l.account_id = %(reader_id)s AND l.post_id = p.id),
        EXISTS (SELECT FROM {reader}.reposts_given r WHERE r.account_id = %(reader_id)s AND r.post_id = p.id),
        EXISTS (SELECT FROM {reader}.bookmarks_given b WHERE b.account_id = %(reader_id)s AND b.post_id = p.id),
        EXISTS (SELECT FROM {reader}.thread_mutes m WHERE m.account_id = %(reader_id)s
            AND m.thread_id = coalesce(p.thread_id, p.parent_id, p.id)),
        coalesce(p.thread_id, p.parent_id, p.id)
    FROM ("""
_JOINS: LiteralString = """) wanted
    JOIN {shard}.posts p ON p.id = wanted.id
    JOIN {shard}.post_stats s ON s.post_id = p.id
    JOIN {shard}.profile a ON a.account_id = p.author_id
    JOIN g.account account ON account.id = p.author_id
    ORDER BY p.id DESC
    """
# The same for several readers: (reader, post) each, the reader's id before the columns.
_PAIRS: LiteralString = "SELECT * FROM unnest(%(readers)s::bigint[], %(ids)s::bigint[]) AS pair (reader_id, id)"
_FOR_EACH: LiteralString = (_COLUMNS.replace("%(reader_id)s", "wanted.reader_id") + _PAIRS + _JOINS).replace(
    "SELECT p.id,", "SELECT wanted.reader_id, p.id,", 1
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPost:
    """What a post is stored with; without a `post_id` it gets one."""

    author_id: int
    bucket: int
    body: str = ""
    post_id: int | None = None
    visibility: int = 0
    warning: str = ""
    sensitive: bool = False
    language: str = ""
    parent_id: int | None = None
    parent_author_id: int | None = None
    thread_id: int | None = None
    repost_of: int | None = None
    media_count: int = 0
    mentioned_ids: Sequence[int] = ()


def read(
    work: Work,
    ids: LiteralString,
    parameters: dict[str, object],
    *,
    shard: str,
    reader_id: int,
    planned_anew: bool = False,
) -> list[PostRow]:
    """The posts whose ids the statement `ids` gives as its column `id`, newest first, as `reader_id` (0: a visitor).

    `planned_anew`: the best way to those ids depends on the parameters.
    """
    statement: LiteralString = _COLUMNS + ids + _JOINS
    rows = (work.all_planned_anew if planned_anew else work.all)(
        statement, {**parameters, "reader_id": reader_id}, shard=shard, reader=work.shards.schema_of(reader_id)
    )
    return list(map(PostRow._make, rows))


def find_for_each(work: Work, pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], PostRow]:
    """Posts as several readers see them, by (reader, post), without those that do not exist."""
    groups: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for reader_id, post_id in pairs:
        key = (work.shards.schema_of(post_id), work.shards.schema_of(reader_id))
        groups.setdefault(key, []).append((reader_id, post_id))
    found: dict[tuple[int, int], PostRow] = {}
    for (shard, reader), asked in groups.items():
        parameters: dict[str, object] = {"readers": [who for who, _ in asked], "ids": [which for _, which in asked]}
        for reader_id, *row in work.all(_FOR_EACH, parameters, shard=shard, reader=reader):
            found[reader_id, row[0]] = PostRow._make(row)
    return found


def newest_first(rows: Sequence[PostRow], limit: int) -> list[PostRow]:
    """The newest `limit` of the rows that several shards gave."""
    return sorted(rows, key=lambda row: row.post_id, reverse=True)[:limit]


def insert(work: Work, new: NewPost) -> int:
    """Store a post, and that it is to be pushed, where home timelines are pushed; its id."""
    row = work.one(
        """
        WITH post AS (
            INSERT INTO {shard}.posts (id, author_id, body, visibility, warning, sensitive, language, parent_id,
                parent_author_id, thread_id, repost_of, media_count, mentioned_ids)
            VALUES (coalesce(%(post_id)s, {shard}.next_id(%(bucket)s)), %(author_id)s, %(body)s, %(visibility)s,
                %(warning)s, %(sensitive)s,
                %(language)s, %(parent_id)s, %(parent_author_id)s, %(thread_id)s, %(repost_of)s, %(media_count)s,
                %(mentioned_ids)s::bigint[])
            RETURNING id, in_timelines
        ), stats AS (
            INSERT INTO {shard}.post_stats (post_id) SELECT id FROM post
        ), fan_out AS (
            INSERT INTO g.job (queue, task, arguments, lease_s)
            SELECT 'timelines', 'fan_out', jsonb_build_object('post_id', id, 'author_id', %(author_id)s::bigint),
                %(fan_out_lease_s)s
            FROM post, g.home_pushing WHERE in_timelines RETURNING 1
        )
        UPDATE {shard}.author_stats a SET
            last_post_id = CASE WHEN in_timelines THEN greatest(a.last_post_id, post.id) ELSE a.last_post_id END,
            posts = a.posts + in_timelines::integer
        FROM post WHERE a.author_id = %(author_id)s RETURNING post.id, (SELECT count(*) FROM fan_out)
        """,
        {
            "post_id": new.post_id,
            "author_id": new.author_id,
            "fan_out_lease_s": FAN_OUT_LEASE_S,
            "bucket": new.bucket,
            "body": new.body,
            "visibility": new.visibility,
            "warning": new.warning,
            "sensitive": new.sensitive,
            "language": new.language,
            "parent_id": new.parent_id,
            "parent_author_id": new.parent_author_id,
            "thread_id": new.thread_id,
            "repost_of": new.repost_of,
            "media_count": new.media_count,
            "mentioned_ids": list(new.mentioned_ids),
        },
        shard=work.shards.schema_of(new.author_id),
    )
    assert row is not None, "an account always has its author_stats"
    post_id: int = row[0]
    if row[1]:
        work.tell(jobs.CHANNEL, "timelines")
    return post_id


def find(work: Work, post_ids: Sequence[int], *, reader_id: int) -> list[PostRow]:
    """Those of the posts that exist, newest first."""
    found: list[PostRow] = []
    for shard, ids in work.shards.by_schema(post_ids).items():
        wanted = "SELECT unnest(%(ids)s::bigint[]) AS id"
        found += read(work, wanted, {"ids": ids}, shard=shard, reader_id=reader_id)
    return newest_first(found, len(post_ids))


def lock(work: Work, post_ids: Iterable[int]) -> dict[int, int]:
    """Hold these posts' counts and existence still until the transaction ends; the likes of those that exist.

    Whoever needs more of them later locks newer posts only: what a post refers to is older than itself.
    """
    found: dict[int, int] = {}
    # In the order of ids and not of schemas: a post that refers to another always has the larger id.
    for shard, ids in groupby(sorted(set(post_ids)), key=work.shards.schema_of):
        rows = work.all(
            """
            SELECT post_id, likes FROM {shard}.post_stats WHERE post_id = ANY(%(ids)s)
            ORDER BY post_id FOR NO KEY UPDATE
            """,
            {"ids": list(ids)},
            shard=shard,
        )
        found.update(rows)
    return found


def delete(work: Work, posts: Mapping[int, int]) -> None:
    """Delete posts that `lock` holds, given with their authors, and find those authors' newest posts anew."""
    removed: Counter[int] = Counter()
    for shard, ids in work.shards.by_schema(posts).items():
        rows = work.all(
            "DELETE FROM {shard}.posts WHERE id = ANY(%(ids)s) RETURNING author_id, in_timelines",
            {"ids": ids},
            shard=shard,
        )
        removed.update(author_id for author_id, in_timelines in rows if in_timelines)
    # First the locks, then, in statements of their own that see what was committed meanwhile, the newest posts.
    people.lock(work, removed)
    for shard, ids in work.shards.by_schema(removed).items():
        work.count(
            """
            UPDATE {shard}.author_stats s SET posts = s.posts - gone.posts,
                last_post_id = coalesce(
                    (SELECT max(id) FROM {shard}.posts p WHERE p.author_id = s.author_id AND in_timelines), 0)
            FROM unnest(%(ids)s::bigint[], %(counts)s::integer[]) AS gone (author_id, posts)
            WHERE s.author_id = gone.author_id
            """,
            {"ids": ids, "counts": [removed[author_id] for author_id in ids]},
            shard=shard,
        )
