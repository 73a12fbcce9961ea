"""Bodies: compressed ones from a real uvicorn, and those that wait until the server wants them (RFC 9110, 10.1.1)."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from served import served

from seatrial.load.books.observation import LoadRecord
from seatrial.load.driver import Driver
from seatrial.load.event_loop import run
from seatrial.load.http.connection import CONTINUE_WITHIN_S
from seatrial.load.journeys import Journey, Person, Response, expect, form, get, post
from seatrial.load.workload import Workload

# The fixtures' types: they come from this folder's conftest.
Drive = Callable[[str, Workload, Callable[[Driver], Awaitable[LoadRecord]]], LoadRecord]
WorkloadOf = Callable[..., Workload]

SUBJECTS = Path(__file__).parents[1] / "subjects"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
BIG = "x" * 300_000


@pytest.fixture(scope="module")
def compressing() -> Iterator[str]:
    with served(SUBJECTS, "uvicorn", "--fd", "{fd}", "load_gzip:app") as url:
        yield url


def _serial(*names: str) -> Callable[[Driver], Awaitable[LoadRecord]]:
    return lambda driver: driver.serial(names, int, int, lambda *_: None)


def test_compressed_answers_are_read_as_what_they_were(compressing: str, drive: Drive, workload_of: WorkloadOf) -> None:
    seen: list[Response] = []

    def reads(person: Person) -> Journey:
        page = yield get("/")
        expect(page, contains="Grüße", lacks="Goodbye")
        streamed = yield get("/streamed")
        expect(streamed, contains="What is new")
        data = yield get("/data")
        expect(data, json={"posts": [{"text": "Grüße"}] * 50})
        filled = yield form((yield get("/form"))).submit(token="t2")
        expect(filled, contains="token=t2")
        plain = yield get("/", headers={"Accept-Encoding": "identity"})
        seen.extend((page, streamed, plain))

    record = drive(compressing, workload_of(reads=reads), _serial("reads"))
    assert record.failures == ()
    page, streamed, plain = seen
    assert page.headers["content-encoding"] == streamed.headers["content-encoding"] == "gzip"
    assert page.headers["x-asked"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert page.text == plain.text
    assert len(page.body) > 5 * int(page.headers["content-length"])
    assert "content-length" not in streamed.headers


def test_what_nobody_reads_is_not_inflated_and_what_is_broken_is_no_fault_of_the_journey(
    compressing: str, drive: Drive, workload_of: WorkloadOf
) -> None:
    def leaves(person: Person) -> Journey:
        yield get("/bomb", name="bomb left")
        expect((yield get("/broken", name="broken left")))

    def reads(person: Person) -> Journey:
        expect((yield get("/bomb", name="bomb read")), contains="x")

    def parses(person: Person) -> Journey:
        yield form((yield get("/broken", name="broken read"))).submit()

    workload = workload_of(leaves=leaves, reads=reads, parses=parses)
    record = drive(compressing, workload, _serial("leaves", "reads", "parses"))
    assert {seen.operation: seen.error for seen in record.observations} == {
        "bomb left": "",
        "broken left": "",
        "bomb read": "protocol",
        "broken read": "protocol",
    }
    told = "\n".join(record.failures)
    assert "inflates to more than 16 MB" in told
    assert "ends in its middle" in told


def test_a_real_server_that_is_asked_whether_it_wants_a_body_gets_it_at_once(
    either: str, drive: Drive, workload_of: WorkloadOf, never_by_itself: None
) -> None:
    def sends(person: Person) -> Journey:
        answer = yield post("/echo", "a" * 5000, headers={"Expect": "100-continue", "Content-Type": "text/plain"})
        expect(answer, contains="POST text/plain 'aaa")

    record = drive(either, workload_of(sends=sends), _serial(*["sends"] * 3))
    assert record.failures == ()
    assert len(record.observations) == 3


async def _asked(
    behaviour: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]], times: int = 3
) -> LoadRecord:
    """Requests, one after the other, that ask a server of one's own whether it wants the body."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                await behaviour(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            writer.close()

    def sends(person: Person) -> Journey:
        expect((yield post("/", BIG, headers={"Expect": "100-continue"})), (200, 417))

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with Driver(url, Workload({"sends": sends}, {"sends": 1}), seed=1, run_token="t") as driver:
            record = await driver.serial(["sends"] * times, int, int, lambda *_: None)
        assert not driver.client._open
    return record


@pytest.fixture
def never_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that nobody asks for is held back for longer than anybody waits."""
    monkeypatch.setattr("seatrial.load.http.connection.CONTINUE_WITHIN_S", 60.0)


def test_the_body_is_sent_when_the_server_has_said_so(never_by_itself: None) -> None:
    early: list[bytes] = []

    async def says_so(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        try:
            early.append(await asyncio.wait_for(reader.read(1), 0.1))
        except TimeoutError:
            early.append(b"")
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        assert await reader.readexactly(len(BIG)) == BIG.encode()
        writer.write(OK)

    record = run(_asked(says_so))
    assert record.failures == ()
    assert early == [b""] * 3


def test_the_body_is_sent_after_a_second_when_the_server_says_nothing() -> None:
    waited_s: list[float] = []

    async def says_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        begun_s = time.perf_counter()
        await reader.readexactly(len(BIG))
        waited_s.append(time.perf_counter() - begun_s)
        # Only now, when nobody waits for it any more.
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n" + OK)

    record = run(_asked(says_nothing, 1))
    assert record.failures == ()
    # Timers may ring a millisecond early.
    assert len(waited_s) == 1
    assert min(waited_s) > CONTINUE_WITHIN_S - 0.05


def test_a_final_answer_instead_ends_it_and_the_connection(never_by_itself: None) -> None:
    rests: list[bytes] = []

    async def refuses(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n")
        rests.append(await reader.read())
        raise ConnectionResetError

    record = run(_asked(refuses))
    assert record.failures == ()
    assert [seen.status for seen in record.observations] == [417] * 3
    assert rests == [b""] * 3
