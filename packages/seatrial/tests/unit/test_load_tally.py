"""The books: exact counts, exact merging, a failure never fast, and no more memory for a long load than for a short."""

import pickle
import random
import tracemalloc
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.load.books.histogram import quantile
from seatrial.load.books.observation import BROADCAST, Observation
from seatrial.load.books.series import ROWS_MAX, Series
from seatrial.load.books.tally import OPERATIONS_MAX, OTHER_OPERATIONS, Tally

STARTED_S, DURATION_S, TIMEOUT_S = 1000.0, 20.0, 2.0
CAUSES = ("refused", "reset", "timeout", "protocol", "status", "expectation", "cap", "unfinished", "journey")


def a_tally() -> Tally:
    return Tally(started_s=STARTED_S, duration_s=DURATION_S, timeout_s=TIMEOUT_S)


@st.composite
def observations(draw: st.DrawFn) -> Observation:
    due_s = STARTED_S + draw(st.floats(0, DURATION_S))
    dispatched_s = due_s + draw(st.floats(0, 0.02))
    sent_s = dispatched_s + draw(st.floats(0, 0.02))
    done_s = sent_s + draw(st.floats(1e-5, 3.0))
    error = draw(st.just("") | st.sampled_from(CAUSES))
    operation = draw(st.sampled_from(("home", "post", "search")))
    return Observation(operation, due_s, dispatched_s, sent_s, done_s, 200, error, draw(st.booleans()))


def counted_s(seen: Observation, since_s: float) -> float:
    return max(seen.done_s - since_s, TIMEOUT_S) if seen.error else seen.done_s - since_s


def many(count: int, seed: int = 1) -> list[Observation]:
    rng = random.Random(seed)
    seen = []
    for _ in range(count):
        due_s = STARTED_S + rng.uniform(0, DURATION_S)
        sent_s = due_s + rng.expovariate(5000)
        error = rng.choice(CAUSES) if rng.random() < 0.01 else ""
        name = rng.choice(("home", "post", "search"))
        seen.append(Observation(name, due_s, sent_s, sent_s, sent_s + rng.lognormvariate(-4, 1), 200, error))
    return seen


@given(st.lists(observations(), max_size=200))
def test_everything_is_counted_exactly(seen: list[Observation]) -> None:
    tally = a_tally()
    for one in seen:
        tally.add(one)
    assert set(tally.operations) == {one.operation for one in seen}
    for name, told in tally.operations.items():
        mine = [one for one in seen if one.operation == name]
        assert told.requests == told.from_due.count == told.from_sent.count == len(mine)
        assert told.errors == Counter(one.error for one in mine if one.error)
        assert told.answered == len(mine) - told.errors.total()
        assert told.reused_retries == sum(one.reused_retry for one in mine)
        assert told.from_due.max_s == max(counted_s(one, one.due_s) for one in mine)
        assert told.from_sent.max_s == max(counted_s(one, one.sent_s) for one in mine)
    right = [one for one in seen if not one.error]
    assert tally.answered_inside == sum(one.done_s <= STARTED_S + DURATION_S for one in right)
    assert tally.total.answered == len(right)
    assert tally.total.requests == tally.lateness.count == len(seen)


def test_what_the_lead_in_asked_is_throughput_if_it_is_answered_in_the_interval_and_counts_for_nothing_else() -> None:
    tally = a_tally()
    ended_s = STARTED_S + DURATION_S
    for name, due_s, done_s, error in (
        ("home", -0.5, STARTED_S - 0.1, ""),
        ("home", -0.4, STARTED_S + 0.1, ""),
        ("home", -0.3, STARTED_S + 3.5, ""),
        ("home", -0.3, STARTED_S + 3.6, "status"),
        ("home" + BROADCAST, -0.3, STARTED_S + 3.7, ""),
        ("home", -0.1, ended_s + 0.5, ""),
    ):
        tally.add_before(Observation(name, STARTED_S + due_s, STARTED_S + due_s, STARTED_S + due_s, done_s, 200, error))
    tally.add(Observation("home", STARTED_S, STARTED_S, STARTED_S, STARTED_S + 0.2, 200))
    tally.add(Observation("home", ended_s - 0.1, ended_s - 0.1, ended_s - 0.1, ended_s + 0.1, 200))
    # Two of the lead-in and the first of the interval; the second one's answer came after the end.
    assert tally.answered_inside == 3
    assert tally.operations.keys() == {"home"}
    assert tally.total.requests == tally.total.answered == tally.lateness.count == tally.total.from_due.count == 2
    answered = {row.starts_s: row.answered for row in tally.series() if row.answered}
    assert answered == {0.0: 2, 3.0: 1, DURATION_S: 2}


@given(st.lists(observations(), min_size=1, max_size=200), st.floats(0, 1))
def test_quantiles_by_both_clocks_are_within_a_thousandth(seen: list[Observation], q: float) -> None:
    tally = a_tally()
    for one in seen:
        tally.add(one)
    from_due_s = sorted(counted_s(one, one.due_s) for one in seen)
    from_sent_s = sorted(counted_s(one, one.sent_s) for one in seen)
    late_s = sorted(one.lateness_s for one in seen)
    assert tally.total.from_due.quantile_s(q) == pytest.approx(quantile(from_due_s, q), rel=0.001, abs=1e-6)
    assert tally.total.from_sent.quantile_s(q) == pytest.approx(quantile(from_sent_s, q), rel=0.001, abs=1e-6)
    assert tally.lateness.quantile_s(q) == pytest.approx(quantile(late_s, q), rel=0.001, abs=1e-6)


