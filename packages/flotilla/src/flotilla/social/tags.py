"""Hashtags that a person follows: their posts stand in the home timeline."""

from dataclasses import dataclass

from flotilla.errors import InvalidInputError, NotFoundError
from flotilla.social.events import Kind, publish
from flotilla.social.pages import Viewer
from flotilla.social.text import hashtag_name
from flotilla.store import tag_follows as tag_rows
from flotilla.store.database import Database
from flotilla.store.ids import MAX_ID

__all__ = ["TAGS_MAX", "FollowedTag", "FollowedTags"]

TAGS_MAX = 100


@dataclass(frozen=True, slots=True)
class FollowedTag:
    """A hashtag the viewer follows, its name in its one spelling."""

    id: int
    name: str


class FollowedTags:
    """The hashtags the viewer follows, with or without their #."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, viewer: Viewer, *, before: int | None = None, limit: int = TAGS_MAX) -> tuple[FollowedTag, ...]:
        """Those with ids below `before`, the ones first used last first."""
        with self._database.read() as work:
            rows = tag_rows.page(
                work,
                account_id=viewer.account_id,
                before=MAX_ID if before is None else before,
                limit=min(limit, TAGS_MAX),
            )
        return tuple(FollowedTag(*row) for row in rows)

    def is_followed(self, viewer: Viewer, name: str) -> bool:
        """Whether the viewer follows it."""
        wanted = hashtag_name(name)
        if wanted is None:
            return False
        with self._database.read() as work:
            return tag_rows.is_followed(work, account_id=viewer.account_id, name=wanted)

    def follow(self, viewer: Viewer, name: str) -> None:
        """Follow a hashtag, once however often; nobody need have used it yet.

        Raises NotFoundError when it cannot be one, InvalidInputError (field `tag`: too many).
        """
        wanted = _wanted(name)
        with self._database.write() as work:
            if not tag_rows.insert(work, account_id=viewer.account_id, name=wanted, most=TAGS_MAX):
                raise InvalidInputError({"tag": f"Nobody can follow more than {TAGS_MAX} hashtags."})
            publish(work, Kind.CIRCLE_CHANGED, account_ids=[viewer.account_id])

    def unfollow(self, viewer: Viewer, name: str) -> None:
        """Stop following a hashtag, if one did. Raises NotFoundError when it cannot be one."""
        wanted = _wanted(name)
        with self._database.write() as work:
            tag_rows.delete(work, account_id=viewer.account_id, name=wanted)
            publish(work, Kind.CIRCLE_CHANGED, account_ids=[viewer.account_id])


def _wanted(name: str) -> str:
    wanted = hashtag_name(name)
    if wanted is None:
        raise NotFoundError("This cannot be a hashtag.")
    return wanted
