"""What an account shows of itself wherever it appears: its card."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from flotilla.store import cards as card_rows
from flotilla.store.cards import CardRow
from flotilla.store.database import Database
from flotilla.store.ids import made_at

__all__ = ["Card", "Cards"]


@dataclass(frozen=True, slots=True)
class Card:
    """One account with its counts, the same for every viewer; times are UTC."""

    account_id: int
    handle: str
    display_name: str
    bio: str
    avatar: str | None
    header: str | None
    fields: tuple[tuple[str, str], ...]
    locked: bool
    bot: bool
    discoverable: bool
    joined_at: datetime
    posts: int
    followers: int
    following: int
    last_posted_at: datetime | None


class Cards:
    """The cards of accounts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, account_ids: Collection[int]) -> dict[int, Card]:
        """The cards of those of the accounts that exist; one statement for all of them."""
        if not account_ids:
            return {}
        with self._database.read() as work:
            return {row.account_id: _card(row) for row in card_rows.find(work, account_ids)}


def _card(row: CardRow) -> Card:
    return Card(
        account_id=row.account_id,
        handle=row.handle,
        display_name=row.display_name,
        bio=row.bio,
        avatar=row.avatar,
        header=row.header,
        fields=tuple((field["name"], field["value"]) for field in row.fields),
        locked=row.locked,
        bot=row.bot,
        discoverable=row.discoverable,
        joined_at=made_at(row.account_id),
        posts=row.posts,
        followers=row.followers,
        following=row.following,
        last_posted_at=made_at(row.last_post_id) if row.last_post_id else None,
    )
