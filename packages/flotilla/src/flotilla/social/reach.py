"""Whom a new post reaches of those who are listening: the timelines' own rules, asked for many readers at once."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from flotilla.social.drafts import INDEXED_MAX
from flotilla.social.events import Kind, publish
from flotilla.social.pages import Post, Viewer
from flotilla.social.shown import originals_of, shown_posts
from flotilla.social.text import hashtags_in
from flotilla.social.visibility import (
    VISITOR_ID,
    Visibility,
    stands_at_home,
    stands_in_list,
    stands_in_public,
)
from flotilla.store import conversations as conversation_rows
from flotilla.store import posts as post_rows
from flotilla.store import reach as reach_rows
from flotilla.store.database import Database, Work
from flotilla.store.posts import PostRow
from flotilla.store.reach import ListRow

__all__ = ["Reach", "Reaches"]


@dataclass(frozen=True, slots=True)
class Reach:
    """A post, and in whose timelines among those asked about it stands just now. `lists`: ids of their lists.

    `post` is as a stranger would see it, with no mark of any reader's own. `public` says in whose local timeline it
    stands, `tagged` in whose timelines of its hashtags.
    """

    post: Post
    hashtags: tuple[str, ...]
    home: frozenset[int]
    public: frozenset[int]
    tagged: frozenset[int]
    lists: frozenset[int]


class Reaches:
    """Whom a post reaches."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, post_id: int, *, reader_ids: Collection[int], list_ids: Collection[int] = ()) -> Reach | None:
        """The reach of a post among those readers and lists, in a handful of statements; None when it is gone."""
        with self._database.read() as work:
            rows = post_rows.find(work, [post_id], reader_id=VISITOR_ID)
            if not rows:
                return None
            row = rows[0]
            originals = originals_of(work, rows, VISITOR_ID)
            post = shown_posts(work, rows, None, originals=originals)[0]
            seen_by = _Readers(work, reader_ids, row, originals)
            tags = hashtags_in(row.body)[:INDEXED_MAX] if row.visibility == Visibility.PUBLIC else ()
            circle = seen_by.followers | {row.author_id}.intersection(reader_ids)
            if tags:
                circle |= reach_rows.followed_tags(work, names=tags, reader_ids=reader_ids)
            lists = reach_rows.list_members(work, list_ids=list_ids, member_id=row.author_id) if list_ids else []
        in_public = seen_by.where(reader_ids, lambda mine, me, _: stands_in_public(mine, me))
        return Reach(
            post=post,
            hashtags=tags,
            home=seen_by.where(circle, stands_at_home),
            public=in_public if _begins_a_talk(row) else frozenset(),
            tagged=in_public if tags else frozenset(),
            lists=frozenset(found.list_id for found in lists if _stands_in(found, seen_by)),
        )

    def followers(self, author_id: int, reader_ids: Collection[int]) -> frozenset[int]:
        """Which of the readers follow that author, or are the author."""
        with self._database.read() as work:
            follow = reach_rows.readers(work, author_id=author_id, reader_ids=reader_ids).follow
        return follow | {author_id}.intersection(reader_ids)

    def typing(self, viewer: Viewer, conversation_id: int) -> None:
        """Tell the others in one of the viewer's conversations that the viewer is writing; in no other anybody."""
        with self._database.read() as work:
            found = conversation_rows.find(work, account_id=viewer.account_id, conversation_id=conversation_id)
            others = [] if found is None else [member for member in found.member_ids if member != viewer.account_id]
            if others:
                stands = reach_rows.readers(work, author_id=viewer.account_id, reader_ids=others)
                apart = stands.hide_author | stands.blocked_by_author
                publish(
                    work,
                    Kind.TYPING,
                    conversation_id=conversation_id,
                    account_id=viewer.account_id,
                    account_ids=[member for member in others if member not in apart],
                    handle=viewer.handle,
                )


class _Readers:
    """The facts about each reader that the rules ask a row for."""

    def __init__(self, work: Work, reader_ids: Collection[int], row: PostRow, originals: dict[int, PostRow]) -> None:
        authors = {row.author_id, *(original.author_id for original in originals.values())}
        if row.parent_author_id is not None:
            authors.add(row.parent_author_id)
        self._stands = {
            author_id: reach_rows.readers(work, author_id=author_id, reader_ids=reader_ids) for author_id in authors
        }
        self._row = row
        self._originals = originals
        self.followers = self._stands[row.author_id].follow

    def where(
        self, reader_ids: Collection[int], stands: Callable[[PostRow, int, Mapping[int, PostRow]], bool]
    ) -> frozenset[int]:
        """Those for whom the rule says yes."""
        return frozenset(
            me
            for me in reader_ids
            if stands(
                self._as_seen_by(self._row, me),
                me,
                {post_id: self._as_seen_by(original, me) for post_id, original in self._originals.items()},
            )
        )

    def _as_seen_by(self, row: PostRow, me: int) -> PostRow:
        author = self._stands[row.author_id]
        parent = self._stands.get(row.parent_author_id or 0)
        return row._replace(
            reposts_wanted=(me not in author.hide_reposts) if me in author.follow else None,
            author_hidden=me in author.hide_author,
            blocked_by_author=me in author.blocked_by_author,
            parent_followed=parent is not None and me in parent.follow,
        )


def _begins_a_talk(row: PostRow) -> bool:
    # As the statement of the local timeline chooses: no reposts, no replies to others.
    return row.repost_of is None and row.parent_author_id in {None, row.author_id}


def _stands_in(found: ListRow, seen_by: _Readers) -> bool:
    members = frozenset(found.member_ids)

    def stands(row: PostRow, me: int, originals: Mapping[int, PostRow]) -> bool:
        return stands_in_list(row, me, originals, members=members, replies=found.replies)

    return bool(seen_by.where([found.owner_id], stands))
