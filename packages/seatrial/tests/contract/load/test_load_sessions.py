"""Sessions: people arrive by the schedule, each follows a journey; a real Flask app under a real gunicorn."""

import asyncio
import gc
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace

import pytest

from seatrial.load.arrivals.shapes import Constant
from seatrial.load.books.observation import LoadRecord, Observation
from seatrial.load.books.sessions import SessionCounts
from seatrial.load.driver import Driver
from seatrial.load.event_loop import run
from seatrial.load.journeys import Journey, Person, expect, form, get, page, think
from seatrial.load.workload import Workload

# The fixtures' types: they come from this folder's conftest.
Drive = Callable[[str, Workload, Callable[[Driver], Awaitable[LoadRecord]]], LoadRecord]


def sessions_of(*, people: int = 3, returning: float = 0.0, sign_in=None, **journeys) -> Workload:
    return Workload(
        journeys,
        dict.fromkeys(journeys, 1.0),
        sign_in,
        people=people,
        timeout_s=5.0,
        arrivals="constant",
        arrivals_are="sessions",
        returning=returning,
    )


def sign_in(person: Person) -> Journey:
    login = yield get("/login")
    welcome = yield form(login).submit(name=f"person{person.number}")
    expect(welcome, contains=f"Home of person{person.number}")
    person.memory["signed in"] = True


def test_each_session_is_of_a_visitor_who_was_never_there_before(gthread: str, drive: Drive) -> None:
    came: list[int] = []

    def visit(person: Person) -> Journey:
        assert len(person.cookies) == 0
        assert not person.memory
        expect((yield get("/")), contains="Hello stranger")
        yield from sign_in(person)
        yield think(0.1)
        expect((yield get("/", name="again")), contains=f"Hello person{person.number}")
        came.append(person.number)

    record = drive(gthread, sessions_of(people=3, visit=visit), lambda driver: driver.open_loop(20, 1.0, lead_in_s=1.0))
    assert record.failures == ()
    assert record.arrivals == 20
    # Numbered on from the three people of the pool, the lead-in's first.
    assert sorted(came) == list(range(4, 4 + len(came)))
    assert record.sessions is not None
    assert record.sessions.begun == 20


def test_people_of_the_pool_come_back_signed_in_in_the_declared_share(gthread: str, drive: Drive) -> None:
    came: Counter[bool] = Counter()

    def visit(person: Person) -> Journey:
        back = bool(person.memory.get("signed in"))
        assert back == (person.number <= 3)
        came[back] += 1
        expect((yield get("/")), contains=f"Hello person{person.number}" if back else "Hello stranger")

    workload = sessions_of(people=3, returning=0.75, sign_in=sign_in, visit=visit)

    async def load(driver: Driver) -> LoadRecord:
        await driver.sign_in_all(20.0)
        return await driver.open_loop(100, 2.0)

    record = drive(gthread, workload, load)
    assert record.failures == ()
    # 200 draws with p = 0.75: 150, with a standard deviation of 6.1; five of them.
    assert came[True] == pytest.approx(150, abs=31)
    assert came.total() == 200


def test_what_counts_are_the_requests_due_in_the_interval_whenever_their_session_began(
    gthread: str, drive: Drive
) -> None:
    def visit(person: Person) -> Journey:
        for _ in range(10):
            expect((yield get("/")))
            yield think(0.2)

    record = drive(gthread, sessions_of(visit=visit), lambda driver: driver.open_loop(10, 2.0, lead_in_s=3.0))
    # A session lasts 10 pauses, 2 s, and what its 10 answers take: 10/s x 2 s = 20 are under way and a few more, at
    # the start as at the end (Little's law), and each asks a little less than 5 times a second.
    counts = record.sessions
    assert counts is not None
    assert counts.begun == 20
    assert 20 <= counts.under_way_at_start <= 30
    assert 20 <= counts.under_way_at_end <= 30
    assert counts.failed == 0
    assert counts.ended + counts.under_way_at_end == counts.under_way_at_start + counts.begun
    assert record.failures == ()
    assert all(record.started_s <= seen.due_s < record.ended_s + 0.01 for seen in record.observations)
    assert len(record.observations) == pytest.approx(20 * 5 * 2, rel=0.2)


