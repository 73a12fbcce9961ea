"""What an account shows of itself wherever it appears, for many accounts at once."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import LiteralString

from flotilla.store.database import Work

__all__ = ["CardRow", "OwnRow", "find", "find_by_handle", "own"]


@dataclass(frozen=True, slots=True)
class CardRow:
    """A profile with its counts; `last_post_id` is 0 without a post."""

    account_id: int
    handle: str
    display_name: str
    bio: str
    avatar: str | None
    header: str | None
    fields: list[dict[str, str]]
    locked: bool
    bot: bool
    discoverable: bool
    silenced: bool
    posts: int
    followers: int
    following: int
    last_post_id: int


_COLUMNS: LiteralString = """
    SELECT p.account_id, p.handle, p.display_name, p.bio, p.avatar, p.header, p.fields, p.locked, p.bot,
        p.discoverable, a.silenced, s.posts, s.followers, s.following, s.last_post_id
    FROM {shard}.profile p
    JOIN {shard}.author_stats s ON s.author_id = p.account_id
    JOIN g.account a ON a.id = p.account_id
    WHERE a.state = 'active'"""


@dataclass(frozen=True, slots=True)
class OwnRow:
    """What an account starts its posts from, and how many ask to follow it, counted to a bound."""

    default_visibility: int
    default_sensitive: bool
    language: str
    follow_requests: int


def find(work: Work, account_ids: Collection[int]) -> list[CardRow]:
    """Those of the accounts that are active; one statement a shard."""
    rows: list[CardRow] = []
    for shard, ids in work.shards.by_schema(account_ids).items():
        found = work.all(_COLUMNS + " AND p.account_id = ANY(%(ids)s)", {"ids": ids}, shard=shard)
        rows += [CardRow(*row) for row in found]
    return rows


def find_by_handle(work: Work, handle: str) -> CardRow | None:
    """The active account of that handle."""
    for shard in work.shards.schemas:
        row = work.one(_COLUMNS + " AND a.handle = %(handle)s", {"handle": handle}, shard=shard)
        if row is not None:
            return CardRow(*row)
    return None


def own(work: Work, account_id: int) -> OwnRow:
    """What only the account itself is shown."""
    row = work.one(
        """
        SELECT default_visibility, default_sensitive, language,
            (SELECT count(*) FROM (
                SELECT FROM {shard}.follow_requests_received r WHERE r.target_id = p.account_id LIMIT 100
            ) bounded)
        FROM {shard}.profile p WHERE account_id = %(account_id)s
        """,
        {"account_id": account_id},
        shard=work.shards.schema_of(account_id),
    )
    assert row is not None, "an account always has its profile"
    return OwnRow(*row)
