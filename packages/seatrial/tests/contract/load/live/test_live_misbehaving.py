"""Servers on bare sockets that do what none should: each wait ends, is named rightly, and does no harm."""

import asyncio
import hashlib
import json
import re
from base64 import b64encode
from collections.abc import Awaitable, Callable

import pytest
from bare_server import Talk, bare_server
from websockets.frames import Frame, Opcode

from seatrial.load.books.observation import LoadRecord
from seatrial.load.driver import Driver
from seatrial.load.event_loop import loop_factory
from seatrial.load.journeys import Journey, Person, emit, listen, send, socketio, wait_for, websocket
from seatrial.load.live.upgrade import MESSAGE_MAX_BYTES
from seatrial.load.workload import Workload

OPEN = '0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}'
JOINED = '40{"sid":"t"}'


@pytest.fixture
def run_once():
    """Runs on the loop that a load runs on."""

    def runner(main: Awaitable[None]) -> None:
        with asyncio.Runner(loop_factory=loop_factory()) as loop:
            loop.run(main)

    return runner


def switched(head: bytes, **changed: str) -> bytes:
    """The right answer to the request for a WebSocket, but for some headers."""
    key = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key"))
    digest = hashlib.sha1(key.split(b":")[1].strip() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    headers = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec_WebSocket_Accept": b64encode(digest).decode()}
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in {**headers, **changed}.items())
    return f"HTTP/1.1 101 Switching Protocols\r\n{lines}\r\n".encode()


def text(words: str, **fields: object) -> bytes:
    return Frame(Opcode.TEXT, words.encode(), **fields).serialize(mask=False)


def once(run, talk: Talk, journey: Callable[[Person], Journey], timeout_s: float = 5.0) -> LoadRecord:
    """The journey, done once against such a server; afterwards nothing may be left."""
    records: list[LoadRecord] = []

    async def main() -> None:
        workload = Workload({"journey": journey}, {"journey": 1.0}, people=1, timeout_s=timeout_s)
        async with bare_server(talk) as port:
            before = asyncio.all_tasks()
            async with Driver(f"http://127.0.0.1:{port}", workload, seed=1, run_token="t") as driver:
                records.append(await driver.follow([0.0], 0.05))
            assert len(driver.live) == len(driver.live.deadlines) == 0
            assert {task for task in asyncio.all_tasks() - before if "LiveSockets" in repr(task.get_coro())} == set()

    run(main())
    return records[0]


