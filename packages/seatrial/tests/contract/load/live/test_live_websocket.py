"""Journeys on plain WebSockets, against a real uvicorn and the server of `websockets`."""

import gc
import json
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.client import ClientProtocol
from websockets.http11 import Response

from seatrial.load.books.observation import LoadRecord
from seatrial.load.driver import Driver
from seatrial.load.event_loop import run
from seatrial.load.journeys import Journey, Message, Person, close, emit, listen, send, socketio, wait_for, websocket
from seatrial.load.live.socket import UNREAD_MAX, LiveSocket
from seatrial.load.live.websocket_wire import WebSocketWire
from seatrial.load.workload import Workload

Drive = Callable[[str, Workload, Callable[[Driver], Awaitable[LoadRecord]]], LoadRecord]


@pytest.fixture
def once(drive: Drive, workload_of: Callable[..., Workload]) -> Callable[..., LoadRecord]:
    """Runs a journey once, pauses and all."""

    def driven(url: str, journey: Callable[[Person], Journey]) -> LoadRecord:
        return drive(url, workload_of(journey=journey), lambda driver: driver.follow([0.0], 0.05))

    return driven


Once = Callable[[str, Callable[[Person], Journey]], LoadRecord]


def test_text_bytes_and_json_come_back_as_they_were_sent(town: str, once: Once) -> None:
    heard: list[object] = []

    def echoes(person: Person) -> Journey:
        stream = yield websocket("/stream")
        yield send(stream, "grüße")
        heard.append((yield wait_for(stream)).text)
        yield send(stream, b"\x00\xff")
        heard.append((yield wait_for(stream)).data)
        yield send(stream, json={"a": [1, None]})
        heard.append((yield wait_for(stream)).json())
        # Frames of every length: 7, 16 and 64 bits.
        for length in (0, 125, 126, 65_535, 65_536, 1_000_000):
            yield send(stream, "x" * length)
            heard.append(len((yield wait_for(stream)).text) == length)
        yield close(stream)

    record = once(town, echoes)
    assert record.failures == ()
    assert heard == ["grüße", b"\x00\xff", {"a": [1, None]}, *[True] * 6]
    assert Counter(seen.operation for seen in record.observations) == {"journey (connect)": 1, "journey (wait)": 9}


def test_the_request_says_who_asks_and_for_which_protocol(town: str, once: Once) -> None:
    sent: list[dict[str, str]] = []

    def asks(person: Person) -> Journey:
        person.cookies.store("a=1; Path=/", "/")
        person.cookies.store("b=2; Path=/elsewhere", "/")
        stream = yield websocket(
            "/stream?room=1", subprotocols=("v2.chat", "v1.chat"), headers={"Origin": "https://else.where"}, bearer="t"
        )
        yield send(stream, "headers")
        sent.append((yield wait_for(stream)).json())
        # What the answer set is the person's from then on.
        assert person.cookies.get("seen") == "stream"

    assert once(town, asks).failures == ()
    (headers,) = sent
    assert headers["cookie"] == "a=1"
    assert headers["authorization"] == "Bearer t"
    assert headers["origin"] == "https://else.where"
    assert headers["host"] == town.removeprefix("http://")
    assert headers["sec-websocket-protocol"] == "v2.chat, v1.chat"
    # A compressor's state would cost more than all else of an idle listener.
    assert "sec-websocket-extensions" not in headers


def test_a_refused_request_is_a_failure_with_its_status(town: str, once: Once) -> None:
    def enters(person: Person) -> Journey:
        yield websocket("/closed")

    record = once(town, enters)
    assert [(seen.operation, seen.status, seen.error) for seen in record.observations] == [
        ("journey (connect)", 403, "status")
    ]
    assert "step 1 (GET /closed), person" in record.failures[0]
    assert "the server answered 403 to the request for a WebSocket" in record.failures[0]
    assert f"the Origin was {town}" in record.failures[0]


def test_the_servers_reason_to_close_is_told(town: str, once: Once) -> None:
    def waits(person: Person) -> Journey:
        stream = yield websocket("/stream")
        yield send(stream, "leave")
        yield wait_for(stream)

    record = once(town, waits)
    assert record.observations[-1].error == "reset"
    assert "4001 (private use) you asked for it" in record.failures[0]


