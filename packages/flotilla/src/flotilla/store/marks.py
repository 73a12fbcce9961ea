"""Rows of what people mark posts with, likes and bookmarks: the edge in the marker's shard, its mirror in the author's.

Each function expects the post to be held by `posts.lock`, which makes a storm of likes on one post a queue.
"""

from collections.abc import Iterable, Sequence
from typing import LiteralString

from flotilla.store.database import Work
from flotilla.store.windows import Window, within

__all__ = ["BOOKMARKS", "LIKES", "Marks"]


_INSERT_EDGE: LiteralString = """
    INSERT INTO {shard}.marks_given (account_id, post_id) VALUES (%(account_id)s, %(post_id)s) ON CONFLICT DO NOTHING
    """
_INSERT_MIRROR: LiteralString = """
    INSERT INTO {shard}.marks_received (post_id, account_id) VALUES (%(post_id)s, %(account_id)s)
    """
_DELETE_EDGE: LiteralString = """
    DELETE FROM {shard}.marks_given WHERE account_id = %(account_id)s AND post_id = %(post_id)s
    """
_DELETE_MIRROR: LiteralString = """
    DELETE FROM {shard}.marks_received WHERE post_id = %(post_id)s AND account_id = %(account_id)s
    """
_DELETE_EDGES: LiteralString = """
    DELETE FROM {shard}.marks_given WHERE account_id = ANY(%(account_ids)s) AND post_id = %(post_id)s
    """
_DELETE_MIRRORS: LiteralString = """
    DELETE FROM {shard}.marks_received WHERE post_id = %(post_id)s RETURNING account_id
    """
_OF_POST: LiteralString = "SELECT account_id AS id FROM {shard}.marks_received WHERE post_id = %(post_id)s"
_INSERT_EDGES: LiteralString = """
    INSERT INTO {shard}.marks_given (account_id, post_id)
    SELECT * FROM unnest(%(account_ids)s::bigint[], %(post_ids)s::bigint[]) ORDER BY 1, 2
    ON CONFLICT DO NOTHING RETURNING account_id, post_id
    """
_INSERT_MIRRORS: LiteralString = """
    INSERT INTO {shard}.marks_received (post_id, account_id)
    SELECT * FROM unnest(%(post_ids)s::bigint[], %(account_ids)s::bigint[]) ORDER BY 1, 2
    """
_COUNT_EACH: LiteralString = """
    UPDATE {shard}.post_stats s SET marks = s.marks + new.marks
    FROM (SELECT post_id, count(*) AS marks FROM unnest(%(post_ids)s::bigint[]) AS post_id GROUP BY post_id) new
    WHERE s.post_id = new.post_id
    """
_COUNT: LiteralString = "UPDATE {shard}.post_stats SET marks = marks + %(change)s WHERE post_id = %(post_id)s"


class Marks:
    """One kind of mark: the tables `<name>_given` and `<name>_received`, counted in post_stats or not at all."""

    def __init__(self, name: LiteralString, *, counted: bool) -> None:
        self._name: LiteralString = name
        self._counted = counted

    def insert(self, work: Work, *, account_id: int, post_id: int) -> bool:
        """Store a mark with its mirror and count it; whether it was new."""
        keys: dict[str, object] = {"account_id": account_id, "post_id": post_id}
        if not work.count(self._of_kind(_INSERT_EDGE), keys, shard=work.shards.schema_of(account_id)):
            return False
        self._mirror(work, _INSERT_MIRROR, keys, post_id, change=1)
        return True

    def insert_several(self, work: Work, marks: Iterable[tuple[int, int]]) -> set[tuple[int, int]]:
        """Store marks, (account, post) each, with their mirrors, and count them; those that were new."""
        by_account: dict[str, list[tuple[int, int]]] = {}
        for account_id, post_id in marks:
            by_account.setdefault(work.shards.schema_of(account_id), []).append((account_id, post_id))
        new: set[tuple[int, int]] = set()
        for shard, given in sorted(by_account.items()):
            new.update(work.all(self._of_kind(_INSERT_EDGES), _keys(given), shard=shard))
        by_post: dict[str, list[tuple[int, int]]] = {}
        for account_id, post_id in new:
            by_post.setdefault(work.shards.schema_of(post_id), []).append((account_id, post_id))
        mirror = self._of_kind(_INSERT_MIRRORS)
        if self._counted:
            mirror = "WITH mirror AS (" + mirror + ") " + self._of_kind(_COUNT_EACH)
        for shard, received in sorted(by_post.items()):
            work.count(mirror, _keys(received), shard=shard)
        return new

    def delete(self, work: Work, *, account_id: int, post_id: int) -> bool:
        """Remove a mark with its mirror from the count; whether there was one."""
        keys: dict[str, object] = {"account_id": account_id, "post_id": post_id}
        if not work.count(self._of_kind(_DELETE_EDGE), keys, shard=work.shards.schema_of(account_id)):
            return False
        self._mirror(work, _DELETE_MIRROR, keys, post_id, change=-1)
        return True

    def delete_all(self, work: Work, post_id: int) -> None:
        """Remove every mark of a post that is about to go, on both sides."""
        rows = work.all(self._of_kind(_DELETE_MIRRORS), {"post_id": post_id}, shard=work.shards.schema_of(post_id))
        for shard, account_ids in work.shards.by_schema(account_id for (account_id,) in rows).items():
            work.count(self._of_kind(_DELETE_EDGES), {"account_ids": account_ids, "post_id": post_id}, shard=shard)

    def of_post(self, work: Work, post_id: int, window: Window) -> list[int]:
        """The ids of the people who marked the post, the newest accounts first."""
        parameters = {**window.parameters(), "post_id": post_id}
        rows = work.all(within(self._of_kind(_OF_POST), window), parameters, shard=work.shards.schema_of(post_id))
        return [account_id for (account_id,) in rows]

    def _mirror(
        self, work: Work, statement: LiteralString, keys: dict[str, object], post_id: int, *, change: int
    ) -> None:
        mirror = self._of_kind(statement)
        if self._counted:
            mirror = "WITH mirror AS (" + mirror + ") " + self._of_kind(_COUNT)
        work.count(mirror, keys | {"change": change}, shard=work.shards.schema_of(post_id))

    def _of_kind(self, statement: LiteralString) -> LiteralString:
        return statement.replace("marks", self._name)


def _keys(marks: Sequence[tuple[int, int]]) -> dict[str, object]:
    return {"account_ids": [account_id for account_id, _ in marks], "post_ids": [post_id for _, post_id in marks]}


LIKES = Marks("likes", counted=True)
BOOKMARKS = Marks("bookmarks", counted=False)
