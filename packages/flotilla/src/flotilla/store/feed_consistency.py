"""That pushed home timelines have what they claim to have: a rule like those of `consistency`."""

from flotilla.store.consistency import IntegrityRule
from flotilla.store.ids import MAX_ID

__all__ = ["FEED_RULE"]

# Left out are authors who are pulled, and posts whose fan-out is still to be done. Mended by having it built anew.
FEED_RULE = IntegrityRule(
    "home timelines that lack posts they should have been pushed",
    "accounts",
    """
    SELECT h.account_id, p.id
    FROM {shard}.home_feed h
    JOIN {shard}.following f ON f.follower_id = h.account_id
    JOIN {reader}.posts p ON p.author_id = f.followee_id AND p.in_timelines AND p.id > h.complete_above
    WHERE h.account_id > %(low)s AND h.account_id <= %(high)s
        AND (f.followee_id >> 10 & 8191) BETWEEN %(first_bucket)s AND %(last_bucket)s
        AND NOT EXISTS (SELECT FROM {reader}.home_pulled b WHERE b.author_id = f.followee_id)
        AND NOT EXISTS (SELECT FROM {shard}.home_entry e WHERE e.account_id = h.account_id AND e.post_id = p.id)
        AND NOT EXISTS (SELECT FROM g.job j WHERE j.queue = 'timelines' AND j.task = 'fan_out' AND j.failed_at IS NULL
            AND j.arguments ->> 'post_id' = p.id::text)
    """,
    (f"UPDATE {{shard}}.home_feed SET complete_above = {MAX_ID} WHERE account_id = ANY(%(first)s)",),  # noqa: S608
    pairs=True,
)
