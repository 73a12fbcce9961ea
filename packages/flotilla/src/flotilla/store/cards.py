"""What an account shows of itself wherever it appears, for many accounts at once."""

from collections.abc import Collection
from dataclasses import dataclass

from flotilla.store.database import Work

__all__ = ["CardRow", "find"]


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
    posts: int
    followers: int
    following: int
    last_post_id: int


def find(work: Work, account_ids: Collection[int]) -> list[CardRow]:
    """Those of the accounts that exist; one statement a shard."""
    rows: list[CardRow] = []
    for shard, ids in work.shards.by_schema(account_ids).items():
        found = work.all(
            """
            SELECT p.account_id, p.handle, p.display_name, p.bio, p.avatar, p.header, p.fields, p.locked, p.bot,
                p.discoverable, s.posts, s.followers, s.following, s.last_post_id
            FROM {shard}.profile p JOIN {shard}.author_stats s ON s.author_id = p.account_id
            WHERE p.account_id = ANY(%(ids)s)
            """,
            {"ids": ids},
            shard=shard,
        )
        rows += [CardRow(*row) for row in found]
    return rows
