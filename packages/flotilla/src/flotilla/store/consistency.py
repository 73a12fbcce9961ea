"""What has to hold between rows, each rule with the statement that finds offences and those that mend them.

A finding statement runs over a range of accounts or posts (`low` < id <= `high`), gives the keys of what offends (one
or two numbers), and sees one moment of the database: what is stored together is seen together. {shard} is where the
rows are; a rule in `pairs` runs once for each shard that the other side may live in, {reader}, with its buckets.
"""
# ruff: noqa: S608 (the statements are put together from constants of this module)

from dataclasses import dataclass
from typing import LiteralString

from flotilla.store.database import Work

__all__ = ["RULES", "IntegrityRule", "found", "mend", "range_ends"]

FOUND_MAX = 1_000


@dataclass(frozen=True, slots=True)
class IntegrityRule:
    """`over`: accounts or posts. Without `repair` somebody has to look at it. `chains`: mending may show more."""

    name: str
    over: str
    find: LiteralString
    repair: tuple[LiteralString, ...] = ()
    pairs: bool = False
    chains: bool = False


_KEYS: LiteralString = "unnest(%(first)s::bigint[], %(second)s::bigint[]) AS k (first, second)"
_HERE: LiteralString = " BETWEEN %(first_bucket)s AND %(last_bucket)s "


@dataclass(frozen=True, slots=True)
class _Side:
    """One side's table of an edge, with its columns for whose row it is and who the other is."""

    table: LiteralString
    owner: LiteralString
    other: LiteralString


def _mirror(
    given: _Side,
    received: _Side,
    *,
    over: LiteralString = "accounts",
    target: LiteralString = "profile WHERE account_id",
    extra: LiteralString = "",
) -> tuple[IntegrityRule, IntegrityRule]:
    """That each edge has its mirror, and each mirror its edge. The edge is right, unless its target is gone."""
    edge, owner, other = given.table, given.owner, given.other
    mirror, mirror_owner, mirror_other = received.table, received.owner, received.other
    there: LiteralString = f"m.{mirror_owner} = e.{other} AND m.{mirror_other} = e.{owner}"
    forth = IntegrityRule(
        f"{edge} without its mirror in {mirror}",
        "accounts",
        f"SELECT e.{owner}, e.{other} FROM {{shard}}.{edge} e WHERE e.{owner} > %(low)s AND e.{owner} <= %(high)s"
        f" AND (e.{other} >> 10 & 8191)" + _HERE + f"AND NOT EXISTS (SELECT FROM {{reader}}.{mirror} m WHERE {there})",
        (
            f"INSERT INTO {{reader}}.{mirror} ({mirror_owner}, {mirror_other}{extra})"
            f" SELECT e.{other}, e.{owner}{extra} FROM " + _KEYS + f" JOIN {{shard}}.{edge} e"
            f" ON e.{owner} = k.first AND e.{other} = k.second"
            f" WHERE EXISTS (SELECT FROM {{reader}}.{target} = e.{other}) ON CONFLICT DO NOTHING",
            f"DELETE FROM {{shard}}.{edge} e USING " + _KEYS + f" WHERE e.{owner} = k.first AND e.{other} = k.second"
            f" AND NOT EXISTS (SELECT FROM {{reader}}.{mirror} m WHERE {there})",
        ),
        pairs=True,
    )
    back = IntegrityRule(
        f"{mirror} without its edge in {edge}",
        over,
        f"SELECT m.{mirror_owner}, m.{mirror_other} FROM {{shard}}.{mirror} m"
        f" WHERE m.{mirror_owner} > %(low)s AND m.{mirror_owner} <= %(high)s AND (m.{mirror_other} >> 10 & 8191)"
        + _HERE
        + f"AND NOT EXISTS (SELECT FROM {{reader}}.{edge} e WHERE {there})",
        (
            f"DELETE FROM {{shard}}.{mirror} m USING " + _KEYS + f" WHERE m.{mirror_owner} = k.first"
            f" AND m.{mirror_other} = k.second AND NOT EXISTS (SELECT FROM {{reader}}.{edge} e WHERE {there})",
        ),
        pairs=True,
    )
    return forth, back


