"""Searching people by the beginnings of their names, hashtags by theirs, and posts by their words."""

from collections.abc import Sequence
from typing import LiteralString

import psycopg

from flotilla.store.database import Work
from flotilla.store.posts import PostRow, read
from flotilla.store.profiles import ProfileRow
from flotilla.store.windows import Scan, Window

__all__ = ["hashtags", "people", "posts"]

# Of the people whose name begins as asked, so many are looked at and put in order.
CANDIDATES_MAX = 100
# After every letter a handle can have.
BEYOND_HANDLES = "~"
BEYOND_LETTERS = "\U0010ffff"

_POSTS: LiteralString = """
    SELECT p.id FROM {shard}.posts p
    WHERE p.repost_of IS NULL AND p.id < %(before)s AND p.id > %(after)s
        AND (p.visibility = 0 OR p.author_id = %(reader_id)s)"""
_WITH_WORDS: LiteralString = """
        AND {shard}.words_of(p.warning || ' ' || p.body) @@ websearch_to_tsquery('simple', %(text)s)"""
_BY_AUTHOR: LiteralString = " AND p.author_id = %(author_id)s"
_NEWEST: LiteralString = " ORDER BY p.id DESC LIMIT %(limit)s"
# The index of ids does not serve this order, so the words' own index finds the posts.
_NEWEST_OF_FEW: LiteralString = " ORDER BY p.id + 0 DESC LIMIT %(limit)s"


def people(work: Work, *, words: Sequence[str], handle: str, reader_id: int, limit: int) -> list[ProfileRow]:
    """People whose handle begins with `handle`, or each of `words` a word of whose name, the likeliest first.

    Those are: exactly that handle, then whom the reader follows, then whom most follow. Without whoever has a block
    with the reader.
    """
    found: list[tuple[bool, bool, int, ProfileRow]] = []
    for shard in work.shards.schemas:
        rows = work.all(
            """
            SELECT p.account_id, p.handle, p.display_name, p.avatar, p.locked, p.handle = %(handle)s,
                EXISTS (SELECT FROM {reader}.following f
                    WHERE f.follower_id = %(reader_id)s AND f.followee_id = p.account_id) AS followed,
                s.followers
            FROM (
                (SELECT id FROM g.account
                    WHERE %(handle)s <> '' AND handle >= %(handle)s AND handle < %(handle)s || %(beyond)s
                    ORDER BY handle LIMIT %(candidates)s)
                UNION
                (SELECT account_id FROM {shard}.profile
                    WHERE {shard}.words_of(display_name) @@ to_tsquery('simple', %(words)s) LIMIT %(candidates)s)
            ) candidate
            JOIN {shard}.profile p ON p.account_id = candidate.id
            JOIN {shard}.author_stats s ON s.author_id = p.account_id
            JOIN g.account a ON a.id = p.account_id AND a.state = 'active'
            WHERE NOT EXISTS (SELECT FROM {reader}.blocked_by b
                WHERE b.account_id = %(reader_id)s AND b.by_id = p.account_id)
            AND NOT EXISTS (SELECT FROM {reader}.blocks b
                WHERE b.account_id = %(reader_id)s AND b.target_id = p.account_id)
            ORDER BY p.handle = %(handle)s DESC, followed DESC, s.followers DESC, p.account_id LIMIT %(limit)s
            """,
            {
                "handle": handle,
                "beyond": BEYOND_HANDLES,
                "words": " & ".join(f"'{word}':*" for word in words),
                "reader_id": reader_id,
                "candidates": CANDIDATES_MAX,
                "limit": limit,
            },
            shard=shard,
            reader=work.shards.schema_of(reader_id),
        )
        found += [(not exact, not followed, -followers, ProfileRow(*row)) for *row, exact, followed, followers in rows]
    return [row for *_, row in sorted(found)[:limit]]


def hashtags(work: Work, *, beginning: str, limit: int) -> list[str]:
    """Hashtags in use that begin so, in alphabetical order; the exact one is therefore the first."""
    names: list[str] = []
    for shard in work.shards.schemas:
        rows = work.all(
            """
            SELECT h.name FROM g.hashtag h
            WHERE h.name >= %(beginning)s AND h.name < %(beginning)s || %(beyond)s
            AND EXISTS (SELECT FROM {shard}.tag_index t WHERE t.tag_id = h.id)
            ORDER BY h.name LIMIT %(limit)s
            """,
            {"beginning": beginning, "beyond": BEYOND_LETTERS, "limit": limit},
            shard=shard,
        )
        names += [name for (name,) in rows]
    return sorted(names)[:limit]


def posts(
    work: Work, window: Window, *, text: str, author_id: int | None, reader_id: int, are_few: bool = False
) -> Scan:
    """Public posts and the reader's own, with the words of `text` in them ("": any), of one author or (None) of all.

    are_few: as the caller knows. The planner takes a word for evenly spread, and would walk through the ids for the
    last five of them, however long ago those were: 5 s among 100,000 posts. Raises TimeoutError when finding them
    takes longer than a statement may.
    """
    statement = _POSTS
    if text:
        statement += _WITH_WORDS
    if author_id is not None:
        statement += _BY_AUTHOR
    parameters = window.parameters() | {"text": text, "author_id": author_id}
    shards = work.shards.schemas if author_id is None else (work.shards.schema_of(author_id),)
    rows: list[PostRow] = []
    try:
        for shard in shards:
            rows += read(
                work,
                statement + (_NEWEST_OF_FEW if text and are_few else _NEWEST),
                parameters,
                shard=shard,
                reader_id=reader_id,
                planned_anew=bool(text),
            )
    except psycopg.errors.QueryCanceled as error:
        raise TimeoutError from error
    return Scan.of(rows, window)