def test_who_pauses_when_the_interval_ends_is_not_waited_for(gthread: str, drive: Drive) -> None:
    def visit(person: Person) -> Journey:
        yield get("/")
        yield think(60)
        yield get("/")

    # With patience enough to wait for the whole pause.
    workload = replace(sessions_of(visit=visit), timeout_s=120.0)
    begun_s = time.perf_counter()
    record = drive(gthread, workload, lambda driver: driver.open_loop(5, 0.5))
    assert time.perf_counter() - begun_s < 30
    assert record.sessions == SessionCounts(begun=3, ended=0, failed=0, under_way_at_start=0, under_way_max=3)


def test_a_request_under_way_at_the_end_is_waited_for_and_nothing_follows_it(gthread: str, drive: Drive) -> None:
    def visit(person: Person) -> Journey:
        yield get("/slow?s=0.4", name="slow")
        yield get("/", name="never")

    record = drive(gthread, sessions_of(visit=visit), lambda driver: driver.open_loop(1, 0.2))
    assert [(seen.operation, seen.error) for seen in record.observations] == [("slow", "")]
    assert record.observations[0].done_s > record.ended_s
    assert record.sessions == SessionCounts(begun=1, ended=0, failed=0, under_way_at_start=0, under_way_max=1)


def test_sessions_that_fail_are_counted_and_those_beyond_the_cap_are_refused(gthread: str, drive: Drive) -> None:
    def visit(person: Person) -> Journey:
        expect((yield get("/")), contains="Hello" if person.number % 2 else "Goodbye")
        yield think(60.0)

    # All come in the first half second, and are answered long before the end.
    arrivals = list(Constant(40).offsets(0.5))
    record = drive(gthread, sessions_of(visit=visit), lambda driver: driver.follow(arrivals, 2.5))
    counts = record.sessions
    assert counts is not None
    assert counts.failed == counts.under_way_at_end == 10
    assert 10 <= counts.under_way_max <= 20

    def pauses(person: Person) -> Journey:
        yield think(60.0)

    # 20 pausing sessions for each request in flight are the most.
    record = drive(gthread, sessions_of(pauses=pauses), lambda driver: driver.open_loop(60, 1.0, in_flight_max=1))
    assert record.sessions is not None
    assert record.sessions.under_way_max == 20
    refused = [seen for seen in record.observations if seen.error == "cap"]
    assert len(refused) == record.arrivals - record.sessions.begun
    assert any("20 journeys were under way, the most this load allows" in one for one in record.failures)


def _alive() -> Counter[str]:
    """What of Seatrial's is in memory and was made since the driving began."""
    kinds = (type(thing) for thing in gc.get_objects())
    # Of Cython's own types the module is no string.
    return Counter(kind.__name__ for kind in kinds if str(kind.__module__).startswith("seatrial."))


