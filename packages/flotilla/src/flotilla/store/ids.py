"""The ids of accounts, posts and tags: when and in which bucket a row was made, in one signed 64-bit number. Pure.

    41 bits: milliseconds since 2025-01-01 UTC | 13 bits: bucket | 10 bits: sequence modulo 1024

Time is in the high bits, so the order of ids is the order of creation (to the millisecond); the bucket tells the shard
of a row without a look-up. The SQL function `next_id(bucket)` of each shard makes them.
"""

from datetime import UTC, datetime, timedelta
from hashlib import blake2b

__all__ = ["BUCKETS", "EPOCH", "MAX_ID", "bucket_for", "bucket_of", "first_id_at", "made_at", "make_id"]

EPOCH = datetime(2025, 1, 1, tzinfo=UTC)
BUCKETS = 8192
SEQUENCE_BITS = 10
SEQUENCES = 1024
TIME_SHIFT = 23
MAX_ID = 2**63 - 1


def bucket_for(name: str) -> int:
    """The bucket of a new account (by its first handle) or a new tag (by its name); even over all buckets."""
    return int.from_bytes(blake2b(name.encode(), digest_size=4).digest()) % BUCKETS


def bucket_of(row_id: int) -> int:
    """The bucket inside an id."""
    return row_id >> SEQUENCE_BITS & BUCKETS - 1


def made_at(row_id: int) -> datetime:
    """When the row of that id was made, UTC, to the millisecond."""
    return EPOCH + timedelta(milliseconds=row_id >> TIME_SHIFT)


def make_id(*, since_epoch_ms: int, bucket: int, sequence: int) -> int:
    """The id that `next_id(bucket)` would have made at that time."""
    return since_epoch_ms << TIME_SHIFT | bucket << SEQUENCE_BITS | sequence % SEQUENCES


def first_id_at(moment: datetime) -> int:
    """What the ids made from that moment on are not smaller than."""
    return max(0, (moment - EPOCH) // timedelta(milliseconds=1)) << TIME_SHIFT
