"""A server on a bare socket that does what none should: each request ends, is named rightly, and does no harm."""

import asyncio
import gc
import random
import socket
import struct
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from bare_server import Talk, bare_server

from seatrial.load.http.client import RETRY_WITHIN_S, Client
from seatrial.load.http.content_coding import BODY_MAX_BYTES
from seatrial.load.http.exchange import Exchange
from seatrial.load.http.target import target
from seatrial.load.http.wire import Wire
from seatrial.load.journey.steps import request

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Asked(Exchange):
    """An exchange that somebody waits for."""

    def __init__(self, data: bytes, deadline_s: float, *, is_head: bool = False) -> None:
        super().__init__(data, deadline_s, is_head=is_head)
        self.over: asyncio.Future[Exchange] = asyncio.get_running_loop().create_future()

    def ended(self) -> None:
        self.over.set_result(self)


@asynccontextmanager
async def _client(port: int, timeout_s: float = 5.0) -> AsyncIterator[Client]:
    """Afterwards, whatever happened, nothing may be left."""
    before = asyncio.all_tasks()
    client = Client(target(f"http://127.0.0.1:{port}"), keep_alive=True, timeout_s=timeout_s)
    try:
        yield client
    finally:
        await client.close()
    assert not client.busy
    assert not client._open
    ours = {task for task in asyncio.all_tasks() - before if "Client" in repr(task.get_coro())}
    assert not ours
    assert not [one for one in gc.get_objects() if isinstance(one, Exchange) and one.connection is not None]


async def _ask(client: Client, port: int, method: str = "GET", timeout_s: float = 5.0) -> Exchange:
    wire = Wire(f"127.0.0.1:{port}", keep_alive=True)
    exchange = Asked(wire.encode(request(method, "/"), ""), time.perf_counter() + timeout_s, is_head=method == "HEAD")
    client.submit(exchange)
    return await asyncio.wait_for(exchange.over, timeout_s + 3)