def _marks(kind: LiteralString, extra: LiteralString = "") -> tuple[IntegrityRule, IntegrityRule]:
    return _mirror(
        _Side(f"{kind}_given", "account_id", "post_id"),
        _Side(f"{kind}_received", "post_id", "account_id"),
        over="posts",
        target="posts WHERE id",
        extra=extra,
    )


def _of_gone_post(table: LiteralString, owner: LiteralString) -> IntegrityRule:
    gone: LiteralString = "NOT EXISTS (SELECT FROM {reader}.posts p WHERE p.id = t.post_id)"
    return IntegrityRule(
        f"{table} that lead to a post that is gone",
        "accounts",
        f"SELECT t.{owner}, t.post_id FROM {{shard}}.{table} t WHERE t.{owner} > %(low)s AND t.{owner} <= %(high)s"
        " AND (t.post_id >> 10 & 8191)" + _HERE + "AND " + gone,
        (
            f"DELETE FROM {{shard}}.{table} t USING " + _KEYS + f" WHERE t.{owner} = k.first AND t.post_id = k.second"
            " AND " + gone,
        ),
        pairs=True,
    )


_POST_COUNTS: LiteralString = """(
    (SELECT count(*) FROM {shard}.likes_received l WHERE l.post_id = s.post_id),
    (SELECT count(*) FROM {shard}.reposts_received r WHERE r.post_id = s.post_id),
    (SELECT count(*) FROM {shard}.replies_received r WHERE r.post_id = s.post_id AND r.counted))"""
_AUTHOR_COUNTS: LiteralString = """(
    (SELECT count(*) FROM {shard}.posts p WHERE p.author_id = s.author_id AND p.in_timelines),
    (SELECT count(*) FROM {shard}.followers f WHERE f.followee_id = s.author_id),
    (SELECT count(*) FROM {shard}.following f WHERE f.follower_id = s.author_id),
    coalesce((SELECT max(p.id) FROM {shard}.posts p WHERE p.author_id = s.author_id AND p.in_timelines), 0))"""
_EVENTS: LiteralString = """
    (SELECT count(*) FROM {shard}.notifications n
        WHERE (n.account_id, n.kind, n.target) = (s.account_id, s.kind, s.target))"""

