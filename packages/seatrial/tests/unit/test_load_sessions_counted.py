"""The count of sessions, by hand."""

import itertools
import random

from hypothesis import given
from hypothesis import strategies as st

from seatrial.load.books.sessions import SessionCounts, SessionLog
from seatrial.load.crowd import visitors


def test_sessions_are_counted_where_they_begin_and_where_they_end() -> None:
    log = SessionLog(started_s=10.0, ended_s=20.0)
    log.begin(5.0)  # over before the interval: not its own
    log.end(9.0, failed=True)
    log.begin(6.0)  # into it
    log.begin(7.0)  # through it
    log.begin(12.0)
    log.begin(13.0)
    log.end(14.0, failed=False)
    log.end(15.0, failed=True)
    log.begin(19.0)
    assert log.counts() == SessionCounts(begun=3, ended=1, failed=1, under_way_at_start=2, under_way_max=4)
    assert log.counts().under_way_at_end == 3
    # The timer that ends the interval rang a little early: who is sent away then has not come to the end.
    log.stop()
    log.end(19.999, failed=False)
    log.end(20.001, failed=False)
    assert log.counts().under_way_at_end == 3


@given(st.lists(st.tuples(st.floats(0, 30), st.floats(0, 20), st.booleans()), max_size=40))
def test_who_is_under_way_at_the_end_are_those_who_began_before_it_and_ended_after(
    sessions: list[tuple[float, float, bool]],
) -> None:
    log = SessionLog(started_s=10.0, ended_s=20.0)
    arrivals = sorted((begins_s, begins_s + lasts_s, failed) for begins_s, lasts_s, failed in sessions if begins_s < 20)
    events = [(begins_s, 0, failed) for begins_s, _, failed in arrivals]
    events += [(ends_s, 1, failed) for _, ends_s, failed in arrivals]
    for at_s, is_end, failed in sorted(events):
        if is_end:
            log.end(at_s, failed=failed)
        else:
            log.begin(at_s)
    counts = log.counts()
    assert counts.under_way_at_start == sum(begins_s < 10 <= ends_s for begins_s, ends_s, _ in arrivals)
    assert counts.under_way_at_end == sum(ends_s >= 20 for _, ends_s, _ in arrivals)
    assert counts.begun == sum(begins_s >= 10 for begins_s, _, _ in arrivals)


def test_visitors_are_new_people_one_after_the_other_the_same_with_the_same_seed() -> None:
    first, second = itertools.islice(visitors(31, "7", "t", 2), 2)
    assert (first.number, second.number) == (31, 33)
    assert first.cookies is not second.cookies
    (again,) = itertools.islice(visitors(31, "7", "t"), 1)
    assert again.random.random() == first.random.random() == random.Random("7/person/31").random()