def test_a_wait_may_choose_and_leaves_the_rest(town: str, once: Once) -> None:
    heard: list[str] = []

    def counts(person: Person) -> Journey:
        stream = yield websocket("/stream")
        yield send(stream, "count to 5")
        for wanted in ("3", "1", "5"):
            heard.append((yield wait_for(stream, where=lambda message, wanted=wanted: message.text == wanted)).text)
        heard.append(str((yield listen(stream, 0))))
        yield send(stream, "be quiet")
        yield wait_for(stream, timeout_s=0.2)

    record = once(town, counts)
    assert heard == ["3", "1", "5", "2"]
    assert record.observations[-1].error == "timeout"
    assert "nothing was heard in time" in record.failures[0]


def test_what_nobody_takes_is_dropped_oldest_first_and_counted(town: str, once: Once) -> None:
    heard: list[Message] = []

    def sleeps(person: Person) -> Journey:
        stream = yield websocket("/stream")
        yield send(stream, "count to 250")
        other = yield websocket("/stream")
        yield send(other, "count to 251")
        # Both streams come from one server, in order: when this has come, so has all of the first.
        yield wait_for(other, where=lambda message: message.text == "251")
        for _ in range(UNREAD_MAX):
            heard.append((yield wait_for(stream)))

    record = once(town, sleeps)
    assert record.failures == ()
    assert [message.text for message in heard] == [str(number) for number in range(251 - UNREAD_MAX, 251)]
    assert record.heard.dropped == 250 - UNREAD_MAX


def test_steps_of_one_kind_of_socket_are_not_for_the_other(town: str, once: Once) -> None:
    def emits(person: Person) -> Journey:
        yield emit((yield websocket("/stream")), "event")

    def sends(person: Person) -> Journey:
        yield send((yield socketio()), "text")

    def names(person: Person) -> Journey:
        yield wait_for((yield websocket("/stream")), "event")

    def forgets_to_yield(person: Person) -> Journey:
        yield wait_for(websocket("/stream"))  # type: ignore[arg-type]

    for journey, words in (
        (emits, "emit() takes what `yield socketio(...)` gave"),
        (sends, "send() takes what `yield websocket(...)` gave"),
        (names, "a plain WebSocket has no events"),
        (forgets_to_yield, "wait_for() takes what `yield socketio(...)` or `yield websocket(...)` gave"),
    ):
        record = once(town, journey)
        assert [seen.error for seen in record.observations] == ["journey"]
        assert words in record.failures[0]


def test_messages_in_pieces_pings_and_a_goodbye_are_understood_by_another_server() -> None:
    goodbyes: list[tuple[int | None, str | None]] = []
    pongs: list[float] = []

    async def talk(connection: ServerConnection) -> None:
        assert await connection.recv() == "tell me"
        await connection.send(["in ", "three ", "pieces"])
        pongs.append(await (await connection.ping(b"there?")))
        await connection.send([b"\x00", b"", b"\xff"])
        await connection.wait_closed()
        goodbyes.append((connection.close_code, connection.close_reason))

    def listens(person: Person) -> Journey:
        stream = yield websocket("/")
        yield send(stream, "tell me")
        heard.append((yield wait_for(stream)).data)
        heard.append((yield wait_for(stream)).data)

    async def main() -> LoadRecord:
        async with serve(talk, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            workload = Workload({"listens": listens}, {"listens": 1.0}, timeout_s=5.0)
            async with Driver(f"http://127.0.0.1:{port}", workload, seed=1, run_token="t") as driver:
                record = await driver.follow([0.0], 0.05)
                await driver.live.gone()
                assert len(driver.live) == 0
        return record

    heard: list[object] = []
    assert run(main()).failures == ()
    assert heard == ["in three pieces", b"\x00\xff"]
    assert len(pongs) == 1
    assert goodbyes == [(1000, "")]


def test_a_crowd_of_short_visits_leaves_nothing_behind_while_the_collector_is_off(town: str, drive: Drive) -> None:
    def visits(person: Person) -> Journey:
        stream = yield websocket("/stream")
        yield send(stream, json.dumps({"n": person.number}))
        yield wait_for(stream)

    def fails(person: Person) -> Journey:
        yield websocket("/closed")

    left: list[object] = []

    async def watched(driver: Driver) -> LoadRecord:
        kinds = (WebSocketWire, LiveSocket, ClientProtocol, Response)
        gc.collect()
        gc.disable()
        try:
            record = await driver.closed_loop(8, 0.5)
            await driver.live.gone()
            # A look at what is tracked finds no circle of them; nothing was collected meanwhile.
            left.extend(one for one in gc.get_objects() if isinstance(one, kinds))
            return record
        finally:
            gc.enable()

    workload = Workload({"visits": visits, "fails": fails}, {"visits": 1, "fails": 1}, timeout_s=5.0)
    record = drive(town, workload, watched)
    assert len(record.observations) > 20
    assert left == []
