"""Which schema the rows of a bucket live in. Pure."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from flotilla.store.ids import BUCKETS, bucket_of

__all__ = ["ONE_SHARD", "BucketRange", "ShardMap"]


@dataclass(frozen=True, slots=True, order=True)
class BucketRange:
    """The buckets `first` to `last`, both included, live in `schema`."""

    first: int
    last: int
    schema: str


@dataclass(frozen=True, slots=True)
class ShardMap:
    """Every bucket's schema: ranges in order, without gaps or overlaps (else ValueError)."""

    ranges: tuple[BucketRange, ...]

    def __post_init__(self) -> None:
        expected = 0
        for found in self.ranges:
            if found.first != expected or found.last < found.first:
                raise ValueError(f"the shard map does not continue at bucket {expected}: {found}")
            expected = found.last + 1
        if expected != BUCKETS:
            raise ValueError(f"the shard map ends before bucket {expected}; there are {BUCKETS}")

    @property
    def schemas(self) -> tuple[str, ...]:
        """Every schema, once."""
        return tuple(dict.fromkeys(found.schema for found in self.ranges))

    def schema_of_bucket(self, bucket: int) -> str:
        """The schema where a bucket's rows live."""
        if len(self.ranges) == 1:
            return self.ranges[0].schema
        return self.ranges[bisect_right(self.ranges, bucket, key=lambda found: found.first) - 1].schema

    def schema_of(self, row_id: int) -> str:
        """The schema where the account or post of that id, and what belongs to it, lives."""
        return self.schema_of_bucket(bucket_of(row_id))

    def by_schema(self, row_ids: Iterable[int]) -> dict[str, list[int]]:
        """The ids, grouped by schema: one statement for each group."""
        groups: dict[str, list[int]] = {}
        for row_id in row_ids:
            groups.setdefault(self.schema_of(row_id), []).append(row_id)
        return groups


ONE_SHARD = ShardMap((BucketRange(0, BUCKETS - 1, "s0000"),))
