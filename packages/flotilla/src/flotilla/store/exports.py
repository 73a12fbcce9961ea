"""Rows for taking one's data away: whether a copy was asked for, and everything of a person in pages by id."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, LiteralString

from flotilla.store.database import Row, Work

__all__ = [
    "ExportRow",
    "Kind",
    "ask",
    "authors",
    "drop",
    "expired",
    "find",
    "finish",
    "forget",
    "handles",
    "page",
    "profile",
]

Kind = Literal[
    "posts",
    "likes",
    "bookmarks",
    "following",
    "followers",
    "blocks",
    "mutes",
    "thread_mutes",
    "media",
    "lists",
    "list_members",
]


@dataclass(frozen=True, slots=True)
class ExportRow:
    """A copy that was asked for; without a file it is not made yet."""

    asked_at: datetime
    file_name: str | None
    size_bytes: int | None
    expires_at: datetime | None


def ask(work: Work, *, account_id: int, again_after: timedelta) -> bool:
    """Note that a copy is asked for; False when the last time was less than `again_after` ago."""
    return bool(
        work.count(
            """
            INSERT INTO {shard}.export AS e (account_id) VALUES (%(account_id)s)
            ON CONFLICT (account_id) DO UPDATE SET asked_at = now() WHERE e.asked_at < now() - %(again_after)s
            """,
            {"account_id": account_id, "again_after": again_after},
            shard=work.shards.schema_of(account_id),
        )
    )


def find(work: Work, account_id: int) -> ExportRow | None:
    """The account's copy, if it is made or asked for, and not too old."""
    row = work.one(
        """
        SELECT asked_at, file_name, bytes, expires_at FROM {shard}.export
        WHERE account_id = %(account_id)s AND (expires_at IS NULL OR expires_at > now())
        """,
        {"account_id": account_id},
        shard=work.shards.schema_of(account_id),
    )
    return None if row is None else ExportRow(*row)


def finish(work: Work, *, account_id: int, file_name: str, size_bytes: int, lifetime: timedelta) -> str | None:
    """Note the file that was made; the name of one that nobody needs any more: the former, or this when nobody asks."""
    shard = work.shards.schema_of(account_id)
    former = work.one(
        "SELECT file_name FROM {shard}.export WHERE account_id = %(account_id)s FOR UPDATE",
        {"account_id": account_id},
        shard=shard,
    )
    if former is None:
        return file_name
    work.count(
        """
        UPDATE {shard}.export SET file_name = %(file_name)s, bytes = %(bytes)s, expires_at = now() + %(lifetime)s
        WHERE account_id = %(account_id)s
        """,
        {"account_id": account_id, "file_name": file_name, "bytes": size_bytes, "lifetime": lifetime},
        shard=shard,
    )
    unwanted: str | None = former[0]
    return unwanted


def drop(work: Work, account_id: int) -> str | None:
    """Forget an account's copy; the name of its file."""
    row = work.one(
        "DELETE FROM {shard}.export WHERE account_id = %(account_id)s RETURNING file_name",
        {"account_id": account_id},
        shard=work.shards.schema_of(account_id),
    )
    return None if row is None else row[0]


def expired(work: Work, *, most: int) -> list[tuple[int, str]]:
    """Accounts with the files of their copies that are too old."""
    found: list[tuple[int, str]] = []
    for shard in work.shards.schemas:
        rows = work.all(
            "SELECT account_id, file_name FROM {shard}.export WHERE expires_at <= now() LIMIT %(most)s",
            {"most": most},
            shard=shard,
        )
        found += [(account_id, file_name) for account_id, file_name in rows]
    return found


def forget(work: Work, *, account_id: int, file_name: str) -> None:
    """Forget a copy whose file is gone."""
    work.count(
        "DELETE FROM {shard}.export WHERE account_id = %(account_id)s AND file_name = %(file_name)s",
        {"account_id": account_id, "file_name": file_name},
        shard=work.shards.schema_of(account_id),
    )


