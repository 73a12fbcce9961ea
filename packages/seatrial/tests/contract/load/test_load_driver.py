"""The driver's loops against a real Flask app under a real gunicorn, and what happens when things go wrong."""

import asyncio
import gc
import itertools
import os
import resource
import signal
import socket
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from seatrial.errors import LoadError
from seatrial.load import loops
from seatrial.load.books.observation import LoadRecord, Observation
from seatrial.load.driver import Driver
from seatrial.load.event_loop import loop_factory, run
from seatrial.load.journeys import Journey, Person, expect, get, page, think
from seatrial.load.workload import Workload

# The fixtures' types: they come from this folder's conftest.
Drive = Callable[[str, Workload, Callable[[Driver], Awaitable[LoadRecord]]], LoadRecord]
WorkloadOf = Callable[..., Workload]
Gunicorn = Callable[..., AbstractContextManager[str]]


def home(person: Person) -> Journey:
    response = yield get("/")
    expect(response, contains="Hello")


def _errors(record: LoadRecord) -> Counter[str]:
    return Counter(seen.error for seen in record.observations)


def test_a_closed_loop_counts_what_is_completed_in_time(either: str, drive: Drive, workload_of: WorkloadOf) -> None:
    record = drive(either, workload_of(home=home), lambda driver: driver.closed_loop(4, 1.0))
    assert record.failures == ()
    assert _errors(record) == {"": len(record.observations)}
    within = [seen for seen in record.observations if seen.done_s <= record.ended_s]
    assert len(within) > 50
    # What was on its way at the end is there too, and nothing was begun afterwards.
    assert 1 <= len(record.observations) - len(within) <= 4
    assert record.ended_s - record.started_s == pytest.approx(1.0, abs=0.005)
    assert all(record.started_s <= seen.sent_s <= seen.done_s for seen in record.observations)
    assert max(seen.due_s for seen in record.observations) < record.ended_s
    assert record.in_flight_max == 4
    assert 0 < record.generator_busy <= 1.1


def test_loops_begin_one_after_the_other_so_that_no_worker_takes_all_connections(
    gthread: str, drive: Drive, workload_of: WorkloadOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loops, "_START_APART_S", 0.1)
    record = drive(gthread, workload_of(home=home), lambda driver: driver.closed_loop(4, 0.6))
    first = sorted((o.sent_s, o.done_s) for o in record.observations if o.sent_s < record.started_s + 0.09)
    assert len(first) > 1
    # One loop alone: it sends nothing before it is answered.
    assert all(done_s <= sent_s for (_, done_s), (sent_s, _) in itertools.pairwise(first))
    assert record.in_flight_max == 4


def test_an_open_loop_sends_every_arrival_of_the_interval_and_none_of_the_lead_in(either: str, drive: Drive) -> None:
    workload = Workload({"home": home}, {"home": 1}, people=3, arrivals="constant")
    record = drive(either, workload, lambda driver: driver.open_loop(40, 1.5, lead_in_s=0.5))
    assert record.arrivals == len(record.observations) == 60
    assert record.failures == ()
    dues_s = sorted(seen.due_s for seen in record.observations)
    assert all(record.started_s <= due_s < record.ended_s for due_s in dues_s)
    assert max(b - a for a, b in itertools.pairwise(dues_s)) == pytest.approx(1 / 40, rel=1e-3)
    assert all(0 <= seen.lateness_s < 0.1 for seen in record.observations)


def test_timeouts_enter_at_the_timeout_and_the_cap_is_counted(sync: str, drive: Drive) -> None:
    def slow(person: Person) -> Journey:
        expect((yield get("/slow?s=0.3")))

    workload = Workload({"slow": slow}, {"slow": 1}, people=3, timeout_s=1.0, arrivals="constant")
    record = drive(sync, workload, lambda driver: driver.open_loop(20, 2.0, in_flight_max=12))
    # One worker takes 0.3 s each: about 3 a second are answered, the rest fill the 12 places or find none.
    errors = _errors(record)
    assert record.arrivals == len(record.observations) == 40
    assert set(errors) == {"", "timeout", "cap"}
    assert 3 <= errors[""] <= 9
    assert errors["cap"] >= 5
    assert record.in_flight_max == 12
    assert all(1.0 <= seen.response_time_s < 1.2 for seen in record.observations if seen.error == "timeout")
    assert any("12 requests were in flight" in one for one in record.failures)