# Whoever counts holds the row first, and counts in a statement of its own, which sees what was committed meanwhile.
RULES: tuple[IntegrityRule, ...] = (
    IntegrityRule(
        "people without counts of their own",
        "accounts",
        "SELECT p.account_id FROM {shard}.profile p WHERE p.account_id > %(low)s AND p.account_id <= %(high)s"
        " AND NOT EXISTS (SELECT FROM {shard}.author_stats s WHERE s.author_id = p.account_id)",
        ("INSERT INTO {shard}.author_stats (author_id) SELECT unnest(%(first)s::bigint[]) ON CONFLICT DO NOTHING",),
    ),
    IntegrityRule(
        "posts without counts of their own",
        "posts",
        "SELECT p.id FROM {shard}.posts p WHERE p.id > %(low)s AND p.id <= %(high)s"
        " AND NOT EXISTS (SELECT FROM {shard}.post_stats s WHERE s.post_id = p.id)",
        ("INSERT INTO {shard}.post_stats (post_id) SELECT unnest(%(first)s::bigint[]) ON CONFLICT DO NOTHING",),
    ),
    *_mirror(_Side("following", "follower_id", "followee_id"), _Side("followers", "followee_id", "follower_id")),
    *_mirror(
        _Side("follow_requests", "requester_id", "target_id"),
        _Side("follow_requests_received", "target_id", "requester_id"),
    ),
    *_mirror(_Side("blocks", "account_id", "target_id"), _Side("blocked_by", "account_id", "by_id")),
    *_marks("likes"),
    *_marks("bookmarks"),
    *_marks("reposts", ", repost_id"),
    IntegrityRule(
        "replies that their parent does not know",
        "posts",
        "SELECT p.parent_id, p.id FROM {shard}.posts p WHERE p.id > %(low)s AND p.id <= %(high)s"
        " AND p.parent_id IS NOT NULL AND (p.parent_id >> 10 & 8191)" + _HERE + "AND EXISTS (SELECT FROM {reader}.posts"
        " parent WHERE parent.id = p.parent_id) AND NOT EXISTS (SELECT FROM {reader}.replies_received r"
        " WHERE r.post_id = p.parent_id AND r.reply_id = p.id)",
        (
            "INSERT INTO {reader}.replies_received (post_id, reply_id, counted) SELECT p.parent_id, p.id,"
            " p.visibility <= 1 FROM " + _KEYS + " JOIN {shard}.posts p ON p.id = k.second ON CONFLICT DO NOTHING",
        ),
        pairs=True,
    ),
    IntegrityRule(
        "replies known to their parent that are gone",
        "posts",
        "SELECT r.post_id, r.reply_id FROM {shard}.replies_received r"
        " WHERE r.post_id > %(low)s AND r.post_id <= %(high)s AND (r.reply_id >> 10 & 8191)"
        + _HERE
        + "AND NOT EXISTS (SELECT FROM {reader}.posts p WHERE p.id = r.reply_id)",
        (
            "DELETE FROM {shard}.replies_received r USING " + _KEYS + " WHERE r.post_id = k.first"
            " AND r.reply_id = k.second",
        ),
        pairs=True,
    ),
    _of_gone_post("mention_index", "account_id"),
    _of_gone_post("conversation_posts", "account_id"),
    _of_gone_post("tag_index", "tag_id"),
    IntegrityRule(
        "counts of posts' likes, reposts and replies",
        "posts",
        "SELECT s.post_id FROM {shard}.post_stats s WHERE s.post_id > %(low)s AND s.post_id <= %(high)s"
        " AND (s.likes, s.reposts, s.replies) <> " + _POST_COUNTS,
        (
            "SELECT FROM {shard}.post_stats WHERE post_id = ANY(%(first)s) ORDER BY post_id FOR NO KEY UPDATE",
            "UPDATE {shard}.post_stats s SET (likes, reposts, replies) = (SELECT c.a, c.b, c.c FROM (SELECT "
            + _POST_COUNTS[1:-1]
            + ") AS c (a, b, c)) WHERE s.post_id = ANY(%(first)s)",
        ),
    ),
    IntegrityRule(
        "counts of people's posts, followers and follows, and their newest post",
        "accounts",
        "SELECT s.author_id FROM {shard}.author_stats s WHERE s.author_id > %(low)s AND s.author_id <= %(high)s"
        " AND (s.posts, s.followers, s.following, s.last_post_id) <> " + _AUTHOR_COUNTS,
        (
            "SELECT FROM {shard}.author_stats WHERE author_id = ANY(%(first)s) ORDER BY author_id FOR NO KEY UPDATE",
            "UPDATE {shard}.author_stats s SET (posts, followers, following, last_post_id) ="
            " (SELECT c.a, c.b, c.c, c.d FROM (SELECT " + _AUTHOR_COUNTS[1:-1] + ") AS c (a, b, c, d))"
            " WHERE s.author_id = ANY(%(first)s)",
        ),
    ),
    IntegrityRule(
        "groups of notifications that count wrongly",
        "accounts",
        "SELECT DISTINCT s.account_id FROM {shard}.notification_groups s"
        " WHERE s.account_id > %(low)s AND s.account_id <= %(high)s AND s.events <> " + _EVENTS,
        (
            "SELECT FROM {shard}.notification_groups WHERE account_id = ANY(%(first)s)"
            " ORDER BY account_id, kind, target FOR UPDATE",
            "DELETE FROM {shard}.notification_groups s WHERE account_id = ANY(%(first)s) AND " + _EVENTS + " = 0",
            "UPDATE {shard}.notification_groups s SET events = " + _EVENTS + " WHERE account_id = ANY(%(first)s)"
            " AND s.events <> " + _EVENTS,
        ),
    ),
    IntegrityRule(
        "notifications about a post that is gone",
        "accounts",
        "SELECT n.account_id, n.target FROM {shard}.notifications n WHERE n.account_id > %(low)s"
        " AND n.account_id <= %(high)s AND n.kind = ANY(%(post_kinds)s) AND (n.target >> 10 & 8191)" + _HERE + "AND NOT"
        " EXISTS (SELECT FROM {reader}.posts p WHERE p.id = n.target)",
        (
            "DELETE FROM {shard}.notification_groups n USING " + _KEYS + " WHERE n.account_id = k.first"
            " AND n.target = k.second AND n.kind = ANY(%(post_kinds)s)",
            "DELETE FROM {shard}.notifications n USING " + _KEYS + " WHERE n.account_id = k.first"
            " AND n.target = k.second AND n.kind = ANY(%(post_kinds)s)",
        ),
        pairs=True,
    ),
    IntegrityRule(
        "counts of posts' pictures",
        "posts",
        "SELECT p.id FROM {shard}.posts p WHERE p.id > %(low)s AND p.id <= %(high)s AND p.media_count <>"
        " (SELECT count(*) FROM {shard}.media m WHERE m.post_id = p.id)",
        (
            "SELECT FROM {shard}.posts WHERE id = ANY(%(first)s) ORDER BY id FOR NO KEY UPDATE",
            "UPDATE {shard}.posts p SET media_count = (SELECT count(*) FROM {shard}.media m WHERE m.post_id = p.id)"
            " WHERE p.id = ANY(%(first)s)",
        ),
    ),
    IntegrityRule(
        "people on lists who are gone",
        "accounts",
        "SELECT l.id, m.account_id FROM {shard}.lists l JOIN {shard}.list_members m ON m.list_id = l.id"
        " WHERE l.account_id > %(low)s AND l.account_id <= %(high)s"
        " AND NOT EXISTS (SELECT FROM g.account a WHERE a.id = m.account_id)",
        (
            "DELETE FROM {shard}.list_members m USING "
            + _KEYS
            + " WHERE m.list_id = k.first AND m.account_id = k.second",
        ),
    ),
    IntegrityRule(
        "profiles without an account",
        "accounts",
        "SELECT p.account_id FROM {shard}.profile p WHERE p.account_id > %(low)s AND p.account_id <= %(high)s"
        " AND NOT EXISTS (SELECT FROM g.account a WHERE a.id = p.account_id)",
    ),
)


