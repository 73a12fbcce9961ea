"""Looking whether everything still fits together: counts, mirrors, leads, files; and mending it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from flotilla.social.notifying import POST_KINDS
from flotilla.social.orphans import find_orphans, remove_orphans
from flotilla.social.withholding import misplaced, put_right
from flotilla.store import consistency
from flotilla.store.consistency import RULES, IntegrityRule
from flotilla.store.database import Database
from flotilla.store.feed_consistency import FEED_RULE
from flotilla.store.files import Files
from flotilla.store.ids import MAX_ID
from flotilla.store.shards import BucketRange
from flotilla.store.thread_consistency import THREAD_RULE

__all__ = ["Finding", "check_up"]

RANGE_ROWS = 2_000
ROUNDS_MAX = 1_000
EXAMPLES = 3
# A range of people with many followers takes its time, and nobody waits for it.
STATEMENT_TIMEOUT = "120s"


@dataclass(frozen=True, slots=True)
class Finding:
    """What does not fit: how often, the keys of some of it, and whether it was mended."""

    what: str
    count: int
    examples: tuple[str, ...]
    mended: bool


def check_up(
    database: Database, files: Files, *, repair: bool = False, progress: Callable[[str], object] = lambda _: None
) -> tuple[Finding, ...]:
    """Everything that does not fit, rule by rule; with `repair` it is mended where that can be decided.

    It reads ranges of some thousand owners, each in one statement, so it takes little memory and the site runs on.
    """
    findings = []
    for rule in (*RULES, THREAD_RULE, FEED_RULE):
        progress(rule.name)
        keys: list[tuple[int, int]] = []
        count = 0
        for batch in _until_none_is_left(database, rule, repair=repair):
            count += len(batch)
            keys += batch[: EXAMPLES - len(keys)]
        if count:
            shown = tuple(" ".join(str(key) for key in pair if key) for pair in keys)
            findings.append(Finding(rule.name, count, shown, repair and bool(rule.repair)))
    progress("files")
    if strays := list(misplaced(database, files)):
        if repair:
            put_right(database, files, strays)
        examples = tuple(strays[:EXAMPLES])
        findings.append(Finding("pictures served or withheld against a decision", len(strays), examples, mended=repair))
    orphans = find_orphans(database, files)
    if orphans.files:
        if repair:
            remove_orphans(files, orphans)
        findings.append(
            Finding("files that no row knows", len(orphans.files), tuple(orphans.files[:EXAMPLES]), mended=repair)
        )
    if orphans.missing:
        examples = tuple(orphans.missing[:EXAMPLES])
        findings.append(Finding("files that are missing; a backup has them", len(orphans.missing), examples, False))
    return tuple(findings)


def _until_none_is_left(database: Database, rule: IntegrityRule, *, repair: bool) -> Iterator[list[tuple[int, int]]]:
    """What offends; of a rule in chains, whose offences show when what they hang on is mended, until none is left."""
    for _ in range(ROUNDS_MAX):
        found = False
        for batch in _offences(database, rule, repair=repair):
            found = True
            yield batch
        if not (found and repair and rule.chains):
            return


def _offences(database: Database, rule: IntegrityRule, *, repair: bool) -> Iterator[list[tuple[int, int]]]:
    with database.read() as work:
        ranges = work.shards.ranges
    shards = list(dict.fromkeys(each.schema for each in ranges))
    for shard in shards:
        low = -1
        while low < MAX_ID:
            with database.read() as work:
                end = consistency.range_ends(work, rule, shard, after=low, rows=RANGE_ROWS)
            high = MAX_ID if end is None else end
            for other in ranges if rule.pairs else ranges[:1]:
                yield from _in_range(database, rule, _Range(shard, other, low, high), repair=repair)
            low = high


@dataclass(frozen=True, slots=True)
class _Range:
    """Owners in `shard` with `low` < id <= `high`, and the shard of what they are about."""

    shard: str
    other: BucketRange
    low: int
    high: int


def _in_range(
    database: Database, rule: IntegrityRule, where: _Range, *, repair: bool
) -> Iterator[list[tuple[int, int]]]:
    shard, reader = where.shard, where.other.schema if rule.pairs else where.shard
    parameters: dict[str, object] = {
        "low": where.low,
        "high": where.high,
        "first_bucket": where.other.first,
        "last_bucket": where.other.last,
        "post_kinds": [int(kind) for kind in POST_KINDS],
    }
    for _ in range(ROUNDS_MAX):
        with database.write() as work:
            work.count(f"SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}'", {})
            keys = consistency.found(work, rule, parameters, shard=shard, reader=reader)
            if repair and keys:
                consistency.mend(work, rule, keys, parameters, shard=shard, reader=reader)
        if keys:
            yield keys
        if not (repair and rule.repair) or len(keys) < consistency.FOUND_MAX:
            return