def test_a_long_journey_ends_with_an_answer_and_no_young_request_is_called_unfinished(
    gthread: str, drive: Drive
) -> None:
    def many_steps(person: Person) -> Journey:
        while True:
            expect((yield get("/slow?s=0.2")))

    workload = Workload({"many_steps": many_steps}, {"many_steps": 1}, people=3, timeout_s=0.8, arrivals="constant")
    begun_s = time.perf_counter()
    record = drive(gthread, workload, lambda driver: driver.open_loop(2, 1.0))
    assert _errors(record)["unfinished"] == 0
    assert record.curtailed == record.arrivals == 2
    assert max(seen.due_s for seen in record.observations) <= record.ended_s + 0.8 + 0.2
    assert time.perf_counter() - begun_s < 6


def test_a_journey_in_a_pause_after_the_interval_just_ends(gthread: str, drive: Drive) -> None:
    def long_pause(person: Person) -> Journey:
        expect((yield get("/")))
        yield think(60.0)
        expect((yield get("/")))

    workload = Workload({"long_pause": long_pause}, {"long_pause": 1}, people=3, timeout_s=0.5, arrivals="constant")
    record = drive(gthread, workload, lambda driver: driver.open_loop(4, 1.0))
    assert _errors(record) == {"": 4}
    assert record.curtailed == record.arrivals == 4


@pytest.mark.parametrize("is_open", [True, False])
@pytest.mark.parametrize("is_over", [True, False])
def test_a_load_that_is_broken_off_says_what_was_on_its_way(
    gthread: str, workload_of: WorkloadOf, *, is_open: bool, is_over: bool
) -> None:
    def slow(person: Person) -> Journey:
        yield get("/slow?s=4")

    async def main() -> LoadRecord:
        async with Driver(gthread, workload_of(slow=slow), seed=1, run_token="t") as driver:
            lasts_s = 1.0 if is_over else 30.0  # on a crowded machine the first requests leave late
            drive = (
                driver.follow([0.0, 0.1], lasts_s, is_kept_if_cancelled=True)
                if is_open
                else driver.closed_loop(2, lasts_s, is_kept_if_cancelled=True)
            )
            load = asyncio.create_task(drive)
            await asyncio.sleep(2.0)
            load.cancel()
            return await load

    record = run(main())
    assert record.is_interrupted
    if is_over:
        assert _errors(record) == {"unfinished": 2}
        assert record.abandoned == 0
        assert record.ended_s - record.started_s == pytest.approx(1.0, abs=0.01)
    else:
        assert record.observations == ()
        assert record.abandoned == 2
        assert record.ended_s - record.started_s < 10


def test_serial_calls_before_and_after_around_each_request(gthread: str, drive: Drive, workload_of: WorkloadOf) -> None:
    calls: list[tuple[str, int]] = []
    clock = itertools.count()
    judged: list[tuple[str, int, int, str]] = []

    def reading(kind: str) -> int:
        number = next(clock)
        calls.append((kind, number))
        return number

    def moved(person: Person) -> Journey:
        expect((yield get("/welcome")), 401)

    def parts(person: Person) -> Journey:
        first, _, third = yield page(get("/", name="one"), get("/welcome", name="two"), get("/nowhere", name="three"))
        expect(first)
        expect(third, 404)

    record = drive(
        gthread,
        workload_of(home=home, moved=moved, parts=parts),
        lambda driver: driver.serial(
            ["home", "moved", "parts", "home"],
            lambda: reading("before"),
            lambda: reading("after"),
            lambda seen, before, after: judged.append((seen.operation, before, after, seen.error)),
        ),
    )
    # Eight requests, none of which overlaps another, though the three of the page are judged together.
    assert calls == [(kind, number) for number, kind in enumerate(["before", "after"] * 8)]
    assert sorted(judged, key=lambda one: one[1]) == [
        ("home", 0, 1, ""),
        ("moved", 2, 3, ""),
        ("moved (redirect)", 4, 5, ""),
        ("one", 6, 7, ""),
        ("two", 8, 9, ""),
        ("two (redirect)", 10, 11, "status"),
        ("three", 12, 13, ""),
        ("home", 14, 15, ""),
    ]
    assert len(record.observations) == 8
    with pytest.raises(LoadError, match="no operation is called nothing"):
        drive(gthread, workload_of(home=home), lambda driver: driver.serial(["nothing"], int, int, lambda *_: None))


