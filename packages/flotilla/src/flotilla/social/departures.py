"""Leaving the site: an account is closed and hidden at once, and what it wrote is removed by and by.

Hidden by its state, nothing of it is shown from the moment of the decision. The rows go in transactions of one post or
one other person each, through the same rules as when the person took each deed back by hand, so every count and mirror
stays right. A second pass comes when whoever was still writing at that moment is done for certain.
"""

from time import monotonic

from flotilla.errors import InvalidInputError, NotFoundError
from flotilla.settings import Settings
from flotilla.social import publishing
from flotilla.social.background import Background, Task
from flotilla.social.events import Kind, publish
from flotilla.social.exports import Exports
from flotilla.social.follows import end_between
from flotilla.social.notifying import NotificationKind, take_back
from flotilla.social.pages import Viewer
from flotilla.social.passwords import NOT_THE_PASSWORD, Passwords
from flotilla.social.roles import keep_an_admin
from flotilla.social.uploads import Uploads
from flotilla.store import blocks as block_rows
from flotilla.store import credentials as credential_rows
from flotilla.store import departures as rows
from flotilla.store import marks
from flotilla.store import people as people_rows
from flotilla.store import posts as post_rows
from flotilla.store.database import Database, Work

__all__ = ["Departures"]

BATCH = 100
REMOVE_ACCOUNT = Task("remove_account", queue="cleanup", lease_s=900)
# Well before the lease ends the rest is left to another task.
WORKS_FOR_S = 300.0


class Departures:
    """Accounts that go."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        *,
        passwords: Passwords,
        media: Uploads,
        exports: Exports,
        background: Background,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._media = media
        self._exports = exports
        self._background = background
        # A request of that person that is being answered now ends, or is ended, before that.
        self._second_pass_after_s = 2 * settings.request_timeout_s
        background.does(REMOVE_ACCOUNT, self._remove)

    def leave(self, viewer: Viewer, *, password: str) -> None:
        """Close the viewer's own account for good. Raises InvalidInputError (password)."""
        with self._database.read() as work:
            stored = credential_rows.password_hash(work, viewer.account_id)
        if not self._passwords.fits(password, stored):
            raise InvalidInputError({"password": NOT_THE_PASSWORD})
        self.close(viewer.account_id)

    def close(self, account_id: int) -> None:
        """Close an account, for whoever may decide that. Raises NotFoundError when there is none, or no more;
        ForbiddenError when it is the last admin's.
        """
        with self._database.write() as work:
            credential_rows.lock(work, account_id, to_change=True)
            keep_an_admin(work, account_id)
            if not rows.close(work, account_id):
                raise NotFoundError("There is no such account any more.")
            publish(work, Kind.SIGNED_OUT, account_id=account_id)
            self._exports.drop(work, account_id)
            self._media.remove_gone_after(work, account_id)
            self._background.later(work, REMOVE_ACCOUNT, account_id=account_id, last=0)
            self._background.later(
                work, REMOVE_ACCOUNT, account_id=account_id, last=1, after_s=self._second_pass_after_s
            )

    def _remove(self, account_id: int, last: int) -> None:
        """Remove what is left of a closed account; with `last` its profile too, once nothing hangs on it."""
        until_s = monotonic() + WORKS_FOR_S
        while self._remove_some(account_id):
            if monotonic() > until_s:
                with self._database.write() as work:
                    self._background.later(work, REMOVE_ACCOUNT, account_id=account_id, last=last)
                return
        if last:
            with self._database.write() as work:
                rows.remove_profile(work, account_id)
                self._media.remove_gone_after(work, account_id)

    def _remove_some(self, account_id: int) -> int:
        """Remove a batch of each kind; how much there was. Twice at once comes to the same as once."""
        with self._database.read() as work:
            post_ids = rows.posts(work, account_id, limit=BATCH)
            marked_ids = rows.marked(work, account_id, limit=BATCH)
            other_ids = rows.others(work, account_id, limit=BATCH)
        for post_id in post_ids:
            with self._database.write() as work:
                _remove_post(work, account_id, post_id)
                self._media.remove_gone_after(work, post_id)
        for post_id in marked_ids:
            with self._database.write() as work:
                _remove_marks(work, account_id, post_id)
        for other_id in other_ids:
            with self._database.write() as work:
                people_rows.lock(work, (account_id, other_id))
                end_between(work, account_id, other_id)
                block_rows.delete(work, account_id=account_id, target_id=other_id)
                block_rows.delete(work, account_id=other_id, target_id=account_id)
        with self._database.write() as work:
            removed = rows.leftovers(work, account_id, limit=BATCH * 10)
        return len(post_ids) + len(marked_ids) + len(other_ids) + removed


def _remove_post(work: Work, account_id: int, post_id: int) -> None:
    found = post_rows.find(work, [post_id], reader_id=account_id)
    if not found:
        return
    older = [other for other in (found[0].parent_id, found[0].repost_of) if other is not None]
    if post_id not in post_rows.lock(work, [*older, post_id]):
        return
    (row,) = post_rows.find(work, [post_id], reader_id=account_id)
    publishing.remove(work, row)
    if row.repost_of is not None:
        for original in post_rows.find(work, [row.repost_of], reader_id=account_id):
            take_back(work, NotificationKind.REPOST, original.author_id, actor_id=account_id, target=original.post_id)


def _remove_marks(work: Work, account_id: int, post_id: int) -> None:
    post_rows.lock(work, [post_id])
    liked = marks.LIKES.delete(work, account_id=account_id, post_id=post_id)
    marks.BOOKMARKS.delete(work, account_id=account_id, post_id=post_id)
    if liked:
        for row in post_rows.find(work, [post_id], reader_id=account_id):
            take_back(work, NotificationKind.LIKE, row.author_id, actor_id=account_id, target=post_id)
