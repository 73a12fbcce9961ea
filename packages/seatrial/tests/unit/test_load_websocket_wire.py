"""Frames and packets, whatever pieces they arrive in; the other side is the server of `websockets`, in memory."""

import asyncio
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from engineio.packet import MESSAGE
from engineio.packet import Packet as EnginePacket
from hypothesis import given, settings
from hypothesis import strategies as st
from socketio.packet import EVENT, Packet
from websockets.frames import Frame, Opcode
from websockets.server import ServerProtocol

from seatrial.load.http.deadlines import Deadlines
from seatrial.load.live.messages import OpenWebSocket
from seatrial.load.live.socket import LiveSocket
from seatrial.load.live.socketio_socket import SocketIOSocket
from seatrial.load.live.websocket_wire import WebSocketWire


class Wires(asyncio.Transport):
    """What a wire writes to and is kept by, without a network: `sent` is what it wrote."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.deadlines = Deadlines(loop)
        self.sent = b""
        self.is_aborted = False

    def write(self, data: Any) -> None:
        self.sent += data

    def abort(self) -> None:
        self.is_aborted = True

    def is_closing(self) -> bool:
        return self.is_aborted

    def get_write_buffer_size(self) -> int:
        return 0

    def dropped(self, wire: WebSocketWire) -> None:
        """Part of Keeper."""


class Heard:
    """The step that connects, and the taker of all that is heard."""

    def __init__(self) -> None:
        self.items: list[Any] = []
        self.status = 0
        self.is_open = False
        self.end: tuple[str, str] | None = None

    def sending(self) -> None:
        pass

    def switched(self, status: int, set_cookies: list[str]) -> None:
        self.status = status

    def opened(self, at_s: float) -> None:
        self.is_open = True

    def failed(self, error: str, detail: str) -> None:
        self.end = error, detail

    def offered(self, heard: Any) -> bool:
        self.items.append(heard)
        return True

    def ended(self, error: str, detail: str) -> None:
        self.end = error, detail


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    made = asyncio.new_event_loop()
    yield made
    made.close()


def converse(
    loop: asyncio.AbstractEventLoop,
    make: Callable[[Heard, Wires], LiveSocket],
    say: Callable[[ServerProtocol], None],
    cuts: Iterable[int],
) -> tuple[Heard, ServerProtocol]:
    """A server answers, says its part, and all of it arrives in pieces cut at these places."""
    heard, wires = Heard(), Wires(loop)
    socket = make(heard, wires)
    socket.taker = heard
    wire = WebSocketWire(wires, socket, OpenWebSocket("/live?x=1"))
    wire.connection_made(wires)
    server = ServerProtocol()
    server.receive_data(wires.sent)
    (request,) = server.events_received()
    assert request.path == "/live?x=1"
    server.send_response(server.accept(request))
    say(server)
    data = b"".join(server.data_to_send())
    places = [0, *sorted({min(cut, len(data)) for cut in cuts}), len(data)]
    wires.sent = b""
    for start, end in itertools.pairwise(places):
        if start < end:
            wire.data_received(data[start:end])
    if wires.sent:
        server.receive_data(wires.sent)
    wire.connection_lost(None)
    return heard, server


def plain(heard: Heard, wires: Wires) -> LiveSocket:
    return LiveSocket(heard)


def socketio(heard: Heard, wires: Wires) -> LiveSocket:
    return SocketIOSocket(heard, wires.deadlines)


def some_of_everything(server: ServerProtocol) -> None:
    server.send_text(b"one")
    server.send_ping(b"there?")
    server.send_binary(b"\x00" * 200)
    server.send_text(b"gr", fin=False)
    server.send_ping(b"between")
    server.send_continuation("üß".encode()[:1], fin=False)
    server.send_continuation("üß".encode()[1:], fin=True)
    server.send_text(b"x" * 70_000)
    server.send_close(1001, "bye")


def test_every_split_point_of_a_conversation_gives_the_same_messages(loop: asyncio.AbstractEventLoop) -> None:
    wanted = ["one", b"\x00" * 200, "grüß", "x" * 70_000]
    # All of the handshake and of the small frames; of the long one, its head.
    for cut in range(700):
        heard, _ = converse(loop, plain, some_of_everything, [cut])
        assert [item.data for item in heard.items] == wanted
        assert heard.is_open
        assert heard.end == ("reset", "the server closed the socket: 1001 (going away) bye")


def test_one_byte_at_a_time_gives_the_same_messages_and_answers(loop: asyncio.AbstractEventLoop) -> None:
    def say(server: ServerProtocol) -> None:
        server.send_text(b"one")
        server.send_ping(b"there?")
        server.send_close(1000)

    heard, server = converse(loop, plain, say, range(10_000))
    assert [item.data for item in heard.items] == ["one"]
    # The server's own reading of what the client wrote: a pong for its ping, its closing frame sent back.
    answers = server.events_received()
    assert [(frame.opcode, bytes(frame.data)) for frame in answers] == [
        (Opcode.PONG, b"there?"),
        (Opcode.CLOSE, b"\x03\xe8"),
    ]


messages = st.lists(
    st.one_of(st.text(max_size=200), st.binary(max_size=200), st.just("long" * 20_000)), min_size=1, max_size=5
)
pieces = st.lists(st.integers(1, 60), max_size=4)


@settings(deadline=None)
@given(sent=messages, pieces=pieces, cuts=st.lists(st.integers(0, 3000), max_size=20))
def test_messages_are_whole_however_they_are_fragmented_and_split(
    loop: asyncio.AbstractEventLoop, sent: list[str | bytes], pieces: list[int], cuts: list[int]
) -> None:
    def say(server: ServerProtocol) -> None:
        for message in sent:
            data = message.encode() if isinstance(message, str) else message
            is_text = isinstance(message, str)
            places = [0, *sorted(min(piece, len(data)) for piece in pieces), len(data)]
            for number, (start, end) in enumerate(itertools.pairwise(places)):
                opcode = Opcode.CONT if number else Opcode.TEXT if is_text else Opcode.BINARY
                frame = Frame(opcode, data[start:end], fin=number == len(places) - 2)
                server.writes.append(frame.serialize(mask=False))

    heard, _ = converse(loop, plain, say, cuts)
    assert [item.data for item in heard.items] == sent


values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.text(max_size=20), st.binary(max_size=20)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.text(max_size=5).filter(lambda key: key != "_placeholder"), inner),
    ),
    max_leaves=8,
)
events = st.lists(st.tuples(st.text(min_size=1, max_size=10), st.lists(values, max_size=3)), max_size=4)


@settings(deadline=None)
@given(sent=events, cuts=st.lists(st.integers(0, 3000), max_size=20))
def test_events_with_attachments_are_whole_however_they_are_split(
    loop: asyncio.AbstractEventLoop, sent: list[tuple[str, list[Any]]], cuts: list[int]
) -> None:
    def say(server: ServerProtocol) -> None:
        server.send_text(b'0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000}')
        server.send_text(b'40{"sid":"t"}')
        for name, args in sent:
            encoded = Packet(EVENT, data=[name, *args]).encode()
            for part in encoded if isinstance(encoded, list) else [encoded]:
                frame = EnginePacket(MESSAGE, part).encode()
                server.send_text(frame.encode()) if isinstance(frame, str) else server.send_binary(frame)

    heard, server = converse(loop, socketio, say, cuts)
    assert heard.is_open
    assert [(item.name, list(item.args)) for item in heard.items] == sent
    (joined,) = server.events_received()
    assert bytes(joined.data) == b"40"


@settings(deadline=None)
@given(garbage=st.binary(max_size=400), cuts=st.lists(st.integers(0, 800), max_size=5), is_chat=st.booleans())
def test_whatever_a_server_sends_nothing_is_raised(
    loop: asyncio.AbstractEventLoop, garbage: bytes, cuts: list[int], is_chat: bool
) -> None:
    make = socketio if is_chat else plain
    heard, _ = converse(loop, make, lambda server: server.writes.append(garbage), cuts)
    assert heard.status == 101
    assert heard.end is not None


packet_starts = st.sampled_from(
    ["", "0", "1", "2", "4", "40", "41", "42", "43", "44", "45", "451-", "46", "42/x,", "b"]
)


@settings(deadline=None)
@given(packets=st.lists(st.one_of(st.tuples(packet_starts, st.text(max_size=30)), st.binary(max_size=10)), max_size=6))
def test_whatever_packets_a_server_sends_nothing_is_raised(
    loop: asyncio.AbstractEventLoop, packets: list[tuple[str, str] | bytes]
) -> None:
    def say(server: ServerProtocol) -> None:
        for packet in packets:
            if isinstance(packet, bytes):
                server.send_binary(packet)
            else:
                server.send_text("".join(packet).encode())

    heard, _ = converse(loop, socketio, say, [])
    assert heard.end is not None
    assert heard.end[0] in {"protocol", "reset", "status"}