def test_serial_ends_with_an_error_at_a_journey_that_never_ends(
    gthread: str, drive: Drive, workload_of: WorkloadOf
) -> None:
    def endless(person: Person) -> Journey:
        while True:
            yield get("/")

    def idle(person: Person) -> Journey:
        while True:
            yield think(1.0)

    workload = workload_of(home=home, endless=endless, idle=idle)
    for names, within_s, words in (
        (["home", "endless", "home"], None, "endless had sent 1000 requests"),
        (["idle", "home"], 0.3, r"idle was under way when 0\.3 s"),
    ):
        judged: list[str] = []

        async def how(driver: Driver, names=names, within_s=within_s, judged=judged) -> LoadRecord:
            return await driver.serial(names, int, int, lambda seen, *_: judged.append(seen.operation), within_s)

        with pytest.raises(LoadError, match=words) as caught:
            drive(gthread, workload, how)
        assert "needs a bound" in caught.value.try_this
        assert judged == (["home"] + ["endless"] * 1000 if "endless" in names else [])


def test_serial_reads_a_request_that_was_refused_too(drive: Drive, workload_of: WorkloadOf) -> None:
    def parts(person: Person) -> Journey:
        yield page(get("/"), get("/"))

    calls: list[str] = []
    judged: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    drive(
        f"http://127.0.0.1:{port}",
        workload_of(parts=parts, home=home),
        lambda driver: driver.serial(
            ["home", "parts"],
            lambda: calls.append("before"),
            lambda: calls.append("after"),
            lambda seen, *_: judged.append(seen.error),
        ),
    )
    assert calls == ["before", "after"] * 3
    assert judged == ["refused"] * 3


def test_on_request_and_until(gthread: str, drive: Drive, workload_of: WorkloadOf) -> None:
    seen: list[Observation] = []
    record = drive(
        gthread,
        workload_of(home=home),
        lambda driver: driver.closed_loop(1, 10.0, on_request=seen.append, until=lambda: len(seen) >= 7),
    )
    assert len(seen) == len(record.observations) == 7
    assert record.ended_s - record.started_s < 5


def test_a_kept_connection_closed_after_idling_is_no_error(gthread: str, drive: Drive, workload_of: WorkloadOf) -> None:
    async def twice(driver: Driver) -> LoadRecord:
        await driver.closed_loop(4, 0.3)
        # gunicorn was started with --keep-alive 1: by now it has closed all of them.
        await asyncio.sleep(1.6)
        return await driver.open_loop(40, 1.0)

    record = drive(gthread, workload_of(home=home), twice)
    assert record.failures == ()
    assert _errors(record) == {"": record.arrivals}


def test_several_workers_get_even_shares(drive: Drive, gunicorn: Gunicorn, workload_of: WorkloadOf) -> None:
    pids: Counter[bytes] = Counter()

    def who(person: Person) -> Journey:
        response = yield get("/")
        expect(response, contains="pid=")
        pids[response.body.partition(b"pid=")[2]] += 1

    with gunicorn("--worker-class", "sync", "--workers", "2") as url:
        record = drive(url, workload_of(who=who), lambda driver: driver.closed_loop(8, 1.5))
    assert record.failures == ()
    assert len(pids) == 2
    assert min(pids.values()) > 0.25 * max(pids.values())


def test_a_server_that_is_gone_is_refused_and_does_not_spin(drive: Drive, workload_of: WorkloadOf) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    record = drive(f"http://127.0.0.1:{port}", workload_of(home=home), lambda driver: driver.closed_loop(2, 0.5))
    assert set(_errors(record)) == {"refused"}
    assert len(record.observations) <= 2 * 11
    assert len(record.failures) == 1


def test_a_server_killed_in_the_middle_leaves_errors_and_nothing_else(drive: Drive, gunicorn: Gunicorn) -> None:
    async def killed(driver: Driver) -> LoadRecord:
        load = asyncio.create_task(driver.open_loop(50, 1.5))
        deadline_s = time.perf_counter() + 20.0
        while len(pids) <= 20 and time.perf_counter() < deadline_s:
            await asyncio.sleep(0.01)
        os.kill(pids.pop(), signal.SIGKILL)
        return await load

    pids: list[int] = []

    def find_pid(person: Person) -> Journey:
        response = yield get("/")
        expect(response)
        pids.append(int(response.body.partition(b"pid=")[2]))

    with gunicorn("--worker-class", "gthread", "--threads", "2") as url:
        workload = Workload({"home": find_pid}, {"home": 1}, people=2, timeout_s=2.0)
        record = drive(url, workload, killed)
    assert len(record.observations) == record.arrivals
    assert _errors(record)[""] > 20


def test_a_machine_out_of_open_files_is_a_failure_of_the_rig_not_of_the_subject(
    gthread: str, drive: Drive, workload_of: WorkloadOf
) -> None:
    def slow(person: Person) -> Journey:
        yield get("/slow?s=0.2")

    limits = resource.getrlimit(resource.RLIMIT_NOFILE)

    async def starved(driver: Driver) -> LoadRecord:
        descriptors = len(list(Path("/dev/fd").iterdir()))
        resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors + 8, limits[1]))
        return await driver.closed_loop(40, 0.5)

    try:
        with pytest.raises(LoadError, match=r"could not open another connection: Too many open files.*\n.*ulimit -n"):
            drive(gthread, workload_of(slow=slow), starved)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