def _always(answer: bytes, *, then: str = "close") -> Talk:
    """Reads a request's head, answers these bytes, and closes, resets, or keeps the connection open."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()
            if then == "close":
                writer.close()
                return
            if then == "reset":
                sock = writer.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
                return

    return handler


MANY_HEADERS = b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: %s\r\n" % (i, b"y" * 1000) for i in range(100)) + b"\r\n"


@pytest.mark.parametrize(
    ("answer", "then", "error", "words"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "keep", "protocol", "not HTTP"),
        (b"\x16\x03\x01\x00\xff" * 50, "keep", "protocol", "not HTTP"),
        (b"HTTP/1.1 banana OK\r\n\r\n", "keep", "protocol", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "close", "protocol", "middle of its answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "close", "protocol", "middle of its answer"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "close", "protocol", "middle of"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "keep", "protocol", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok", "keep", "protocol", "not HTTP"),
        (
            b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
            "keep",
            "protocol",
            "another protocol",
        ),
        (MANY_HEADERS, "keep", "protocol", "headers are longer"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000, "keep", "protocol", "headers are longer"),
        (b"", "close", "reset", "without an answer"),
        (b"", "reset", "reset", "lost"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "reset", "reset", "lost"),
    ],
)
def test_a_wrong_answer_is_named_and_the_next_request_is_answered(
    run, answer: bytes, then: str, error: str, words: str
) -> None:
    async def main() -> None:
        wrong = _always(answer, then=then)
        handlers = [wrong]

        async def first_wrong(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await (handlers.pop() if handlers else _always(OK))(reader, writer)

        async with bare_server(first_wrong) as port, _client(port) as client:
            seen = await _ask(client, port)
            assert (seen.error, words in seen.detail) == (error, True), seen.detail
            assert not seen.reused_retry
            again = await _ask(client, port)
            assert (again.error, again.status, again.body) == ("", 200, b"ok")

    run(main())


@pytest.mark.parametrize(
    ("method", "answer", "status", "body"),
    [
        ("GET", b"HTTP/1.0 200 OK\r\n\r\nuntil the end", 200, b"until the end"),
        ("GET", b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end", 200, b"until the end"),
        ("GET", b"HTTP/1.1 200 OK\r\n\r\nuntil the end", 200, b"until the end"),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n", 304, b""),
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", 200, b""),
        ("GET", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" + OK, 200, b"ok"),
        ("GET", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nok\r\n0\r\nT: v\r\n\r\n", 200, b"ok"),
        ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" + b"surplus" * 10, 200, b"ok"),
        ("GET", b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", 404, b""),
    ],
)
def test_unusual_but_whole_answers_are_understood(run, method: str, answer: bytes, status: int, body: bytes) -> None:
    async def main() -> None:
        async with bare_server(_always(answer)) as port, _client(port) as client:
            for _ in range(3):
                seen = await _ask(client, port, method)
                assert (seen.error, seen.status, seen.body) == ("", status, body), seen.detail

    run(main())


def test_a_kept_connection_carries_many_answers_also_after_head_and_304(run) -> None:
    connections = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            if head.startswith(b"HEAD"):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")
            elif head.startswith(b"PUT"):
                writer.write(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n")
            else:
                # One byte at a time, so that every boundary is met.
                for byte in OK:
                    writer.write(bytes([byte]))
                    await asyncio.sleep(0)

    async def main() -> None:
        async with bare_server(handler) as port, _client(port) as client:
            for method in ("GET", "HEAD", "GET", "PUT", "GET", "HEAD", "HEAD", "GET"):
                seen = await _ask(client, port, method)
                assert not seen.error, seen.detail
                assert seen.body == (b"ok" if method == "GET" else b"")
            assert len(connections) == 1

    run(main())


def test_a_body_over_the_limit_is_refused_and_not_kept(run) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 1_000_000)
            await writer.drain()

    async def main() -> None:
        async with bare_server(handler) as port, _client(port) as client:
            seen = await _ask(client, port, timeout_s=20)
            assert seen.error == "protocol"
            assert f"longer than {BODY_MAX_BYTES // 1024**2} MB" in seen.detail

    run(main())


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhal", b"HTTP/1.1 200 OK\r\n\r\nendless"]
)
def test_a_server_that_never_finishes_is_given_up_at_the_timeout(run, answer: bytes) -> None:
    async def main() -> None:
        async with bare_server(_always(answer, then="keep")) as port, _client(port, timeout_s=0.3) as client:
            begun_s = asyncio.get_running_loop().time()
            seen = await _ask(client, port, timeout_s=0.3)
            assert seen.error == "timeout"
            assert seen.status in {0, 200}
            assert 0.28 <= asyncio.get_running_loop().time() - begun_s < 0.6

    run(main())


def test_which_idle_connection_is_next_is_chance_and_all_get_their_share(run) -> None:
    served: list[int] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.append(0)
        mine = len(served) - 1
        while True:
            await reader.readuntil(b"\r\n\r\n")
            served[mine] += 1
            await asyncio.sleep(0.02 if len(served) < 4 or served[mine] == 1 else 0.0)
            writer.write(OK)

    async def main() -> None:
        async with bare_server(handler) as port, _client(port) as client:
            await asyncio.gather(*(_ask(client, port) for _ in range(4)))
            for _ in range(400):
                await _ask(client, port)
            # Of 400, a hundred each, give or take three times the root of 400 / 4 x 3 / 4.
            assert len(served) == 4
            assert all(74 <= count <= 128 for count in served)


def test_while_loops_are_spread_there_are_more_connections_than_requests_under_way(run) -> None:
    opened: list[int] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened.append(0)
        while True:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(OK)

    async def main() -> None:
        async with bare_server(handler) as port, _client(port) as client:
            with client.spread(3):
                for _ in range(20):
                    await _ask(client, port)
            assert len(opened) == 6
            with client.spread(1):
                await _ask(client, port)
            assert len(opened) == 6

    run(main())


@pytest.mark.parametrize(
    "answer", [OK.replace(b"\r\n", b"\r\nConnection: close\r\n", 1), OK.replace(b"1.1", b"1.0", 1)]
)
def test_a_connection_the_server_will_not_keep_is_not_used_again(run, answer: bytes) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Says that it closes, and leaves it at that: a second request here would wait for ever.
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await reader.read()

    async def main() -> None:
        async with bare_server(handler) as port, _client(port) as client:
            for _ in range(3):
                assert (await _ask(client, port, timeout_s=0.5)).error == ""

    run(main())


@pytest.mark.linux
def test_a_server_that_takes_no_connection_is_given_up_at_the_timeout(run) -> None:
    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
            port = listener.getsockname()[1]
            async with _client(port, timeout_s=0.3) as client:
                # The kernel takes the first for the server; the others wait at its door.
                seen = await asyncio.gather(*(_ask(client, port, timeout_s=0.3) for _ in range(6)))
                assert [one.error for one in seen] == ["timeout"] * 6

    run(main())


def test_nobody_listening_is_refused(run) -> None:
    async def main() -> None:
        async with bare_server(_always(OK)) as port:
            pass
        async with _client(port) as client:
            seen = await _ask(client, port)
            assert seen.error == "refused"
            assert f"127.0.0.1:{port} refused the connection" in seen.detail

    run(main())


def test_a_kept_connection_that_dies_without_an_answer_is_retried_once_and_marked(run) -> None:
    requests = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Promises to keep the connection, and closes it on the second request: what a server's idle timer does to
        # a request that is already on its way.
        for _ in range(2):
            requests.append(await reader.readuntil(b"\r\n\r\n"))
            if len(requests) == 2:
                break
            writer.write(OK)
        else:
            await reader.readuntil(b"\r\n\r\n")
        writer.close()

    async def main() -> None:
        async with bare_server(handler) as port, _client(port) as client:
            first, second = await _ask(client, port), await _ask(client, port)
            assert (first.error, first.reused_retry) == ("", False)
            assert (second.error, second.reused_retry, second.body) == ("", True, b"ok")
            assert len(requests) == 3

    run(main())


def _closing_late(after_s: float, requests: list[bytes]) -> Talk:
    """Answers a connection's first request and drops the second one, after a while; then answers all."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            requests.append(await reader.readuntil(b"\r\n\r\n"))
            if len(requests) == 2:
                await asyncio.sleep(after_s)
                writer.close()
                return
            writer.write(OK)

    return handler


