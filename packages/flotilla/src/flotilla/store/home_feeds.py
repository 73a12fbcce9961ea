"""Rows of pushed home timelines: who has one, how far down it is complete, and the posts in it, in the reader's shard.

What holds, whoever does what at the same time: every post of whom a person follows that is newer than their
`complete_above`, and whose fan-out is done, is an entry of theirs, unless its author is pulled. Too many entries do no
harm. Hence a follow puts `complete_above` up until the feed is built anew (`follows.insert`), and a feed is built in
two steps: first its row, committed, so that every later fan-out brings its post; then the posts that are there already.

Entries are inserted in the order of (account, post) everywhere, so that nobody waits in a circle.
"""

from collections.abc import Sequence
from typing import LiteralString

from flotilla.store import people
from flotilla.store.circles import circle_ids
from flotilla.store.database import Work
from flotilla.store.ids import MAX_ID
from flotilla.store.windows import Window

__all__ = [
    "ENTRIES_MAX",
    "build",
    "complete_above",
    "followers",
    "forget_unread",
    "forget_unused",
    "is_built",
    "is_on",
    "mark_pulled",
    "note_asked",
    "oldest_waiting",
    "open_feed",
    "push",
    "switch_off",
    "switch_on",
]

ENTRIES_MAX = 800
# A feed is cut to ENTRIES_MAX at about every so many-th post that is pushed to it.
CUT_EVERY = 64


def is_on(work: Work) -> bool:
    """Whether whoever publishes asks for a fan-out."""
    return work.one("SELECT 1 FROM g.home_pushing", {}) is not None


def switch_on(work: Work) -> None:
    """Let everyone who publishes from now on ask for a fan-out; nobody is in the middle of publishing after this."""
    work.count("LOCK TABLE g.home_pushing IN ACCESS EXCLUSIVE MODE", {})
    work.count("INSERT INTO g.home_pushing DEFAULT VALUES ON CONFLICT DO NOTHING", {})


def switch_off(work: Work) -> None:
    """Let nobody ask any more, and forget who has a feed: what is not kept up is not to be trusted."""
    work.count("LOCK TABLE g.home_pushing IN ACCESS EXCLUSIVE MODE", {})
    work.count("DELETE FROM g.home_pushing", {})
    for shard in work.shards.schemas:
        work.count("DELETE FROM {shard}.home_feed", {}, shard=shard)
        work.count("DELETE FROM {shard}.home_pulled", {}, shard=shard)


def open_feed(work: Work, account_id: int) -> bool:
    """Let posts be pushed to that person from now on, where pushing is on; to be committed before `build`."""
    work.count(
        """
        INSERT INTO {shard}.home_feed (account_id, complete_above)
        SELECT %(account_id)s, %(max_id)s FROM g.home_pushing ON CONFLICT DO NOTHING
        """,
        {"account_id": account_id, "max_id": MAX_ID},
        shard=work.shards.schema_of(account_id),
    )
    return complete_above(work, account_id) is not None


def build(work: Work, account_id: int) -> None:
    """Put the newest posts of whom that person follows into their open feed."""
    # Whoever follows holds the same row: so all follows that are stored are seen, and later ones see this.
    people.lock(work, [account_id])
    own = work.shards.schema_of(account_id)
    keys: dict[str, object] = {"account_id": account_id}
    held = "SELECT 1 FROM {shard}.home_feed WHERE account_id = %(account_id)s FOR UPDATE"
    if work.one(held, keys, shard=own) is None:
        return
    authors: LiteralString = """
        SELECT followee_id AS account_id FROM {reader}.following f WHERE follower_id = %(reader_id)s
            AND NOT EXISTS (SELECT FROM {shard}.home_pulled p WHERE p.author_id = f.followee_id)
        """
    window = Window(limit=ENTRIES_MAX)
    found: list[int] = []
    for shard in work.shards.schemas:
        parameters = {**window.parameters(), "reader_id": account_id}
        found += [row[0] for row in work.all(circle_ids(authors, window), parameters, shard=shard, reader=own)]
    kept = window.first(found)
    work.count(
        """
        WITH entry AS (
            INSERT INTO {shard}.home_entry (account_id, post_id)
            SELECT %(account_id)s, post_id FROM unnest(%(post_ids)s::bigint[]) AS post_id ORDER BY post_id
            ON CONFLICT DO NOTHING
        )
        UPDATE {shard}.home_feed SET complete_above = %(complete_above)s WHERE account_id = %(account_id)s
        """,
        keys | {"post_ids": kept, "complete_above": kept[-1] - 1 if len(kept) == ENTRIES_MAX else 0},
        shard=own,
    )


def complete_above(work: Work, account_id: int) -> int | None:
    """From which id on that person's feed has every post; None: they have none."""
    row = work.one(
        "SELECT complete_above FROM {shard}.home_feed WHERE account_id = %(account_id)s",
        {"account_id": account_id},
        shard=work.shards.schema_of(account_id),
    )
    return None if row is None else row[0]


def is_built(work: Work, account_id: int) -> bool:
    """Whether that person has a feed that holds anything."""
    above = complete_above(work, account_id)
    return above is not None and above < MAX_ID