def profile(work: Work, account_id: int) -> Row | None:
    """Handle, name, words, fields, pictures, choices, proven address."""
    return work.one(
        """
        SELECT p.handle, p.display_name, p.bio, p.fields, p.avatar, p.header, p.locked, p.bot, p.discoverable,
            p.language, a.email
        FROM {shard}.profile p JOIN g.account a ON a.id = p.account_id WHERE p.account_id = %(account_id)s
        """,
        {"account_id": account_id},
        shard=work.shards.schema_of(account_id),
    )


_PAGES: dict[Kind, LiteralString] = {
    "posts": """
        SELECT id, body, warning, sensitive, language, visibility, parent_id, repost_of, edited_at, pinned
        FROM {shard}.posts WHERE author_id = %(owner_id)s AND in_timelines = %(in_timelines)s AND id > %(after)s
        ORDER BY id LIMIT %(limit)s
        """,
    "likes": """
        SELECT post_id FROM {shard}.likes_given WHERE account_id = %(owner_id)s AND post_id > %(after)s
        ORDER BY post_id LIMIT %(limit)s
        """,
    "bookmarks": """
        SELECT post_id FROM {shard}.bookmarks_given WHERE account_id = %(owner_id)s AND post_id > %(after)s
        ORDER BY post_id LIMIT %(limit)s
        """,
    "following": """
        SELECT followee_id, show_reposts FROM {shard}.following
        WHERE follower_id = %(owner_id)s AND followee_id > %(after)s ORDER BY followee_id LIMIT %(limit)s
        """,
    "followers": """
        SELECT follower_id FROM {shard}.followers WHERE followee_id = %(owner_id)s AND follower_id > %(after)s
        ORDER BY follower_id LIMIT %(limit)s
        """,
    "blocks": """
        SELECT target_id FROM {shard}.blocks WHERE account_id = %(owner_id)s AND target_id > %(after)s
        ORDER BY target_id LIMIT %(limit)s
        """,
    "mutes": """
        SELECT target_id, notifications FROM {shard}.mutes
        WHERE account_id = %(owner_id)s AND target_id > %(after)s ORDER BY target_id LIMIT %(limit)s
        """,
    "thread_mutes": """
        SELECT thread_id FROM {shard}.thread_mutes WHERE account_id = %(owner_id)s AND thread_id > %(after)s
        ORDER BY thread_id LIMIT %(limit)s
        """,
    "media": """
        SELECT id, file, post_id, alt FROM {shard}.media
        WHERE account_id = %(owner_id)s AND id > %(after)s AND file IS NOT NULL ORDER BY id LIMIT %(limit)s
        """,
    "lists": """
        SELECT id, title FROM {shard}.lists WHERE account_id = %(owner_id)s AND id > %(after)s
        ORDER BY id LIMIT %(limit)s
        """,
    "list_members": """
        SELECT account_id FROM {shard}.list_members WHERE list_id = %(owner_id)s AND account_id > %(after)s
        ORDER BY account_id LIMIT %(limit)s
        """,
}


def page(work: Work, kind: Kind, owner_id: int, *, after: int, limit: int, in_timelines: bool = True) -> list[Row]:
    """The rows of one kind, by id, that come after the id `after`; `owner_id` is the account, or the list."""
    return work.all(
        _PAGES[kind],
        {"owner_id": owner_id, "after": after, "limit": limit, "in_timelines": in_timelines},
        shard=work.shards.schema_of(owner_id),
    )


def authors(work: Work, post_ids: Sequence[int]) -> dict[int, str]:
    """The handles of those who wrote the posts that are there."""
    found: dict[int, str] = {}
    for shard, ids in work.shards.by_schema(post_ids).items():
        rows = work.all(
            """
            SELECT p.id, a.handle FROM {shard}.posts p JOIN {shard}.profile a ON a.account_id = p.author_id
            WHERE p.id = ANY(%(ids)s)
            """,
            {"ids": ids},
            shard=shard,
        )
        found.update(rows)
    return found


def handles(work: Work, account_ids: Sequence[int]) -> dict[int, str]:
    """The handles of those of the accounts that are there."""
    rows = work.all(
        "SELECT id, handle FROM g.account WHERE id = ANY(%(ids)s) AND state <> 'deleted'", {"ids": list(account_ids)}
    )
    return dict(rows)