@pytest.mark.parametrize("factory", [asyncio.new_event_loop, loop_factory()])
def test_without_uvloop_or_an_exact_timer_the_load_is_the_same(
    gthread: str, factory, monkeypatch: pytest.MonkeyPatch, workload_of: WorkloadOf
) -> None:
    monkeypatch.setattr("seatrial.load.arrivals.alarm._open_timer", lambda: -1)

    async def main() -> LoadRecord:
        async with Driver(gthread, workload_of(home=home), seed=1, run_token="t") as driver:
            record = await driver.open_loop(50, 1.0)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return record

    with asyncio.Runner(loop_factory=factory) as runner:
        record = runner.run(main())
    assert record.failures == ()
    assert len(record.observations) == record.arrivals
    assert min(seen.lateness_s for seen in record.observations) >= 0


class Leaf:
    """Part of a circle, as a parsed page is."""

    def __init__(self, branch: list[object]) -> None:
        self.branch = branch


def test_circles_that_a_journey_leaves_do_not_pile_up(gthread: str, drive: Drive, workload_of: WorkloadOf) -> None:
    alive: list[int] = []

    def parses(person: Person) -> Journey:
        yield get("/")
        branch: list[object] = []
        branch.extend(Leaf(branch) for _ in range(2_000))
        alive.append(sum(1 for one in gc.get_objects() if isinstance(one, Leaf)))

    record = drive(gthread, workload_of(parses=parses), lambda driver: driver.open_loop(20, 2.0))
    assert record.failures == ()
    assert len(alive) == 40
    # All would be 80,000; the collector looks whenever 20,000 are left.
    assert max(alive) < 40_000


def test_a_journey_of_several_steps_counts_with_all_of_them_in_a_closed_loop(
    gthread: str, drive: Drive, workload_of: WorkloadOf
) -> None:
    def three(person: Person) -> Journey:
        for _ in range(3):
            yield get("/slow?s=0.2")

    # Four at a time for 1 s: each loop is in its second journey when the interval ends.
    record = drive(gthread, workload_of(three=three), lambda driver: driver.closed_loop(4, 1.0))
    assert record.failures == ()
    assert len(record.observations) == 3 * record.arrivals


def test_a_cancelled_load_leaves_nothing_behind(gthread: str, workload_of: WorkloadOf) -> None:
    def slow(person: Person) -> Journey:
        yield get("/slow?s=0.5")

    async def main() -> None:
        before, set_aside = gc.get_threshold(), gc.get_freeze_count()
        async with Driver(gthread, workload_of(slow=slow), seed=1, run_token="t") as driver:
            load = asyncio.create_task(driver.open_loop(20, 30.0))
            await asyncio.sleep(0.3)
            with pytest.raises(LoadError, match="one load at a time"):
                await driver.closed_loop(1, 1.0)
            load.cancel()
            with pytest.raises(asyncio.CancelledError):
                await load
            assert gc.get_threshold() == before
            assert gc.get_freeze_count() == set_aside
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(main())


@pytest.mark.parametrize(
    "load",
    [
        lambda driver: driver.open_loop(0, 1),
        lambda driver: driver.open_loop(10, 1, in_flight_max=0),
        lambda driver: driver.open_loop(10, 1, lead_in_s=-1),
        lambda driver: driver.closed_loop(0, 1),
        lambda driver: driver.closed_loop(1, float("inf")),
    ],
)
def test_a_load_that_cannot_be_is_refused(gthread: str, load, drive: Drive, workload_of: WorkloadOf) -> None:
    with pytest.raises(LoadError):
        drive(gthread, workload_of(home=home), load)


def test_two_drivers_with_one_seed_send_the_same(gthread: str, workload_of: WorkloadOf) -> None:
    def sent(seed: int) -> list[tuple[str, float]]:
        async def main() -> LoadRecord:
            workload = workload_of(home=home, again=home)
            async with Driver(gthread, workload, seed=seed, run_token="t") as driver:
                return await driver.open_loop(50, 0.5)

        record = run(main())
        ordered = sorted(record.observations, key=lambda seen: seen.due_s)
        return [(seen.operation, round(seen.due_s - record.started_s, 6)) for seen in ordered]

    assert sent(1) == sent(1)
    assert sent(1) != sent(2)