def note_asked(work: Work, account_id: int) -> None:
    """Note that this person looked at their home today; writes once a day."""
    work.count(
        """
        UPDATE {shard}.home_feed SET asked_on = current_date
        WHERE account_id = %(account_id)s AND asked_on < current_date
        """,
        {"account_id": account_id},
        shard=work.shards.schema_of(account_id),
    )


def followers(work: Work, author_id: int, *, after: int, limit: int) -> list[int]:
    """The next followers of an author after that id, in the order of ids."""
    rows = work.all(
        """
        SELECT follower_id FROM {shard}.followers WHERE followee_id = %(author_id)s AND follower_id > %(after)s
        ORDER BY follower_id LIMIT %(limit)s
        """,
        {"author_id": author_id, "after": after, "limit": limit},
        shard=work.shards.schema_of(author_id),
    )
    return [follower_id for (follower_id,) in rows]


def push(work: Work, post_id: int, account_ids: Sequence[int]) -> int:
    """Put a post into the feeds of those of the people who have one, and cut some of those; how many it reached."""
    reached = 0
    for shard, ids in sorted(work.shards.by_schema(account_ids).items()):
        parameters: dict[str, object] = {"post_id": post_id, "account_ids": ids}
        reached += work.count(
            """
            INSERT INTO {shard}.home_entry (account_id, post_id)
            SELECT account_id, %(post_id)s FROM {shard}.home_feed WHERE account_id = ANY(%(account_ids)s)
            ORDER BY account_id ON CONFLICT DO NOTHING
            """,
            parameters,
            shard=shard,
        )
        due = [account_id for account_id in ids if (account_id + post_id) % CUT_EVERY == 0]
        if due:
            _cut(work, due, shard=shard)
    return reached


def _cut(work: Work, account_ids: list[int], *, shard: str) -> None:
    # A feed that is being built is left for another time: waiting for it while holding entries could be for ever.
    work.count(
        """
        WITH feed AS (
            SELECT account_id FROM {shard}.home_feed WHERE account_id = ANY(%(account_ids)s)
            ORDER BY account_id FOR UPDATE SKIP LOCKED
        ), cut AS (
            SELECT f.account_id, (SELECT e.post_id FROM {shard}.home_entry e WHERE e.account_id = f.account_id
                ORDER BY e.post_id DESC OFFSET %(most)s LIMIT 1) AS post_id
            FROM feed f
        ), gone AS (
            DELETE FROM {shard}.home_entry e USING cut WHERE e.account_id = cut.account_id AND e.post_id <= cut.post_id
        )
        UPDATE {shard}.home_feed h SET complete_above = greatest(h.complete_above, cut.post_id)
        FROM cut WHERE h.account_id = cut.account_id AND cut.post_id IS NOT NULL
        """,
        {"account_ids": account_ids, "most": ENTRIES_MAX},
        shard=shard,
    )


def mark_pulled(work: Work, author_id: int, *, above: int) -> bool:
    """Whether the author has more followers than that; if so, readers look at their posts themselves from now on."""
    keys: dict[str, object] = {"author_id": author_id, "above": above}
    shard = work.shards.schema_of(author_id)
    marked = """
        INSERT INTO {shard}.home_pulled (author_id)
        SELECT author_id FROM {shard}.author_stats WHERE author_id = %(author_id)s AND followers > %(above)s
        ON CONFLICT DO NOTHING
        """
    work.count(marked, keys, shard=shard)
    # Once pulled, always: what was not pushed meanwhile would be missing.
    row = work.one("SELECT 1 FROM {shard}.home_pulled WHERE author_id = %(author_id)s", keys, shard=shard)
    return row is not None


def oldest_waiting(work: Work) -> int | None:
    """The oldest post whose fan-out is not done; None: all are."""
    row = work.one(
        """
        SELECT min((arguments ->> 'post_id')::bigint) FROM g.job
        WHERE queue = 'timelines' AND task = 'fan_out' AND failed_at IS NULL
        """,
        {},
    )
    return None if row is None else row[0]


def forget_unread(work: Work, *, days: int, most: int) -> int:
    """Remove at most so many feeds in each shard whose owner has not looked for so many days; how many."""
    return sum(
        work.count(
            """
            WITH unread AS (
                DELETE FROM {shard}.home_feed WHERE account_id = ANY(ARRAY(
                    SELECT account_id FROM {shard}.home_feed WHERE asked_on < current_date - %(days)s::integer
                    LIMIT %(most)s FOR UPDATE SKIP LOCKED
                )) RETURNING account_id
            ), gone AS (
                DELETE FROM {shard}.home_entry e USING unread u WHERE e.account_id = u.account_id
            )
            SELECT FROM unread
            """,
            {"days": days, "most": most},
            shard=shard,
        )
        for shard in work.shards.schemas
    )


def forget_unused(work: Work, *, most: int) -> int:
    """Remove at most so many entries in each shard, where pushing is off; how many."""
    # Held, so that nobody switches it on in the middle and takes what goes here for granted.
    work.count("LOCK TABLE g.home_pushing IN SHARE MODE", {})
    if is_on(work):
        return 0
    return sum(
        work.count(
            """
            DELETE FROM {shard}.home_entry
            WHERE ctid = ANY(ARRAY(SELECT ctid FROM {shard}.home_entry LIMIT %(most)s))
            """,
            {"most": most},
            shard=shard,
        )
        for shard in work.shards.schemas
    )
