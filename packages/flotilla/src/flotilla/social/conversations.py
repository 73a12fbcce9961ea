"""Direct posts as conversations: each set of people has one."""

from collections.abc import Sequence

from flotilla.errors import NotFoundError
from flotilla.settings import Settings
from flotilla.social.events import Kind, publish
from flotilla.social.pages import Author, Conversation, ConversationsPage, Page, Viewer
from flotilla.social.paging import FIRST, Paging, filled, window_of
from flotilla.social.shown import people_of, shown_posts
from flotilla.social.visibility import wants_to_see
from flotilla.store import conversations as rows
from flotilla.store import posts as post_rows
from flotilla.store.conversations import ConversationRow
from flotilla.store.database import Database, Work
from flotilla.store.ids import MAX_ID
from flotilla.store.windows import Scan, Window

__all__ = ["UNREAD_MAX", "Conversations"]

UNREAD_MAX = 100
_NO_SUCH = "There is no such conversation."


class Conversations:
    """The conversations of one member, who sees only their own."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._page_size = settings.page_size

    def page(self, viewer: Viewer, paging: Paging = FIRST) -> ConversationsPage:
        """The viewer's conversations, the one with the newest post first."""
        with self._database.read() as work:
            window = window_of(paging, page_size=self._page_size)
            found = rows.newest(work, account_id=viewer.account_id, window=window)
            size = window.limit - 1
            items = _shown(work, found[:size], viewer)
        return ConversationsPage(items, found[size - 1].last_post_id if len(found) > size else None)

    def one(self, viewer: Viewer, conversation_id: int) -> Conversation:
        """One of the viewer's conversations. Raises NotFoundError."""
        with self._database.read() as work:
            return _shown(work, [_found(work, viewer, conversation_id)], viewer)[0]

    def posts(self, viewer: Viewer, conversation_id: int, paging: Paging = FIRST) -> Page:
        """What was written in one of the viewer's conversations, newest first. Raises NotFoundError."""
        me = viewer.account_id
        with self._database.read() as work:
            _found(work, viewer, conversation_id)

            def read(window: Window) -> Scan:
                ids = rows.post_ids(work, account_id=me, conversation_id=conversation_id, window=window)
                return Scan.of_ids(ids, post_rows.find(work, ids, reader_id=me), window)

            window = window_of(paging, page_size=self._page_size)
            found = filled(
                read, lambda read: [row for row in read if wants_to_see(row, me, {})], window, size=window.limit - 1
            )
            return Page(shown_posts(work, found.rows, viewer), found.next_before)

    def mark_read(self, viewer: Viewer, conversation_id: int) -> None:
        """Note that the viewer has read all of it; changes nothing when they had. Raises NotFoundError."""
        with self._database.write() as work:
            row = _found(work, viewer, conversation_id)
            if row.last_post_id > row.last_read_id and rows.read_to(
                work, account_id=viewer.account_id, conversation_id=conversation_id, post_id=row.last_post_id
            ):
                publish(work, Kind.READ, account_id=viewer.account_id)

    def delete(self, viewer: Viewer, conversation_id: int) -> None:
        """Forget a conversation, for the viewer only; their next post in it begins it anew. Raises NotFoundError."""
        with self._database.write() as work:
            _found(work, viewer, conversation_id)
            rows.delete(work, account_id=viewer.account_id, conversation_id=conversation_id)

    def unread(self, viewer: Viewer) -> int:
        """How many of the viewer's conversations have something new, counted to UNREAD_MAX."""
        with self._database.read() as work:
            return rows.unread(work, account_id=viewer.account_id, most=UNREAD_MAX)


def _found(work: Work, viewer: Viewer, conversation_id: int) -> ConversationRow:
    row = None
    if 0 < conversation_id <= MAX_ID:
        row = rows.find(work, account_id=viewer.account_id, conversation_id=conversation_id)
    if row is None:
        raise NotFoundError(_NO_SUCH)
    return row


def _shown(work: Work, found: Sequence[ConversationRow], viewer: Viewer) -> tuple[Conversation, ...]:
    me = viewer.account_id
    last = post_rows.find(work, [row.last_post_id for row in found], reader_id=me) if found else []
    posts = {post.id: post for post in shown_posts(work, [row for row in last if wants_to_see(row, me, {})], viewer)}
    others = {member for row in found for member in row.member_ids if member != me}
    people = people_of(work, others, me)

    def names(row: ConversationRow) -> tuple[Author, ...]:
        return tuple(people[member] for member in row.member_ids if member in people)

    return tuple(
        Conversation(row.conversation_id, names(row), posts.get(row.last_post_id), row.last_post_id > row.last_read_id)
        for row in found
    )
