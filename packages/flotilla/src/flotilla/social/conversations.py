"""Direct posts as conversations: each set of people has one."""

from collections.abc import Sequence

from flotilla.errors import InvalidInputError, NotFoundError
from flotilla.settings import Settings
from flotilla.social.accounts import handle_of
from flotilla.social.conversing import conversation_of
from flotilla.social.drafts import INDEXED_MAX
from flotilla.social.events import Kind, publish
from flotilla.social.pages import Author, Conversation, ConversationsPage, Page, Viewer
from flotilla.social.paging import FIRST, Paging, filled, window_of
from flotilla.social.posts import Posts
from flotilla.social.shown import people_of, shown_posts
from flotilla.social.visibility import Visibility, wants_to_see
from flotilla.store import accounts as account_rows
from flotilla.store import conversations as rows
from flotilla.store import posts as post_rows
from flotilla.store.conversations import ConversationRow
from flotilla.store.database import Database, Work
from flotilla.store.ids import MAX_ID
from flotilla.store.posts import PostRow
from flotilla.store.windows import Scan, Window

__all__ = ["UNREAD_MAX", "Conversations"]

UNREAD_MAX = 100
MEMBERS_MAX = INDEXED_MAX
_NO_SUCH = "There is no such conversation."


class Conversations:
    """The conversations of one member, who sees only their own."""

    def __init__(self, database: Database, settings: Settings, posts: Posts) -> None:
        self._database = database
        self._single_posts = posts
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

    def opened(self, viewer: Viewer, conversation_id: int, paging: Paging = FIRST) -> tuple[Conversation, Page]:
        """One of the viewer's conversations and what was written in it, which is read now. Raises NotFoundError."""
        with self._database.read() as work:
            row = _found(work, viewer, conversation_id)
            page = self._posts(work, viewer, conversation_id, paging)
            people = people_of(work, [member for member in row.member_ids if member != viewer.account_id], 0)
        unread = row.last_post_id > row.last_read_id
        if unread:
            self.mark_read(viewer, conversation_id)
        last = page.items[0] if page.items and paging == FIRST else None
        return Conversation(conversation_id, tuple(people.values()), last, unread), page

    def start(self, viewer: Viewer, to: str, text: str, *, key: str = "") -> int:
        """Write to people, named by their handles; the conversation's id.

        Raises InvalidInputError (fields `to`, `text`).
        """
        handles = dict.fromkeys(to.replace(",", " ").split())
        with self._database.read() as work:
            found = {handle: _account_id(work, handle) for handle in list(handles)[: MEMBERS_MAX + 1]}
        unknown = [handle for handle, account_id in found.items() if account_id is None]
        ids = [account_id for account_id in found.values() if account_id not in {None, viewer.account_id}]
        problem = ""
        if unknown:
            problem = f"There is nobody called {unknown[0][:40]}."
        elif not ids:
            problem = "Say to whom, by their handles."
        elif len(found) > MEMBERS_MAX:
            problem = f"A conversation has at most {MEMBERS_MAX} others."
        if problem:
            raise InvalidInputError({"to": problem})
        return self._write(viewer, [account_id for account_id in ids if account_id is not None], text, key)

    def write(self, viewer: Viewer, conversation_id: int, text: str, *, key: str = "") -> None:
        """Write to everyone in one of the viewer's conversations. Raises NotFoundError, InvalidInputError (`text`)."""
        with self._database.read() as work:
            row = _found(work, viewer, conversation_id)
        self._write(viewer, row.member_ids, text, key)

    def _write(self, viewer: Viewer, recipients: Sequence[int], text: str, key: str) -> int:
        """The id of the conversation in which it ended up: everyone whom the text mentions reads it as well."""
        post_id = self._single_posts.publish(viewer, text, visibility=Visibility.DIRECT, recipients=recipients, key=key)
        with self._database.read() as work:
            (row,) = post_rows.find(work, [post_id], reader_id=viewer.account_id)
        return conversation_of({viewer.account_id, *row.mentioned_ids}).id

    def posts(self, viewer: Viewer, conversation_id: int, paging: Paging = FIRST) -> Page:
        """What was written in one of the viewer's conversations, newest first. Raises NotFoundError."""
        with self._database.read() as work:
            _found(work, viewer, conversation_id)
            return self._posts(work, viewer, conversation_id, paging)

    def _posts(self, work: Work, viewer: Viewer, conversation_id: int, paging: Paging) -> Page:
        me = viewer.account_id

        def read(window: Window) -> Scan:
            ids = rows.post_ids(work, account_id=me, conversation_id=conversation_id, window=window)
            return Scan.of_ids(ids, post_rows.find(work, ids, reader_id=me), window)

        def wanted(found: list[PostRow]) -> list[PostRow]:
            return [row for row in found if wants_to_see(row, me, {})]

        window = window_of(paging, page_size=self._page_size)
        found = filled(read, wanted, window, size=window.limit - 1)
        return Page(shown_posts(work, found.rows, viewer), found.next_before)

    def mark_read(self, viewer: Viewer, conversation_id: int) -> None:
        """Note that the viewer has read all of it; changes nothing when they had. Raises NotFoundError."""
        with self._database.write(hides=False) as work:
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


def _account_id(work: Work, text: str) -> int | None:
    handle = handle_of(text)
    return None if handle is None else account_rows.id_of(work, handle)


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
