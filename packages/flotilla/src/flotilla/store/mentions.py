"""Rows that lead from a hashtag, and from a person mentioned, to the posts; each in the shard of what it leads from."""

from collections.abc import Sequence

from flotilla.store.database import Work
from flotilla.store.ids import bucket_for

__all__ = ["delete", "index_hashtags", "index_mentions"]


def index_hashtags(work: Work, *, post_id: int, names: Sequence[str]) -> None:
    """Let the hashtags' pages find the post; new names are stored in the global directory."""
    # In one order everywhere, so that two posts with the same new tags do not wait for each other.
    for name in sorted(names):
        tag: dict[str, object] = {"name": name, "bucket": bucket_for(name)}
        shard = work.shards.schema_of_bucket(bucket_for(name))
        found = "SELECT id FROM g.hashtag WHERE name = %(name)s"
        row = work.one(found, tag)
        if row is None:
            work.count(
                """
                INSERT INTO g.hashtag (id, name) VALUES ({shard}.next_id(%(bucket)s), %(name)s) ON CONFLICT DO NOTHING
                """,
                tag,
                shard=shard,
            )
            row = work.one(found, tag)
        assert row is not None, "hashtags are never deleted"
        work.count(
            "INSERT INTO {shard}.tag_index (tag_id, post_id) VALUES (%(tag_id)s, %(post_id)s)",
            {"tag_id": row[0], "post_id": post_id},
            shard=shard,
        )


def index_mentions(work: Work, *, post_id: int, handles: Sequence[str]) -> None:
    """Let those of the people mentioned who exist find the post."""
    rows = work.all("SELECT id FROM g.account WHERE handle = ANY(%(handles)s)", {"handles": list(handles)})
    for shard, account_ids in work.shards.by_schema(account_id for (account_id,) in rows).items():
        work.count(
            """
            INSERT INTO {shard}.mention_index (account_id, post_id)
            SELECT unnest(%(account_ids)s::bigint[]), %(post_id)s
            """,
            {"account_ids": account_ids, "post_id": post_id},
            shard=shard,
        )


def delete(work: Work, *, post_id: int, hashtags: Sequence[str], handles: Sequence[str]) -> None:
    """Remove what the two index functions stored for a post with these hashtags and mentions."""
    for name in hashtags:
        work.count(
            """
            DELETE FROM {shard}.tag_index t USING g.hashtag h
            WHERE h.name = %(name)s AND t.tag_id = h.id AND t.post_id = %(post_id)s
            """,
            {"name": name, "post_id": post_id},
            shard=work.shards.schema_of_bucket(bucket_for(name)),
        )
    if handles:
        for shard in work.shards.schemas:
            work.count(
                """
                DELETE FROM {shard}.mention_index m USING g.account a
                WHERE a.handle = ANY(%(handles)s) AND m.account_id = a.id AND m.post_id = %(post_id)s
                """,
                {"handles": list(handles), "post_id": post_id},
                shard=shard,
            )
