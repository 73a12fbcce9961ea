"""That a reply is in the thread of what it replies to: a rule like those of `consistency`."""

from flotilla.store.consistency import IntegrityRule

__all__ = ["THREAD_RULE"]

# What an older version of the program writes while an update goes from one machine to the next. A reply is judged once
# its parent has its thread: in a long thread each round mends what hangs on the one before.
THREAD_RULE = IntegrityRule(
    "replies that are in another thread than their parent",
    "posts",
    """
    SELECT p.id, coalesce(above.thread_id, p.parent_id)
    FROM {shard}.posts p LEFT JOIN {reader}.posts above ON above.id = p.parent_id
    WHERE p.id > %(low)s AND p.id <= %(high)s
        AND (p.parent_id >> 10 & 8191) BETWEEN %(first_bucket)s AND %(last_bucket)s
        AND CASE WHEN above.id IS NULL THEN p.thread_id IS NULL
            ELSE (above.parent_id IS NULL OR above.thread_id IS NOT NULL)
                AND p.thread_id IS DISTINCT FROM coalesce(above.thread_id, above.id)
        END
    """,
    (
        """
        UPDATE {shard}.posts p SET thread_id = k.second
        FROM unnest(%(first)s::bigint[], %(second)s::bigint[]) AS k (first, second) WHERE p.id = k.first
        """,
    ),
    pairs=True,
    chains=True,
)
