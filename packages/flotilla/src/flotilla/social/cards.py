"""What an account shows of itself wherever it appears: its card."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from flotilla.errors import NotFoundError
from flotilla.social.handles import handle_of
from flotilla.social.media import picture_url
from flotilla.social.pages import Viewer
from flotilla.social.people import NOBODY
from flotilla.store import cards as card_rows
from flotilla.store.cards import CardRow
from flotilla.store.database import Database
from flotilla.store.ids import made_at

__all__ = ["Card", "Cards", "OwnCard"]


@dataclass(frozen=True, slots=True)
class Card:
    """One account with its counts, the same for every viewer; times are UTC, `avatar` and `header` paths."""

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
    silenced: bool
    joined_at: datetime
    posts: int
    followers: int
    following: int
    last_posted_at: datetime | None


@dataclass(frozen=True, slots=True)
class OwnCard:
    """One's own account: what posts start from, and how many ask to follow, counted to 100."""

    card: Card
    default_visibility: int
    default_sensitive: bool
    language: str
    follow_requests: int


class Cards:
    """The cards of accounts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_handle(self, handle: str) -> Card | None:
        """The card of the active account with that handle."""
        wanted = handle_of(handle)
        if wanted is None:
            return None
        with self._database.read() as work:
            row = card_rows.find_by_handle(work, wanted)
        return None if row is None else _card(row)

    def own(self, viewer: Viewer) -> OwnCard:
        """The viewer's own card; two statements. Raises NotFoundError when they have just gone."""
        with self._database.read() as work:
            rows = card_rows.find(work, [viewer.account_id])
            if not rows:
                raise NotFoundError(NOBODY)
            own = card_rows.own(work, viewer.account_id)
        return OwnCard(
            card=_card(rows[0]),
            default_visibility=own.default_visibility,
            default_sensitive=own.default_sensitive,
            language=own.language,
            follow_requests=own.follow_requests,
        )

    def of(self, account_ids: Collection[int]) -> dict[int, Card]:
        """The cards of those of the accounts that are active; one statement for all of them."""
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
        avatar=picture_url(row.avatar) if row.avatar else None,
        header=picture_url(row.header) if row.header else None,
        fields=tuple((field["name"], field["value"]) for field in row.fields),
        locked=row.locked,
        bot=row.bot,
        discoverable=row.discoverable,
        silenced=row.silenced,
        joined_at=made_at(row.account_id),
        posts=row.posts,
        followers=row.followers,
        following=row.following,
        last_posted_at=made_at(row.last_post_id) if row.last_post_id else None,
    )