def test_a_kept_connection_that_dies_over_a_request_is_not_asked_twice(run) -> None:
    requests: list[bytes] = []

    async def main() -> None:
        async with bare_server(_closing_late(RETRY_WITHIN_S + 0.1, requests)) as port, _client(port) as client:
            assert not (await _ask(client, port)).error
            second = await _ask(client, port)
            assert (second.error, second.reused_retry) == ("reset", False)
            assert len(requests) == 2

    run(main())


def test_the_time_of_both_tries_counts(run) -> None:
    requests: list[bytes] = []

    async def main() -> None:
        async with bare_server(_closing_late(0.1, requests)) as port, _client(port) as client:
            assert not (await _ask(client, port)).error
            second = await _ask(client, port)
            assert (second.error, second.reused_retry) == ("", True)
            assert second.done_s - second.sent_s >= 0.09

    run(main())


def test_a_retried_request_is_not_retried_again(run) -> None:
    answered = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if not answered:
            answered.append(1)
            writer.write(OK)
            await reader.readuntil(b"\r\n\r\n")
        writer.close()

    async def main() -> None:
        async with bare_server(handler) as port, _client(port) as client:
            assert not (await _ask(client, port)).error
            second = await _ask(client, port)
            assert (second.error, second.reused_retry) == ("reset", True)

    run(main())


def test_a_connection_is_given_up_before_the_server_says_it_closes_it(run) -> None:
    connections = []
    answer = b"HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1, max=100\r\nContent-Length: 2\r\n\r\nok"

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        await _always(answer, then="keep")(reader, writer)

    async def main() -> None:
        async with bare_server(handler) as port, _client(port) as client:
            await _ask(client, port)
            await _ask(client, port)
            assert len(connections) == 1
            # Half a second before the announced second is over it counts as closed.
            await asyncio.sleep(0.6)
            seen = await _ask(client, port)
            assert (seen.error, seen.reused_retry) == ("", False)
            assert len(connections) == 2

    run(main())


def test_a_connection_closed_while_idle_is_not_used_again(run) -> None:
    connections = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        await asyncio.sleep(0.05)
        writer.close()

    async def main() -> None:
        async with bare_server(handler) as port, _client(port) as client:
            await _ask(client, port)
            await asyncio.sleep(0.15)
            seen = await _ask(client, port)
            assert (seen.error, seen.reused_retry) == ("", False)
            assert len(connections) == 2

    run(main())


def test_bytes_nobody_asked_for_end_the_connection(run) -> None:
    connections = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        await asyncio.sleep(0.05)
        writer.write(OK)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 500 Wrong\r\nContent-Length: 0\r\n\r\n")

    async def main() -> None:
        async with bare_server(handler) as port, _client(port) as client:
            await _ask(client, port)
            await asyncio.sleep(0.15)
            assert (await _ask(client, port)).status == 200
            assert len(connections) == 2

    run(main())


def test_a_connection_given_up_at_any_moment_of_its_making_is_gone(run) -> None:
    async def main() -> None:
        async with bare_server(_always(OK, then="stay")) as port, _client(port) as client:
            wire = Wire(f"127.0.0.1:{port}", keep_alive=True)
            for turns in range(40):
                exchange = Asked(wire.encode(request("GET", "/"), ""), time.perf_counter() + 5.0)
                client.submit(exchange)
                for _ in range(turns):
                    await asyncio.sleep(0)
                client.fail(exchange, "timeout", "")
            closing_s = time.perf_counter()
            await client.close()
            assert time.perf_counter() - closing_s < 4.0  # five seconds for one of which nobody says that it is lost

    run(main())


def test_any_bytes_from_a_real_socket_end_each_request_once_and_leave_nothing(run) -> None:
    rng = random.Random(1)
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(rng.randrange(1, 4)):
            await reader.readuntil(b"\r\n\r\n")
            answer = bytearray(rng.choice([OK, OK, chunked, MANY_HEADERS[:200], rng.randbytes(100)]))
            for _ in range(rng.randrange(3)):
                answer[rng.randrange(len(answer))] = rng.randrange(256)
            cut = rng.randrange(len(answer) + 1)
            writer.write(bytes(answer[:cut]))
            await asyncio.sleep(0)
            writer.write(bytes(answer[cut:]) * rng.choice([0, 1, 1, 1, 2]))
            await writer.drain()
        if rng.random() < 0.5:
            writer.transport.abort()
        writer.close()

    async def main() -> None:
        async with bare_server(handler) as port, _client(port, timeout_s=0.2) as client:
            seen: list[Exchange] = []
            for _ in range(8):
                methods = ["GET", "HEAD", "POST", "GET", "GET"] * 5
                seen += await asyncio.gather(*(_ask(client, port, method, timeout_s=0.2) for method in methods))
            assert len(seen) == 200
            assert {one.error for one in seen} <= {"", "protocol", "reset", "timeout"}
            assert sum(1 for one in seen if not one.error) > 20

    run(main())
