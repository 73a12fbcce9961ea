"""Whom somebody might want to follow: looked for among a bounded number of rows, however large the site is."""

from collections import Counter

from flotilla.store.database import Work

__all__ = ["followed_by_followed", "lately_writing"]

# Of those one follows, how many are asked, and of each how many they follow.
ASKED_MAX = 50
TOLD_MAX = 50
# Of the newest public posts, how many are looked at for their authors.
NEWEST_POSTS = 300


def followed_by_followed(work: Work, *, account_id: int, limit: int) -> list[int]:
    """Whom those follow whom that person follows, the most often followed first."""
    rows = work.all(
        """
        SELECT followee_id FROM {shard}.following WHERE follower_id = %(account_id)s
        ORDER BY followee_id DESC LIMIT %(asked)s
        """,
        {"account_id": account_id, "asked": ASKED_MAX},
        shard=work.shards.schema_of(account_id),
    )
    counts: Counter[int] = Counter()
    for shard, ids in work.shards.by_schema(followee_id for (followee_id,) in rows).items():
        told = work.all(
            """
            SELECT t.followee_id, count(*) FROM unnest(%(ids)s::bigint[]) asked (id)
            CROSS JOIN LATERAL (
                SELECT followee_id FROM {shard}.following WHERE follower_id = asked.id
                ORDER BY followee_id DESC LIMIT %(told)s
            ) t
            GROUP BY t.followee_id ORDER BY count(*) DESC, t.followee_id LIMIT %(limit)s
            """,
            {"ids": ids, "told": TOLD_MAX, "limit": limit},
            shard=shard,
        )
        counts.update(dict(told))
    return [followee_id for followee_id, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))][:limit]


def lately_writing(work: Work, *, limit: int) -> list[int]:
    """Who wrote one of the newest public posts, whom most follow first.

    Without the silenced, and without those who do not want to be suggested.
    """
    found: list[tuple[int, int]] = []
    for shard in work.shards.schemas:
        rows = work.all(
            """
            SELECT s.author_id, s.followers
            FROM (
                SELECT DISTINCT author_id FROM (
                    SELECT author_id FROM {shard}.posts
                    WHERE visibility = 0 AND repost_of IS NULL
                        AND (parent_id IS NULL OR parent_author_id = author_id)
                    ORDER BY id DESC LIMIT %(posts)s
                ) newest
            ) writing
            JOIN {shard}.author_stats s USING (author_id)
            JOIN {shard}.profile p ON p.account_id = s.author_id AND p.discoverable
            JOIN g.account a ON a.id = s.author_id AND NOT a.silenced
            ORDER BY s.followers DESC, s.author_id LIMIT %(limit)s
            """,
            {"posts": NEWEST_POSTS, "limit": limit},
            shard=shard,
        )
        found += [(-followers, author_id) for author_id, followers in rows]
    return [author_id for _, author_id in sorted(found)[:limit]]
