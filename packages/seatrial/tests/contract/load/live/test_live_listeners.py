"""Listeners held beside a load, against a real python-socketio server under a real uvicorn."""

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from seatrial.errors import LoadError
from seatrial.load.books.observation import LoadRecord
from seatrial.load.books.tally import Tally
from seatrial.load.driver import Driver
from seatrial.load.event_loop import run
from seatrial.load.journeys import Journey, Person, emit, expect, get, listen, post, socketio, think
from seatrial.load.workload import Workload
from seatrial.spec.workload import WorkloadSpec

Told = Callable[[Callable[[Driver], Awaitable[LoadRecord]]], LoadRecord]
ROOM = "held"


def text_of(event) -> str:
    return str(event.args[0]["text"])


def listener(person: Person) -> Journey:
    chat = yield socketio()
    yield emit(chat, "join", {"room": ROOM}, ack=True)
    yield listen(chat, event="new_post", cause=text_of)


def writer(person: Person) -> Journey:
    text = person.unique("note")
    expect((yield post(f"/?room={ROOM}", text, cause=text)))


def late_writer(person: Person) -> Journey:
    text = person.unique("note")
    expect((yield post(f"/?room={ROOM}&after_s=0.8", text, cause=text)))


def quick_writer(person: Person) -> Journey:
    text = person.unique("note")
    expect((yield post(f"/?room={ROOM}&after_s=0", text, cause=text)))
    for _ in range(200):
        expect((yield get("/?count=lobby")))


def unheard_writer(person: Person) -> Journey:
    text = person.unique("note")
    expect((yield post("/?room=empty", text, cause=text)))


def careless_writer(person: Person) -> Journey:
    expect((yield post(f"/?room={ROOM}", "a text of nobody's")))


def thrower(person: Person) -> Journey:
    expect((yield get(f"/?throw_out={ROOM}")))
    yield think(0.3)


OPERATIONS = {
    one.__name__: one for one in (listener, writer, late_writer, quick_writer, unheard_writer, careless_writer, thrower)
}


def workload_of(operation: Callable[[Person], Journey], **fields) -> Workload:
    return Workload(OPERATIONS, {operation.__name__: 1.0}, people=3, **{"timeout_s": 5.0, **fields})


def driven(url: str, workload: Workload, how: Callable[[Driver], Awaitable[LoadRecord]]) -> LoadRecord:
    async def main() -> LoadRecord:
        async with Driver(url, workload, seed=1, run_token="t") as driver:
            record = await how(driver)
            # After the holding, not only after the driver, all of them are gone.
            assert len(driver.live) == 0
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return record

    return run(main())


def test_each_listener_hears_of_each_post_and_once(town: str) -> None:
    async def how(driver: Driver) -> LoadRecord:
        async with driver.hold("listener", 30) as held:
            assert held.count == 30
            assert held.connected is not None
            connecting = Counter(seen.operation for seen in held.connected.observations)
            assert connecting == {"listener (connect)": 30, "listener (emit)": 30}
            record = await driver.follow([0.0, 0.05, 0.1, 0.15], 0.2)
            assert held.count == 30
            assert held.failures == ()
        assert held.count == 0
        return record

    record = driven(town, workload_of(writer), how)
    assert record.failures == ()
    assert Counter(seen.operation for seen in record.observations) == {"writer": 4, "listener (broadcast)": 120}
    by_post = Counter(seen.due_s for seen in record.observations if seen.is_broadcast)
    assert by_post == {seen.due_s: 30 for seen in record.requests}
    # The server tells 100 ms after the post.
    assert min(seen.response_time_s for seen in record.observations if seen.is_broadcast) >= 0.1
    assert (record.heard.events, record.heard.unknown, record.heard.unheard) == (120, 0, 0)
    assert record.heard.missing == 0


def test_who_is_told_long_after_the_last_answer_is_still_counted(town: str) -> None:
    async def how(driver: Driver) -> LoadRecord:
        async with driver.hold(listener, 5):
            # Both kinds of loads end with their last answer, 800 ms before anybody hears of it.
            first = await driver.closed_loop(1, 0.05)
            asked = len(first.requests)
            assert Counter(seen.operation for seen in first.observations) == {
                "late_writer": asked,
                "listener (broadcast)": 5 * asked,
            }
            return await driver.follow([0.0], 0.05)

    record = driven(town, workload_of(late_writer), how)
    assert Counter(seen.operation for seen in record.observations) == {"late_writer": 1, "listener (broadcast)": 5}
    assert min(seen.response_time_s for seen in record.observations if seen.is_broadcast) >= 0.8


def test_an_interval_ends_also_when_not_everybody_hears_of_everything(town: str) -> None:
    def elsewhere(person: Person) -> Journey:
        chat = yield socketio()
        yield emit(chat, "join", {"room": "elsewhere"}, ack=True)
        yield listen(chat)

    async def how(driver: Driver) -> LoadRecord:
        async with driver.hold(listener, 2), driver.hold(elsewhere, 3):
            return await driver.follow([0.0], 0.05)

    record = driven(town, workload_of(writer, timeout_s=30.0), how)
    assert Counter(seen.operation for seen in record.observations) == {"writer": 1, "listener (broadcast)": 2}
    # The other three listeners never got it.
    assert (record.heard.unheard, record.heard.missing) == (0, 3)


