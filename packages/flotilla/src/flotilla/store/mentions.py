"""Rows that lead from a hashtag, and from a person mentioned, to the posts; each in the shard of what it leads from."""

from collections.abc import Iterable, Sequence

from flotilla.store.database import Work
from flotilla.store.ids import bucket_for

__all__ = ["index_hashtags", "index_mentions", "mentionable", "unindex_hashtags", "unindex_mentions"]


def index_hashtags(work: Work, *, post_id: int, names: Sequence[str]) -> None:
    """Let the hashtags' pages find the post; new names are stored in the global directory."""
    if not names:
        return
    known = _tag_ids(work, names)
    # In one order everywhere, so that two posts with the same new tags do not wait for each other.
    for name in sorted(set(names) - set(known)):
        work.count(
            "INSERT INTO g.hashtag (id, name) VALUES ({shard}.next_id(%(bucket)s), %(name)s) ON CONFLICT DO NOTHING",
            {"name": name, "bucket": bucket_for(name)},
            shard=work.shards.schema_of_bucket(bucket_for(name)),
        )
    tag_ids = known if len(known) == len(set(names)) else _tag_ids(work, names)
    for shard, ids in work.shards.by_schema(tag_ids.values()).items():
        work.count(
            "INSERT INTO {shard}.tag_index (tag_id, post_id) SELECT unnest(%(ids)s::bigint[]), %(post_id)s",
            {"ids": ids, "post_id": post_id},
            shard=shard,
        )


def _tag_ids(work: Work, names: Sequence[str]) -> dict[str, int]:
    rows = work.all("SELECT name, id FROM g.hashtag WHERE name = ANY(%(names)s)", {"names": list(names)})
    return dict(rows)


def unindex_hashtags(work: Work, *, post_id: int, names: Sequence[str]) -> None:
    """Remove what `index_hashtags` stored for these hashtags of the post."""
    if not names:
        return
    for shard, ids in work.shards.by_schema(_tag_ids(work, names).values()).items():
        work.count(
            "DELETE FROM {shard}.tag_index WHERE tag_id = ANY(%(ids)s) AND post_id = %(post_id)s",
            {"ids": ids, "post_id": post_id},
            shard=shard,
        )


def mentionable(work: Work, *, author_id: int, handles: Sequence[str], ids: Iterable[int] = ()) -> dict[int, str]:
    """The people with these handles or ids whom the author can reach: those who exist and do not block the author."""
    rows = work.all(
        """
        SELECT a.id, a.handle FROM g.account a
        WHERE (a.handle = ANY(%(handles)s) OR a.id = ANY(%(ids)s::bigint[]))
            AND a.state NOT IN ('suspended', 'deleted')
            AND NOT EXISTS (SELECT FROM {shard}.blocked_by b WHERE b.account_id = %(author_id)s AND b.by_id = a.id)
        ORDER BY a.id
        """,
        {"author_id": author_id, "handles": list(handles), "ids": list(ids)},
        shard=work.shards.schema_of(author_id),
    )
    return dict(rows)


def index_mentions(work: Work, *, post_id: int, account_ids: Iterable[int]) -> None:
    """Let the people mentioned find the post."""
    for shard, ids in work.shards.by_schema(account_ids).items():
        work.count(
            "INSERT INTO {shard}.mention_index (account_id, post_id) SELECT unnest(%(ids)s::bigint[]), %(post_id)s",
            {"ids": ids, "post_id": post_id},
            shard=shard,
        )


def unindex_mentions(work: Work, *, post_id: int, account_ids: Iterable[int]) -> None:
    """Remove what `index_mentions` stored for these people and the post."""
    for shard, ids in work.shards.by_schema(account_ids).items():
        work.count(
            "DELETE FROM {shard}.mention_index WHERE account_id = ANY(%(ids)s) AND post_id = %(post_id)s",
            {"ids": ids, "post_id": post_id},
            shard=shard,
        )
