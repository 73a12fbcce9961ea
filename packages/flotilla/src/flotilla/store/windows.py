"""Which part of a timeline a statement gives: keyset paging, so page 1,000 costs what page 2 does."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import LiteralString

from flotilla.store.ids import MAX_ID
from flotilla.store.posts import PostRow

__all__ = ["Scan", "Window", "within"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The `limit` newest ids between `after` and `before` (both excluded), with `oldest_first` the oldest of them."""

    before: int = MAX_ID
    after: int = 0
    limit: int
    oldest_first: bool = False

    def parameters(self) -> dict[str, object]:
        """What `within` refers to."""
        return {"before": self.before, "after": self.after, "limit": self.limit}

    def beyond(self, end: int, *, limit: int) -> "Window":
        """The window that goes on where this one ended."""
        return replace(self, after=end, limit=limit) if self.oldest_first else replace(self, before=end, limit=limit)

    def first(self, ids: Sequence[int]) -> list[int]:
        """The window's part of ids that several statements gave, each once and in order."""
        return sorted(set(ids), reverse=not self.oldest_first)[: self.limit]


@dataclass(frozen=True, slots=True)
class Scan:
    """The rows of a window, in its order. `end`: the last id looked at, None when there was nothing beyond.

    `besides`: what was read in the same statement, and stands elsewhere on the page.
    """

    rows: list[PostRow]
    end: int | None
    besides: tuple[PostRow, ...] = ()

    @classmethod
    def of(cls, rows: Sequence[PostRow], window: Window) -> "Scan":
        """From the rows of all shards, each shard's part holding up to the window's limit."""
        by_id = {row.post_id: row for row in rows}
        ids = window.first(list(by_id))
        return cls([by_id[post_id] for post_id in ids], ids[-1] if len(ids) == window.limit else None)

    @classmethod
    def of_ids(cls, ids: Sequence[int], rows: Sequence[PostRow], window: Window) -> "Scan":
        """From the ids of a list, of which the rows may be missing some that are gone."""
        ordered = sorted(rows, key=lambda row: row.post_id, reverse=not window.oldest_first)
        return cls(ordered, ids[-1] if len(ids) == window.limit else None)


def within(ids: LiteralString, window: Window) -> LiteralString:
    """The statement `ids` (whose one column is `id`), limited to the window."""
    start: LiteralString = "SELECT id FROM ("
    bounds: LiteralString = ") found WHERE id < %(before)s AND id > %(after)s ORDER BY id "
    order: LiteralString = "LIMIT %(limit)s" if window.oldest_first else "DESC LIMIT %(limit)s"
    return start + ids + bounds + order