def range_ends(work: Work, rule: IntegrityRule, shard: str, *, after: int, rows: int) -> int | None:
    """The id that ends the next range of about so many owners after `after`; None: the rest is less than that."""
    owners: LiteralString = "SELECT account_id AS id FROM {shard}.profile WHERE account_id > %(after)s"
    if rule.over == "posts":
        owners = "SELECT id FROM {shard}.posts WHERE id > %(after)s"
    row = work.one(
        "SELECT id FROM (" + owners + " ORDER BY 1 LIMIT %(rows)s) o ORDER BY id DESC LIMIT 1",
        {"after": after, "rows": rows},
        shard=shard,
    )
    return None if row is None else row[0]


def found(
    work: Work, rule: IntegrityRule, parameters: dict[str, object], *, shard: str, reader: str
) -> list[tuple[int, int]]:
    """What offends in a range: at most FOUND_MAX keys; the second is 0 where there is but one."""
    rows = work.all(rule.find + " LIMIT %(most)s", {**parameters, "most": FOUND_MAX}, shard=shard, reader=reader)
    return [(row[0], row[1] if len(row) > 1 else 0) for row in rows]


def mend(
    work: Work,
    rule: IntegrityRule,
    keys: list[tuple[int, int]],
    parameters: dict[str, object],
    *,
    shard: str,
    reader: str,
) -> None:
    """Mend what offends, in the transaction of `work`."""
    named = {**parameters, "first": [first for first, _ in keys], "second": [second for _, second in keys]}
    for statement in rule.repair:
        work.count(statement, named, shard=shard, reader=reader)