@pytest.fixture
def collector_off() -> Iterator[None]:
    """The garbage collector does nothing, so that whatever would wait for it stays."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("collector_off")
def test_nothing_is_kept_of_who_has_left_though_the_garbage_collector_is_off(gthread: str, drive: Drive) -> None:
    alive: list[Counter[str]] = []

    def visit(person: Person) -> Journey:
        if person.number % 50 == 0:
            assert not gc.isenabled()
            alive.append(_alive())
        one, _ = yield page(get("/"), get("/"))
        yield think(0.005)
        expect(one, contains="Hello")
        if person.number % 4 == 0:
            expect((yield get("/nowhere")), contains="nothing")
        if person.number % 4 == 1:
            yield get("/")
            raise KeyError("mistake")
        yield get("/round" if person.number % 8 == 2 else "/")

    def booked(seen: Observation) -> None:
        observed.append(seen.operation)

    observed: list[str] = []
    record = drive(
        gthread, sessions_of(visit=visit), lambda driver: driver.follow(Constant(100).offsets(4.0), 4.0, book=booked)
    )
    assert record.sessions is not None
    assert record.observations == ()
    assert len(alive) == 8
    # Between the first look and the last were 350 sessions, 87 of each kind; what is under way comes and goes.
    grown = alive[-1] - alive[0]
    assert max(grown.values(), default=0) < 40 + 3 * record.sessions.under_way_max, grown
    assert alive[-1]["Person"] <= record.sessions.under_way_max + 2


@pytest.mark.parametrize("arrivals_are", ["operations", "sessions"])
def test_in_a_closed_loop_sessions_follow_each_other_without_pauses(
    gthread: str, drive: Drive, arrivals_are: str
) -> None:
    came: list[int] = []

    def visit(person: Person) -> Journey:
        came.append(person.number)
        expect((yield get("/")))
        yield think(60)
        expect((yield get("/")))

    workload = Workload({"visit": visit}, {"visit": 1}, people=2, arrivals_are=arrivals_are)
    record = drive(gthread, workload, lambda driver: driver.closed_loop(2, 0.5))
    assert record.failures == ()
    assert record.arrivals > 4
    assert (len(set(came)) == len(came)) == (arrivals_are == "sessions")


def _draws(order: str, drive: Drive, url: str) -> Iterator[list[str]]:
    def journey(person: Person) -> Journey:
        yield get("/")

    for _ in range(2):
        workload = Workload({"a": journey, "b": journey}, {"a": 1, "b": 1}, people=2, order=order, arrivals="constant")
        record = drive(url, workload, lambda driver: driver.open_loop(100, 1.0))
        yield [seen.operation for seen in sorted(record.observations, key=lambda seen: seen.due_s)]


def test_a_random_order_is_drawn_one_by_one_and_repeats_with_its_seed(gthread: str, drive: Drive) -> None:
    one, two = _draws("random", drive, gthread)
    assert one == two
    # Stratified, each 20 hold ten of each; drawn, ten exactly come with probability C(20, 10) / 2^20 = 0.18 a block.
    exact = sum(one[start : start + 20].count("a") == 10 for start in range(0, 100, 20))
    assert exact < 5
    # How many there are of each in the whole trial is no chance.
    assert one.count("a") == 50
    stratified = next(_draws("stratified", drive, gthread))
    assert all(stratified[start : start + 20].count("a") == 10 for start in range(0, 100, 20))


def test_a_load_that_nobody_ordered_is_drawn_when_it_is_open_and_in_exact_shares_when_it_is_closed(
    gthread: str, drive: Drive
) -> None:
    def journey(person: Person) -> Journey:
        yield get("/")

    workload = Workload({"a": journey, "b": journey}, {"a": 1, "b": 1}, people=2, arrivals="constant")
    drawn = drive(gthread, workload, lambda driver: driver.open_loop(100, 1.0))
    names = [seen.operation for seen in sorted(drawn.observations, key=lambda seen: seen.due_s)]
    # As above: five blocks with ten of each would come in one of 5,000 draws (0.18 to the fifth power).
    assert not all(names[start : start + 20].count("a") == 10 for start in range(0, 100, 20))
    busy = drive(gthread, workload, lambda driver: driver.closed_loop(1, 0.5))
    begun = [seen.operation for seen in sorted(busy.observations, key=lambda seen: seen.sent_s)]
    whole = len(begun) // 20 * 20
    assert whole >= 20
    assert all(begun[start : start + 20].count("a") == 10 for start in range(0, whole, 20))


def test_sessions_that_a_break_ends_have_not_come_to_their_end(gthread: str) -> None:
    come: list[Person] = []

    def visit(person: Person) -> Journey:
        come.append(person)
        for _ in range(100):
            expect((yield get("/slow?s=0.4")))

    async def main() -> LoadRecord:
        async with Driver(gthread, sessions_of(visit=visit), seed=1, run_token="t") as driver:
            load = asyncio.create_task(driver.follow([0.0, 0.1, 0.2], 30.0, is_kept_if_cancelled=True))
            async with asyncio.timeout(20):
                while len(come) < 3:
                    await asyncio.sleep(0.05)  # until all have come, within the deadline
            load.cancel()
            return await load

    record = run(main())
    assert record.is_interrupted
    assert record.abandoned == 3
    assert record.curtailed == 0
    assert record.sessions is not None
    assert (record.sessions.begun, record.sessions.ended, record.sessions.failed) == (3, 0, 0)
    assert record.sessions.under_way_at_end == 3


def test_sessions_refused_in_the_lead_in_are_counted(gthread: str, drive: Drive) -> None:
    def visit(person: Person) -> Journey:
        expect((yield get("/slow?s=2")))

    def load(driver: Driver) -> Awaitable[LoadRecord]:
        return driver.follow([0.0, 0.1, 0.2, 0.3], 0.5, in_flight_max=1, lead_in_s=0.5)

    record = drive(gthread, sessions_of(visit=visit), load)
    assert record.refused_before == 3
    assert record.observations == ()
