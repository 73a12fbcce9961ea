"""Which part of a list somebody asks for, and reading on until a page is full of what they may see."""

from collections.abc import Callable
from dataclasses import dataclass

from flotilla.store.ids import MAX_ID
from flotilla.store.posts import PostRow
from flotilla.store.windows import Scan, Window

__all__ = ["FIRST", "LIMIT_MAX", "Filled", "Paging", "filled", "window_of"]

LIMIT_MAX = 100
# A page of which nearly everything is hidden from its reader ends after this many readings, shorter than others.
READINGS_MAX = 6
READ_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """What lies between two ids, both excluded; without them the newest. Pages are newest first, always.

    `before` (the API's max_id): only older. `after` (since_id): only newer. `oldest_first` with `after` (min_id): the
    page right after it instead of the newest. `limit`: at most so many, None: as many as this site's pages have.
    """

    before: int | None = None
    after: int | None = None
    oldest_first: bool = False
    limit: int | None = None


FIRST = Paging()


@dataclass(frozen=True, slots=True)
class Filled:
    """Rows of a page, newest first, and where the older page begins (None: there is none)."""

    rows: list[PostRow]
    next_before: int | None


def window_of(paging: Paging, *, page_size: int, extra: int = 1) -> Window:
    """What to read for that page. An id is never too large or negative; who asks so gets the first or an empty page."""
    limit = page_size if paging.limit is None else max(1, min(paging.limit, LIMIT_MAX))
    return Window(
        before=MAX_ID if paging.before is None else max(0, min(paging.before, MAX_ID)),
        after=0 if paging.after is None else max(0, min(paging.after, MAX_ID)),
        limit=limit + extra,
        oldest_first=paging.oldest_first,
    )


def filled(
    read: Callable[[Window], Scan], wanted: Callable[[list[PostRow]], list[PostRow]], window: Window, *, size: int
) -> Filled:
    """Read on from `window` until `size` rows were found that `wanted` leaves, or there are no more: an exact page."""
    rows: list[PostRow] = []
    end: int | None = None
    for _ in range(READINGS_MAX):
        scan = read(window)
        rows += wanted(scan.rows)
        end = scan.end
        if end is None or len(rows) > size:
            break
        window = window.beyond(end, limit=min(2 * window.limit, READ_MAX))
    more = len(rows) > size
    page = rows[:size]
    if window.oldest_first:
        # Whoever pages towards the present comes from older posts, so there are some.
        return Filled(page[::-1], page[0].post_id if page else None)
    return Filled(page, page[-1].post_id if more else end)