@given(st.lists(st.tuples(observations(), st.integers(0, 3)), max_size=200))
def test_merging_any_split_equals_one_that_saw_everything(seen: list[tuple[Observation, int]]) -> None:
    whole, parts = a_tally(), [a_tally() for _ in range(4)]
    for one, part in seen:
        whole.add(one)
        parts[part].add(one)
    merged = a_tally()
    for tally in parts:
        merged.merge(pickle.loads(pickle.dumps(tally)))
    assert merged == whole
    assert merged.series() == whole.series()


def test_tallies_of_different_intervals_are_not_merged() -> None:
    with pytest.raises(ValueError, match="different intervals"):
        a_tally().merge(Tally(started_s=STARTED_S + 1, duration_s=DURATION_S, timeout_s=TIMEOUT_S))


@pytest.mark.parametrize("error", CAUSES)
def test_a_failure_never_counts_as_fast(error: str) -> None:
    tally = a_tally()
    tally.add(Observation("home", STARTED_S, STARTED_S, STARTED_S, STARTED_S + 0.001, 0, error))
    assert tally.total.from_due.quantile_s(0.01) == TIMEOUT_S
    assert tally.total.from_sent.quantile_s(0.01) == TIMEOUT_S
    # And what took longer than the timeout keeps its time.
    tally.add(Observation("home", STARTED_S, STARTED_S, STARTED_S, STARTED_S + 3.5, 0, error))
    assert tally.total.from_due.max_s == tally.total.from_sent.max_s == 3.5


@given(st.lists(observations(), max_size=150))
def test_each_row_of_the_series_is_what_sorting_by_second_gives(seen: list[Observation]) -> None:
    tally = a_tally()
    for one in seen:
        tally.add(one)
    rows = {int(row.starts_s): row for row in tally.series()}
    for second in range(int(DURATION_S + TIMEOUT_S) + 3):
        due = [one for one in seen if int(one.due_s - STARTED_S) == second]
        row = rows.get(second)
        assert (row.offered if row else 0) == len(due)
        assert (row.failed if row else 0) == sum(1 for one in due if one.error)
        assert (row.worst_response_time_s if row else 0) == max((counted_s(one, one.due_s) for one in due), default=0)
        done = [one for one in seen if not one.error and min(int(one.done_s - STARTED_S), 23) == second]
        assert (row.answered if row else 0) == len(done)


@pytest.mark.parametrize(
    ("duration_s", "row_s"), [(1, 1.0), (ROWS_MAX, 1.0), (ROWS_MAX + 1, 2.0), (86_400, 32.0), (30 * 86_400, 1024.0)]
)
def test_rows_become_longer_and_not_more_with_the_length_of_the_load(duration_s: float, row_s: float) -> None:
    series = Series(started_s=0.0, lasts_s=duration_s)
    assert series.row_s == row_s
    assert len(series.offered) <= ROWS_MAX
    series.record([0.0, duration_s - 0.5], [0.1, duration_s + 99], [0.1, 99.5], ["", ""])
    assert sum(row.offered for row in series.rows()) == sum(row.answered for row in series.rows()) == 2
    assert series.rows()[-1].starts_s == (len(series.offered) - 1) * row_s


def test_a_name_for_each_request_does_not_fill_the_memory() -> None:
    tally = a_tally()
    for number, one in enumerate(many(2_000)):
        tally.add(one._replace(operation=f"/status/{number}"))
    assert len(tally.operations) == OPERATIONS_MAX + 1
    assert tally.operations[OTHER_OPERATIONS].requests == 2_000 - OPERATIONS_MAX
    assert tally.total.requests == 2_000


def held_bytes(tally: Tally) -> int:
    """What a copy of the tally takes in memory."""
    pickled = pickle.dumps(tally)
    tracemalloc.start()
    try:
        copy = pickle.loads(pickled)
        assert copy == tally
        return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


def test_half_a_million_observations_take_no_more_memory_than_a_hundred_thousand() -> None:
    seen, tally = many(20_000), a_tally()
    for _ in range(5):
        for one in seen:
            tally.add(one)
    before_bytes = held_bytes(tally)
    for _ in range(19):
        for one in seen:
            tally.add(one)
    # Tracing is slow: only the last of them are watched while they come in.
    tracemalloc.start()
    try:
        for one in seen:
            tally.add(one)
        grown_bytes, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert tally.total.requests == 500_000
    assert held_bytes(tally) - before_bytes < 1_000
    assert grown_bytes < 10_000
    assert peak_bytes < 50_000


def test_a_broadcast_has_an_operation_of_its_own_and_is_no_request() -> None:
    tally = a_tally()
    tally.add(Observation("post", STARTED_S + 1, STARTED_S + 1.01, STARTED_S + 1.01, STARTED_S + 1.1, 200))
    for listener in range(9):
        heard_s = STARTED_S + 1.2 + listener / 100
        tally.add(Observation(f"post{BROADCAST}", STARTED_S + 1, STARTED_S + 1, STARTED_S + 1.01, heard_s, 0))
    assert tally.total.requests == tally.total.answered == tally.answered_inside == 1
    assert tally.lateness.count == 1
    assert sum(row.offered for row in tally.series()) == 1
    heard = tally.operations[f"post{BROADCAST}"]
    assert heard.requests == 9
    assert heard.from_due.max_s == pytest.approx(0.28)


def test_what_was_due_after_the_end_is_counted_and_merged() -> None:
    tallies = [a_tally(), a_tally()]
    for number in range(300):
        due_s = STARTED_S + DURATION_S - 10.0 + number * 0.1
        tallies[number % 2].add(Observation("home", due_s, due_s, due_s, due_s + 0.01, 200))
    expected = sum(STARTED_S + DURATION_S - 10.0 + number * 0.1 >= STARTED_S + DURATION_S for number in range(300))
    tallies[0].merge(tallies[1])
    assert tallies[0].due_after == expected
    assert tallies[0].total.requests == 300