def answering(*parts: bytes | Callable[[bytes], bytes], then: str = "keep") -> Talk:
    """Reads the head of a request, answers with these, then closes, or keeps the connection open and reads on."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        for part in parts:
            writer.write(part if isinstance(part, bytes) else part(head))
            await writer.drain()
        if then == "close":
            writer.close()
            return
        while await reader.read(65536):
            pass
        writer.close()

    return talk


def connects(person: Person) -> Journey:
    yield websocket("/")


def waits(person: Person) -> Journey:
    stream = yield websocket("/")
    yield wait_for(stream)


def chats(person: Person) -> Journey:
    chat = yield socketio()
    yield wait_for(chat, "news")


@pytest.mark.parametrize(
    ("parts", "then", "error", "words"),
    [
        ((b"SSH-2.0-OpenSSH_9.2\r\n\r\n",), "keep", "protocol", "did not receive a valid HTTP response"),
        ((b"\x16\x03\x01\x00\xff" * 5000,), "keep", "protocol", "the answer to the request for a WebSocket is wrong"),
        ((b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n",), "close", "reset", "without answering"),
        ((b"",), "close", "reset", "without answering"),
        ((b"",), "keep", "timeout", "no answer to the request for a WebSocket in time"),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",), "keep", "status", "answered 200 .*: 'hello'"),
        ((b"HTTP/1.1 404 Not Found\r\n\r\nnothing here",), "close", "status", "answered 404 .*: 'nothing here'"),
        ((b"HTTP/1.1 404 Not Found\r\n" + b"X: y\r\n" * 1000 + b"\r\n",), "keep", "protocol", "is wrong"),
        ((b"HTTP/1.1 404 Not Found\r\nX: " + b"y" * 70_000,), "keep", "protocol", "is wrong"),
        ((lambda head: switched(head, Sec_WebSocket_Accept="wrong"),), "keep", "protocol", "Sec-WebSocket-Accept"),
        ((lambda head: switched(head, Upgrade="h2c"),), "keep", "protocol", "invalid Upgrade header"),
        ((lambda head: switched(head, Sec_WebSocket_Protocol="unasked"),), "keep", "protocol", "no subprotocols"),
        (
            (lambda head: switched(head, Sec_WebSocket_Extensions="permessage-deflate"),),
            "keep",
            "protocol",
            "no extensions supported",
        ),
    ],
)
def test_a_wrong_answer_to_the_request_is_named(run, parts, then: str, error: str, words: str) -> None:
    record = once(run, answering(*parts, then=then), connects, timeout_s=0.4 if error == "timeout" else 5.0)
    assert [(seen.operation, seen.error) for seen in record.observations] == [("journey (connect)", error)]
    assert re.search(words, record.failures[0]), record.failures


@pytest.mark.parametrize(
    ("parts", "then", "error", "words"),
    [
        ((b"\x83\x00",), "keep", "protocol", "invalid opcode"),
        ((b"\xf1\x00",), "keep", "protocol", "reserved bits"),
        ((b"\x81\x85abcdhello",), "keep", "protocol", "incorrect masking"),
        ((b"\x80\x00",), "keep", "protocol", "unexpected continuation frame"),
        ((text("one", fin=False), text("two")), "keep", "protocol", "expected a continuation frame"),
        ((b"\x09\x7e\x01\x00" + b"p" * 256,), "keep", "protocol", "control frame"),
        ((b"\x81\x02\xff\xfe",), "keep", "protocol", "not UTF-8"),
        ((b"\x88\x02\x00\x01",), "keep", "protocol", "not WebSocket: invalid"),
        ((b"\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff",), "keep", "protocol", "over size limit|exceeds limit"),
        ((b"\x81\x7e\x03\xe8half of it",), "close", "reset", "without a closing frame"),
        ((b"\x81\x7e\x03\xe8half of it",), "keep", "timeout", "nothing was heard in time"),
        ((b"\x88\x00",), "keep", "reset", "the server closed the socket"),
        ((b"",), "close", "reset", "without a closing frame"),
    ],
)
def test_wrong_frames_are_named(run, parts, then: str, error: str, words: str) -> None:
    record = once(run, answering(switched, *parts, then=then), waits, timeout_s=0.4 if error == "timeout" else 5.0)
    assert [seen.error for seen in record.observations] == ["", error], record.failures
    assert re.search(words, record.failures[0]), record.failures


def test_a_message_without_an_end_is_given_up_at_16_megabytes(run_once) -> None:
    sent = [0]

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(switched(await reader.readuntil(b"\r\n\r\n")))
        piece = "x" * 1_000_000
        writer.write(text(piece, fin=False))
        while True:
            sent[0] += len(piece)
            writer.write(Frame(Opcode.CONT, piece.encode(), fin=False).serialize(mask=False))
            await writer.drain()

    record = once(run_once, talk, waits, timeout_s=20.0)
    assert record.observations[-1].error == "protocol"
    assert sent[0] < 2 * MESSAGE_MAX_BYTES


def test_a_flood_of_pings_to_a_server_that_never_reads_ends(run_once) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(switched(await reader.readuntil(b"\r\n\r\n")))
        writer.transport.pause_reading()
        pings = b"\x89\x7d" + b"p" * 125
        while True:
            writer.write(pings * 2000)
            await writer.drain()

    record = once(run_once, talk, waits, timeout_s=60.0)
    assert record.observations[-1].error == "protocol"
    assert "the server does not read what it is sent" in record.failures[0]


def test_a_flood_of_events_that_nobody_takes_is_bounded(run_once) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(switched(await reader.readuntil(b"\r\n\r\n")))
        for _ in range(40):
            writer.write(text("x" * 1_000_000))
            await writer.drain()
        writer.write(text("done"))
        await reader.read()

    def sleeps(person: Person) -> Journey:
        stream = yield websocket("/")
        yield wait_for(stream, where=lambda message: message.text == "done")
        heard.append((yield listen(stream, 0)))

    heard: list[int] = []
    record = once(run_once, talk, sleeps, timeout_s=20.0)
    assert record.failures == ()
    # Of forty messages of 1 MB, as many as 16 MB hold.
    assert heard == [MESSAGE_MAX_BYTES // 1_000_000]
    assert record.heard.dropped == 40 - heard[0]


@pytest.mark.parametrize(
    ("packets", "error", "words"),
    [
        (("hello",), "protocol", "not Socket.IO: 'hello'"),
        (("",), "protocol", "not Socket.IO: ''"),
        (("0[]",), "protocol", "not Socket.IO"),
        (('0{"pingInterval":"soon","pingTimeout":1}',), "protocol", "not Socket.IO"),
        (('0{"pingInterval":-5,"pingTimeout":1}',), "protocol", "not Socket.IO"),
        ((OPEN, '44{"message":"full"}'), "status", "refused the namespace /: full"),
        ((OPEN, "44"), "status", "refused the namespace /: None"),
        ((OPEN, "41"), "reset", "disconnected the namespace"),
        ((OPEN, "1"), "reset", "closed the session"),
        ((OPEN, JOINED, "42"), "protocol", "not Socket.IO"),
        ((OPEN, JOINED, "42{}"), "protocol", "not Socket.IO"),
        ((OPEN, JOINED, "42[]"), "protocol", "not Socket.IO"),
        ((OPEN, JOINED, '42["news"'), "protocol", "not Socket.IO"),
        ((OPEN, JOINED, "42" + "[" * 100_000), "protocol", "not Socket.IO"),
        ((OPEN, JOINED, "42" + "9" * 200 + '["news"]'), "protocol", "not Socket.IO"),
        ((OPEN, JOINED, '459999999-["news"]'), "protocol", "not Socket.IO"),
        ((OPEN, JOINED, '451-["news",{"_placeholder":true,"num":0}]', '42["news"]'), "protocol", "not Socket.IO"),
        ((OPEN, JOINED, b"an attachment to nothing"), "protocol", "not Socket.IO"),
        ((OPEN, JOINED, '451-["news",{"_placeholder":true,"num":7}]', b"x"), "protocol", "not Socket.IO"),
        ((OPEN, JOINED, '42/other,["news"]'), "timeout", "no 'news' was heard in time"),
        ((OPEN, JOINED, '43999["an answer to nothing"]', "6", "5", "9"), "timeout", "no 'news' was heard"),
        ((OPEN, JOINED, "3unasked", "2", "2probe"), "timeout", "no 'news' was heard"),
        ((OPEN,), "timeout", "the namespace was not joined in time"),
    ],
)
def test_wrong_packets_are_named(run_once, packets: tuple[str | bytes, ...], error: str, words: str) -> None:
    frames = [
        Frame(Opcode.TEXT, packet.encode()) if isinstance(packet, str) else Frame(Opcode.BINARY, packet)
        for packet in packets
    ]
    parts = [frame.serialize(mask=False) for frame in frames]
    record = once(run_once, answering(switched, *parts), chats, timeout_s=0.4 if error == "timeout" else 5.0)
    assert record.observations[-1].error == error, record.failures
    assert words in record.failures[0]


def test_a_server_that_stops_pinging_is_lost_after_it_promised(run_once) -> None:
    promise = json.dumps({"sid": "s", "upgrades": [], "pingInterval": 200, "pingTimeout": 200})

    def listens(person: Person) -> Journey:
        chat = yield socketio()
        yield listen(chat, 30)

    record = once(run_once, answering(switched, text("0" + promise), text(JOINED)), listens)
    connected, lost = record.observations
    assert (lost.operation, lost.error) == ("journey (listen)", "reset")
    assert "the server sent no ping for 0.4 s" in record.failures[0]
    assert lost.done_s - connected.sent_s >= 0.4


def test_a_server_that_never_closes_is_left_after_two_seconds(run_once) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(switched(await reader.readuntil(b"\r\n\r\n")))
        # Reads the goodbye and does nothing about it.
        await reader.read()

    def says_goodbye(person: Person) -> Journey:
        stream = yield websocket("/")
        yield send(stream, "goodbye")

    async def main() -> None:
        workload = Workload({"journey": says_goodbye}, {"journey": 1.0}, timeout_s=5.0)
        async with (
            bare_server(talk) as port,
            Driver(f"http://127.0.0.1:{port}", workload, seed=1, run_token="t") as driver,
        ):
            record = await driver.follow([0.0], 0.05)
            assert record.failures == ()
            assert len(driver.live) == 1
            # The server would wait for ever.
            await driver.live.gone(within_s=30.0)
            assert len(driver.live) == 0

    run_once(main())


def test_nobody_listening_is_refused(run) -> None:
    async def main() -> None:
        async with bare_server(answering(b"")) as port:
            pass
        workload = Workload({"chats": chats}, {"chats": 1.0}, timeout_s=5.0)
        async with Driver(f"http://127.0.0.1:{port}", workload, seed=1, run_token="t") as driver:
            record = await driver.follow([0.0], 0.05)
            assert [seen.error for seen in record.observations] == ["refused"]
            assert "refused the connection" in record.failures[0]

    run(main())


def test_what_is_on_its_way_when_the_load_ends_is_cut(run_once) -> None:
    def asks(person: Person) -> Journey:
        chat = yield socketio()
        yield emit(chat, "ever", ack=True, timeout_s=60)

    talk = answering(switched, text(OPEN), text(JOINED))
    record = once(run_once, talk, asks, timeout_s=0.2)
    assert record.observations[-1].error == "unfinished"
    assert once(run_once, answering(b""), connects, timeout_s=0.2).observations[-1].error == "timeout"
