"""Sockets over TLS and through a Unix socket, as requests go there: against a real uvicorn."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import trustme

from seatrial.load.books.observation import LoadRecord
from seatrial.load.driver import Driver
from seatrial.load.event_loop import run
from seatrial.load.journeys import Journey, Person, emit, listen, post, send, socketio, wait_for, websocket
from seatrial.load.workload import Workload

Uvicorn = Callable[..., AbstractContextManager[str]]


def driven(url: str, ca_file: Path | None = None, **headers: str) -> tuple[LoadRecord, str]:
    """Both kinds of sockets, used once and held; and the Origin they told."""

    def both(person: Person) -> Journey:
        chat = yield socketio(headers=headers)
        yield emit(chat, "join", {"room": "lobby"}, ack=True)
        stream = yield websocket("/stream")
        yield send(stream, "x" * 100_000)
        assert len((yield wait_for(stream)).text) == 100_000
        yield send(stream, "headers")
        person.memory["origin"] = (yield wait_for(stream)).json()["origin"]

    def listener(person: Person) -> Journey:
        chat = yield socketio(headers=headers)
        yield emit(chat, "join", {"room": "lobby"}, ack=True)
        yield listen(chat, event="new_post", cause=lambda event: event.args[0]["text"])

    def writer(person: Person) -> Journey:
        text = person.unique("note")
        yield post("/", text, cause=text)

    async def main() -> tuple[LoadRecord, str]:
        workload = Workload({"both": both}, {"both": 1.0}, people=1, timeout_s=5.0)
        async with Driver(url, workload, seed=1, run_token="t", ca_file=ca_file) as driver:
            first = await driver.follow([0.0], 0.05)
            assert first.failures == ()
        workload = Workload({"writer": writer}, {"writer": 1.0}, people=1, timeout_s=5.0)
        origin = str(driver.crowd.people[0].memory["origin"])
        async with Driver(url, workload, seed=1, run_token="t", ca_file=ca_file) as driver:
            async with driver.hold(listener, 5):
                second = await driver.follow([0.0], 0.05)
            assert len(driver.live) == 0
            return second, origin

    return run(main())


def test_sockets_go_through_a_unix_socket_like_requests(uvicorn: Uvicorn, tmp_path: Path) -> None:
    with uvicorn(at=tmp_path / "town.sock") as url:
        held, origin = driven(url)
    assert len(held.observations) == 1 + 5
    assert origin == "http://localhost"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def test_sockets_speak_tls_and_trust_whom_requests_trust(
    uvicorn: Uvicorn, tmp_path: Path, authority: trustme.CA
) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    issued = authority.issue_cert("localhost", "127.0.0.1")
    issued.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "server.pem"))
    certificate = tmp_path / "server.pem"
    with uvicorn("--ssl-certfile", certificate, "--ssl-keyfile", certificate) as plain_url:
        url = plain_url.replace("http:", "https:")
        # What a proxy before the app would tell: without it python-socketio takes https:// for a foreign origin.
        told = {"X-Forwarded-Proto": "https"}
        held, origin = driven(url, tmp_path / "ca.pem", **told)
        assert len(held.observations) == 1 + 5
        assert origin == url

        def opens(person: Person) -> Journey:
            yield websocket("/stream")

        async def untrusted() -> LoadRecord:
            workload = Workload({"opens": opens}, {"opens": 1.0}, people=1, timeout_s=5.0)
            async with Driver(url, workload, seed=1, run_token="t") as driver:
                return await driver.follow([0.0], 0.05)

        record = run(untrusted())
        assert [seen.error for seen in record.observations] == ["tls"]
        assert "is not trusted" in record.failures[0]