def test_what_nobody_hears_of_and_what_has_no_cause_is_counted_apart(town: str) -> None:
    async def unheard(driver: Driver) -> LoadRecord:
        async with driver.hold(listener, 2):
            return await driver.follow([0.0], 0.05)

    record = driven(town, workload_of(unheard_writer, timeout_s=0.5), unheard)
    assert (record.heard.unheard, record.heard.missing) == (1, 0)
    record = driven(town, workload_of(careless_writer), unheard)
    assert [seen.operation for seen in record.observations] == ["careless_writer"]
    assert (record.heard.events, record.heard.unknown, record.heard.unheard) == (2, 2, 0)


def test_what_listeners_hear_is_no_request_in_the_books(town: str) -> None:
    books: list[Tally] = []

    async def how(driver: Driver) -> LoadRecord:
        async with driver.hold(listener, 10):
            starts_s = asyncio.get_running_loop().time()
            books.append(Tally(started_s=starts_s, duration_s=1.0, timeout_s=5.0))
            return await driver.follow([0.0, 0.01], 0.2, book=books[0].add)

    record = driven(town, workload_of(writer), how)
    assert record.observations == ()
    assert books[0].total.requests == 2
    assert books[0].operations["listener (broadcast)"].requests == 20
    assert books[0].operations["listener (broadcast)"].from_due.quantile_s(0.01) >= 0.099


def test_readings_of_single_requests_are_not_disturbed(town: str) -> None:
    readings: list[str] = []

    async def how(driver: Driver) -> LoadRecord:
        async with driver.hold(listener, 10):
            return await driver.serial(
                ["quick_writer"], int, int, lambda seen, before, after: readings.append(seen.operation)
            )

    record = driven(town, workload_of(quick_writer), how)
    assert record.heard.events > 0
    assert readings == ["quick_writer"] * 201
    assert len(record.observations) == 201


def test_a_listener_that_is_lost_is_a_failure_of_the_interval(town: str) -> None:
    async def how(driver: Driver) -> LoadRecord:
        async with driver.hold(listener, 4) as held:
            record = await driver.follow([0.0], 0.05)
            assert held.count == 3
            assert "the server disconnected the namespace" in held.failures[0]
            return record

    record = driven(town, workload_of(thrower), how)
    assert Counter((seen.operation, seen.error) for seen in record.observations) == {
        ("thrower", ""): 1,
        ("listener (listen)", "reset"): 1,
    }
    assert "listener, step 3, person" in record.failures[0]


def test_listeners_that_cannot_be_connected_are_an_error_with_the_first_failure(town: str) -> None:
    def refused(person: Person) -> Journey:
        chat = yield socketio(auth={"token": "wrong"} if person.number == 2 else None)
        yield listen(chat)

    def never_listens(person: Person) -> Journey:
        yield socketio()

    def too_slow(person: Person) -> Journey:
        chat = yield socketio()
        yield think(5)
        yield listen(chat)

    for journey, within_s, words in (
        (refused, 10.0, r"refused, step 1 .* person 2, status 101: status: .* the token is wrong"),
        (never_listens, 10.0, r"never_listens: the journey ended before it came to a listen\(\)"),
        (too_slow, 0.3, r"only 0 of 8 listeners were there within 0\.3 s"),
    ):

        async def how(driver: Driver, journey=journey, within_s=within_s, words=words) -> LoadRecord:
            with pytest.raises(LoadError) as caught:
                async with driver.hold(journey, 8, within_s=within_s):
                    pass
            assert re.search(words, caught.value.what)
            assert caught.value.where == "connecting listeners"
            return await driver.follow([0.0], 0.05)

        assert len(driven(town, workload_of(writer), how).observations) == 1


@pytest.mark.linux
def test_more_listeners_than_this_machine_has_room_for_are_refused_at_once(town: str) -> None:
    async def how(driver: Driver) -> LoadRecord:
        with pytest.raises(LoadError, match=r"listeners need (as many ports|\d+ open files), and this .* \d+"):
            async with driver.hold(listener, 100_000):
                pass
        return await driver.follow([0.0], 0.05)

    driven(town, workload_of(writer), how)


def test_a_workload_declares_its_listeners(town: str, tmp_path: Path) -> None:
    journeys = tmp_path / "journeys.py"
    journeys.write_text(
        "from seatrial.load.journeys import emit, listen, post, socketio\n"
        "def sign_in(person):\n    person.memory['signed in'] = True\n    yield post('/', 'hello')\n"
        "def live(person):\n    assert person.memory['signed in']\n    chat = yield socketio()\n"
        "    yield emit(chat, 'join', {'room': 'declared'}, ack=True)\n"
        "    yield listen(chat, event='new_post', cause=lambda event: event.args[0]['text'])\n"
        "def write(person):\n    text = person.unique()\n    yield post('/?room=declared', text, cause=text)\n"
    )
    spec = WorkloadSpec(
        journeys=journeys, mix={"write": 1.0}, sign_in="sign_in", people=2, listeners=5, listener="live"
    )

    async def how(driver: Driver) -> LoadRecord:
        await driver.sign_in_all()
        async with driver.hold() as held:
            assert held.count == 5
            return await driver.follow([0.0], 0.05)

    record = driven(town, Workload.from_spec(spec), how)
    assert Counter(seen.operation for seen in record.observations) == {"write": 1, "live (broadcast)": 5}

    async def nobody(driver: Driver) -> LoadRecord:
        async with driver.hold() as held:
            assert held.count == 0
            return await driver.follow([0.0], 0.05)

    assert len(driven(town, workload_of(writer), nobody).observations) == 1
