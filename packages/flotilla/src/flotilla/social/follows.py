"""Following people."""

from flotilla.errors import InvalidInputError, NotFoundError
from flotilla.social.accounts import handle_of
from flotilla.social.pages import Viewer
from flotilla.store import accounts as account_rows
from flotilla.store import follows as follow_rows
from flotilla.store.database import Database, Work

__all__ = ["Follows"]


class Follows:
    """Who follows whom."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def follow(self, viewer: Viewer, handle: str) -> None:
        """Follow a person, once however often. Raises NotFoundError, InvalidInputError (field `handle`: oneself)."""
        with self._database.write() as work:
            followee_id = _id_of(work, handle)
            if followee_id == viewer.account_id:
                raise InvalidInputError({"handle": "Nobody can follow themselves."})
            follow_rows.insert(work, follower_id=viewer.account_id, followee_id=followee_id)

    def unfollow(self, viewer: Viewer, handle: str) -> None:
        """Stop following a person, if one did. Raises NotFoundError."""
        with self._database.write() as work:
            follow_rows.delete(work, follower_id=viewer.account_id, followee_id=_id_of(work, handle))


def _id_of(work: Work, handle: str) -> int:
    wanted = handle_of(handle)
    account_id = None if wanted is None else account_rows.id_of(work, wanted)
    if account_id is None:
        raise NotFoundError("There is nobody with this handle.")
    return account_id
