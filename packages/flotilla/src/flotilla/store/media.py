"""Rows of pictures, with their owner; what becomes of their files, `store/media_files.py` tells."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flotilla.store.database import Row, Work
from flotilla.store.ids import EPOCH, bucket_of, make_id

__all__ = [
    "MediaRow",
    "attach",
    "count_unattached",
    "delete",
    "delete_unattached_before",
    "describe",
    "detach_others",
    "fail",
    "find",
    "finish",
    "insert",
    "of_posts",
    "unfinished_before",
]


@dataclass(frozen=True, slots=True)
class MediaRow:
    """A picture. `file` is None until it is `ready`, `source` (what was sent) None from then on.

    `focus_x` and `focus_y` are in thousandths.
    """

    media_id: int
    account_id: int
    post_id: int | None
    state: str
    source: str | None
    file: str | None
    width: int | None
    height: int | None
    alt: str
    focus_x: int
    focus_y: int
    problem: str


def _rows_of(rows: Sequence[Row]) -> list[MediaRow]:
    return [MediaRow(*row) for row in rows]


def _first_id_of(moment: datetime) -> int:
    # Ids are in the order of time.
    return make_id(since_epoch_ms=int((moment - EPOCH).total_seconds() * 1000), bucket=0, sequence=0)


def insert(work: Work, *, account_id: int, source: str, alt: str, focus: tuple[int, int]) -> int:
    """Store an upload that waits to be worked on; its id."""
    row = work.one(
        """
        INSERT INTO {shard}.media (id, account_id, source, alt, focus_x, focus_y)
        VALUES ({shard}.next_id(%(bucket)s), %(account_id)s, %(source)s, %(alt)s, %(x)s, %(y)s) RETURNING id
        """,
        {
            "bucket": bucket_of(account_id),
            "account_id": account_id,
            "source": source,
            "alt": alt,
            "x": focus[0],
            "y": focus[1],
        },
        shard=work.shards.schema_of(account_id),
    )
    assert row is not None
    media_id: int = row[0]
    return media_id


def count_unattached(work: Work, account_id: int) -> int:
    """How many pictures of that account belong to no post yet; there are only ever a few."""
    row = work.one(
        "SELECT count(*) FROM {shard}.media WHERE account_id = %(account_id)s AND post_id IS NULL",
        {"account_id": account_id},
        shard=work.shards.schema_of(account_id),
    )
    assert row is not None
    count: int = row[0]
    return count


def find(work: Work, media_ids: Sequence[int]) -> list[MediaRow]:
    """Those of the pictures that exist, in the order asked for."""
    found: dict[int, MediaRow] = {}
    for shard, ids in work.shards.by_schema(media_ids).items():
        rows = work.all(
            """
            SELECT id, account_id, post_id, state, source, file, width, height, alt, focus_x, focus_y, problem
            FROM {shard}.media WHERE id = ANY(%(ids)s)
            """,
            {"ids": ids},
            shard=shard,
        )
        found |= {row.media_id: row for row in _rows_of(rows)}
    return [found[media_id] for media_id in media_ids if media_id in found]


def of_posts(work: Work, post_ids: Sequence[int]) -> dict[int, list[MediaRow]]:
    """The pictures of each of the posts that has some, in their order; one statement for each shard of the posts."""
    found: dict[int, list[MediaRow]] = {}
    for shard, ids in work.shards.by_schema(post_ids).items():
        rows = work.all(
            """
            SELECT id, account_id, post_id, state, source, file, width, height, alt, focus_x, focus_y, problem
            FROM {shard}.media WHERE post_id = ANY(%(ids)s) ORDER BY post_id, position
            """,
            {"ids": ids},
            shard=shard,
        )
        for row in _rows_of(rows):
            assert row.post_id is not None
            found.setdefault(row.post_id, []).append(row)
    return found


def finish(work: Work, media_id: int, *, source: str, file: str, width: int, height: int) -> bool:
    """The picture is made; its source may go. False: it was made already, or its row is gone."""
    return bool(
        work.count(
            """
            WITH made AS (
                UPDATE {shard}.media SET state = 'ready', source = NULL,
                    file = %(file)s, width = %(width)s, height = %(height)s
                WHERE id = %(media_id)s AND state = 'processing' RETURNING id
            )
            INSERT INTO {shard}.media_gone (file) SELECT %(source)s FROM made
            """,
            {"media_id": media_id, "source": source, "file": file, "width": width, "height": height},
            shard=work.shards.schema_of(media_id),
        )
    )


def fail(work: Work, media_id: int, *, source: str, problem: str) -> bool:
    """The picture cannot be made; its source may go. False: that was known already, or its row is gone."""
    return bool(
        work.count(
            """
            WITH made AS (
                UPDATE {shard}.media SET state = 'failed', source = NULL, problem = %(problem)s
                WHERE id = %(media_id)s AND state = 'processing' RETURNING id
            )
            INSERT INTO {shard}.media_gone (file) SELECT %(source)s FROM made
            """,
            {"media_id": media_id, "source": source, "problem": problem},
            shard=work.shards.schema_of(media_id),
        )
    )


def describe(work: Work, media_id: int, *, account_id: int, alt: str | None, focus: tuple[int, int] | None) -> bool:
    """Change what is not None; whether that account has such a picture."""
    x, y = focus or (None, None)
    return bool(
        work.count(
            """
            UPDATE {shard}.media SET alt = coalesce(%(alt)s::text, alt),
                focus_x = coalesce(%(x)s::smallint, focus_x), focus_y = coalesce(%(y)s::smallint, focus_y)
            WHERE id = %(media_id)s AND account_id = %(account_id)s
            """,
            {"media_id": media_id, "account_id": account_id, "alt": alt, "x": x, "y": y},
            shard=work.shards.schema_of(media_id),
        )
    )


def attach(work: Work, *, post_id: int, account_id: int, media_ids: Sequence[int]) -> int:
    """Give a post its pictures, in that order; how many of them were its author's, ready, and no other post's."""
    return work.count(
        """
        UPDATE {shard}.media m SET post_id = %(post_id)s, position = wanted.place - 1
        FROM unnest(%(media_ids)s::bigint[]) WITH ORDINALITY wanted (id, place)
        WHERE m.id = wanted.id AND m.account_id = %(account_id)s AND m.state = 'ready'
          AND (m.post_id IS NULL OR m.post_id = %(post_id)s)
        """,
        {"post_id": post_id, "account_id": account_id, "media_ids": list(media_ids)},
        shard=work.shards.schema_of(post_id),
    )


def detach_others(work: Work, *, post_id: int, media_ids: Sequence[int]) -> None:
    """Delete the pictures of a post that are not among these."""
    work.count(
        "DELETE FROM {shard}.media WHERE post_id = %(post_id)s AND NOT id = ANY(%(media_ids)s)",
        {"post_id": post_id, "media_ids": list(media_ids)},
        shard=work.shards.schema_of(post_id),
    )


def delete(work: Work, media_id: int, *, account_id: int) -> bool:
    """Delete a picture that no post has; whether that account had such a one."""
    return bool(
        work.count(
            "DELETE FROM {shard}.media WHERE id = %(media_id)s AND account_id = %(account_id)s AND post_id IS NULL",
            {"media_id": media_id, "account_id": account_id},
            shard=work.shards.schema_of(media_id),
        )
    )


def delete_unattached_before(work: Work, *, moment: datetime, limit: int) -> int:
    """Delete pictures sent before that moment that belong to no post; how many. One statement for each shard."""
    return sum(
        work.count(
            """
            DELETE FROM {shard}.media WHERE id IN (
                SELECT id FROM {shard}.media WHERE post_id IS NULL AND id < %(before)s LIMIT %(limit)s
                FOR UPDATE SKIP LOCKED
            )
            """,
            {"before": _first_id_of(moment), "limit": limit},
            shard=shard,
        )
        for shard in work.shards.schemas
    )


def unfinished_before(work: Work, *, moment: datetime, limit: int) -> list[int]:
    """The ids of pictures sent before that moment that still wait to be worked on; at most `limit` of each shard."""
    found: list[int] = []
    for shard in work.shards.schemas:
        rows = work.all(
            """
            SELECT id FROM {shard}.media WHERE post_id IS NULL AND state = 'processing' AND id < %(before)s
            LIMIT %(limit)s
            """,
            {"before": _first_id_of(moment), "limit": limit},
            shard=shard,
        )
        found += [media_id for (media_id,) in rows]
    return found
