"""The posts of many people at once, exact and without reading more than a page or two: "newest authors first"."""

from typing import LiteralString

from flotilla.store.windows import Window

__all__ = ["circle_ids", "pushed_ids", "tagged_ids"]

# For each author take the newest post before `before`: `last_post_id`, unless that is too new, else one index probe.
# The page can only hold posts of the `limit` authors whose such posts are newest: were there a post of another author
# in it, those `limit` posts would all be newer, and fill the page without it. For the same reason, with `limit` authors
# found, none of the page's posts is older than the oldest of those `limit` posts (`oldest` in the statement), which
# keeps the last step to about as many rows as the page has.
_NEWEST_START: LiteralString = """
    SELECT own.id
    FROM (
        SELECT author_id,
            CASE WHEN count(*) OVER () = %(limit)s THEN min(newest) OVER () ELSE 0 END AS oldest
        FROM (
            SELECT c.author_id,
                CASE WHEN c.last_post_id < %(before)s THEN c.last_post_id
                ELSE coalesce((SELECT max(older.id) FROM {shard}.posts older
                               WHERE older.author_id = c.author_id AND older.in_timelines
                                   AND older.id < %(before)s), 0)
                END AS newest
            FROM ("""
_NEWEST_END: LiteralString = """) circle
            JOIN {shard}.author_stats c ON c.author_id = circle.account_id
            ORDER BY newest DESC LIMIT %(limit)s
        ) newest_authors
    ) author
    CROSS JOIN LATERAL (
        SELECT id FROM {shard}.posts
        WHERE author_id = author.author_id AND in_timelines AND id < %(before)s AND id > %(after)s
            AND id >= author.oldest
        ORDER BY id DESC LIMIT %(limit)s
    ) own
    ORDER BY own.id DESC LIMIT %(limit)s
    """

# The same from the other end: of each author who has written since `after`, the first post since then.
_OLDEST_START: LiteralString = """
    SELECT own.id
    FROM (
        SELECT author_id,
            CASE WHEN count(next) OVER () = %(limit)s THEN max(next) OVER () ELSE %(before)s END AS newest
        FROM (
            SELECT c.author_id,
                (SELECT min(newer.id) FROM {shard}.posts newer
                 WHERE newer.author_id = c.author_id AND newer.in_timelines
                     AND newer.id > %(after)s AND newer.id < %(before)s) AS next
            FROM ("""
_OLDEST_END: LiteralString = """) circle
            JOIN {shard}.author_stats c ON c.author_id = circle.account_id
            WHERE c.last_post_id > %(after)s
            ORDER BY next LIMIT %(limit)s
        ) next_authors
    ) author
    CROSS JOIN LATERAL (
        SELECT id FROM {shard}.posts
        WHERE author_id = author.author_id AND in_timelines AND id < %(before)s AND id > %(after)s
            AND id <= author.newest
        ORDER BY id LIMIT %(limit)s
    ) own
    ORDER BY own.id LIMIT %(limit)s
    """

_TAGGED_START: LiteralString = """
    SELECT t.post_id AS id
    FROM {reader}.tag_follows f
    CROSS JOIN LATERAL (
        SELECT post_id FROM {shard}.tag_index
        WHERE tag_id = f.tag_id AND post_id < %(before)s AND post_id > %(after)s
        ORDER BY post_id """
_TAGGED_END: LiteralString = """ LIMIT %(limit)s
    ) t
    WHERE f.account_id = %(reader_id)s
    """

# What was pushed to the reader, of whom they (still) follow and do not mute.
_ENTRIES: LiteralString = """
    SELECT e.post_id AS id
    FROM {reader}.home_entry e JOIN {shard}.posts p ON p.id = e.post_id
    WHERE e.account_id = %(reader_id)s AND e.post_id < %(before)s AND e.post_id > %(after)s AND p.in_timelines
        AND (SELECT true FROM {reader}.following f
            WHERE f.follower_id = %(reader_id)s AND f.followee_id = p.author_id)
        AND (SELECT true FROM {reader}.mutes m WHERE m.account_id = %(reader_id)s AND m.target_id = p.author_id
            AND (m.expires_at IS NULL OR m.expires_at > now())) IS NULL
    ORDER BY e.post_id """
_NOT_PUSHED: LiteralString = """
    SELECT b.author_id AS account_id
    FROM {shard}.home_pulled b
    JOIN {reader}.following f ON f.follower_id = %(reader_id)s AND f.followee_id = b.author_id
    WHERE NOT EXISTS (SELECT FROM {reader}.mutes m WHERE m.account_id = %(reader_id)s AND m.target_id = b.author_id
        AND (m.expires_at IS NULL OR m.expires_at > now()))
    UNION ALL
    SELECT %(reader_id)s
    """
_COMPLETE_ABOVE: LiteralString = """
    coalesce((SELECT complete_above FROM {reader}.home_feed WHERE account_id = %(reader_id)s), 9223372036854775807) """


def circle_ids(authors: LiteralString, window: Window) -> LiteralString:
    """A statement for a shard's part of the window over the posts of `authors`, a statement giving `account_id`s."""
    if window.oldest_first:
        return _OLDEST_START + authors + _OLDEST_END
    return _NEWEST_START + authors + _NEWEST_END


def tagged_ids(window: Window) -> LiteralString:
    """A statement for the posts of the hashtags that the reader follows and that live in the shard."""
    order: LiteralString = "" if window.oldest_first else "DESC"
    return _TAGGED_START + order + _TAGGED_END


def pushed_ids(window: Window) -> LiteralString:
    """A statement for a shard's part of the window of a pushed home, as far as the feed is known to be complete.

    Newest first: of the posts above that line. Oldest first: all of the window, or nothing if the line is in it.
    """
    order: LiteralString = "" if window.oldest_first else "DESC "
    entries = _ENTRIES + order + "LIMIT %(limit)s"
    found = "(" + entries + ") UNION (" + circle_ids(_NOT_PUSHED, window) + ") UNION (" + tagged_ids(window) + ")"
    line: LiteralString = " AND %(after)s >= " if window.oldest_first else " AND id > "
    start: LiteralString = "SELECT id FROM ("
    bounds: LiteralString = ") found WHERE id < %(before)s AND id > %(after)s"
    return start + found + bounds + line + _COMPLETE_ABOVE + "ORDER BY id " + order + "LIMIT %(limit)s"
