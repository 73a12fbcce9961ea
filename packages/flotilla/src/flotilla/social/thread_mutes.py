"""Hearing no more of a thread: its posts stay where they are, and nobody is told of what happens in it."""

from flotilla.social import publishing
from flotilla.social.pages import Viewer
from flotilla.store import thread_mutes as rows
from flotilla.store.database import Database, Work

__all__ = ["ThreadMutes"]


class ThreadMutes:
    """Which threads a person mutes. A thread is named by any of its posts that they may see, or by a repost of one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def mute(self, viewer: Viewer, post_id: int) -> None:
        """Tell the viewer nothing more of what happens in the post's thread; what they were told stays.

        Nobody else learns of it. Raises NotFoundError.
        """
        with self._database.write(hides=False) as work:
            rows.insert(work, account_id=viewer.account_id, thread_id=_thread_of(work, viewer, post_id))

    def unmute(self, viewer: Viewer, post_id: int) -> None:
        """Take that back, if it was so. Raises NotFoundError."""
        with self._database.write(hides=False) as work:
            rows.delete(work, account_id=viewer.account_id, thread_id=_thread_of(work, viewer, post_id))


def _thread_of(work: Work, viewer: Viewer, post_id: int) -> int:
    row = publishing.seen(work, viewer, post_id)
    return row.thread_id if row.repost_of is None else publishing.seen(work, viewer, row.repost_of).thread_id
