"""Blocking and muting people."""

from datetime import timedelta

from flotilla.errors import InvalidInputError
from flotilla.social.events import Kind, publish
from flotilla.social.follows import end_between
from flotilla.social.pages import Viewer
from flotilla.social.people import Who, id_of, other_than
from flotilla.store import blocks as block_rows
from flotilla.store import mutes as mute_rows
from flotilla.store import people as people_rows
from flotilla.store.database import Database

__all__ = ["MUTE_MAX", "Blocks"]

MUTE_MAX = timedelta(days=366)


class Blocks:
    """Whom a person does not want to meet. A person is named by handle or by id."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def block(self, viewer: Viewer, who: Who) -> None:
        """Block a person, once however often: neither follows, asks, or meets the other from now on.

        Raises NotFoundError, InvalidInputError (field `handle`: oneself).
        """
        with self._database.write() as work:
            target_id = other_than(work, viewer, who, refusal="Nobody can block themselves.")
            people_rows.lock(work, (viewer.account_id, target_id))
            block_rows.insert(work, account_id=viewer.account_id, target_id=target_id)
            end_between(work, viewer.account_id, target_id)

    def unblock(self, viewer: Viewer, who: Who) -> None:
        """Take a block back, if there was one; follows do not come back. Raises NotFoundError."""
        with self._database.write() as work:
            target_id = id_of(work, who)
            people_rows.lock(work, (viewer.account_id, target_id))
            if block_rows.delete(work, account_id=viewer.account_id, target_id=target_id):
                publish(work, Kind.CIRCLE_CHANGED, account_ids=[viewer.account_id, target_id])

    def mute(self, viewer: Viewer, who: Who, *, lifetime: timedelta | None = None, notifications: bool = True) -> None:
        """Hear nothing more of a person, for a time or (None) until it is taken back; they are not told.

        `notifications`: theirs are kept away too. A mute there is already is replaced. Raises NotFoundError,
        InvalidInputError (field `handle`: oneself; `lifetime`: not between nothing and a year).
        """
        if lifetime is not None and not timedelta() < lifetime <= MUTE_MAX:
            raise InvalidInputError({"lifetime": "A mute lasts up to a year, or until you take it back."})
        with self._database.write() as work:
            target_id = other_than(work, viewer, who, refusal="Nobody can mute themselves.")
            mute_rows.insert(
                work,
                account_id=viewer.account_id,
                target_id=target_id,
                lifetime=lifetime,
                notifications=notifications,
            )
            publish(work, Kind.CIRCLE_CHANGED, account_ids=[viewer.account_id])

    def unmute(self, viewer: Viewer, who: Who) -> None:
        """Take a mute back, if there was one. Raises NotFoundError."""
        with self._database.write() as work:
            mute_rows.delete(work, account_id=viewer.account_id, target_id=id_of(work, who))
            publish(work, Kind.CIRCLE_CHANGED, account_ids=[viewer.account_id])
