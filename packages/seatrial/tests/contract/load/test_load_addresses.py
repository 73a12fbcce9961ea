"""Where a subject may listen: TLS, Unix sockets, IPv6; real gunicorns, and certificates of a real authority."""

import asyncio
import contextlib
import socket
import ssl
import time
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
import trustme

from seatrial.load.books.observation import LoadRecord
from seatrial.load.driver import Driver
from seatrial.load.journeys import Journey, Person, expect, form, get
from seatrial.load.workload import Workload

Gunicorn = Callable[..., AbstractContextManager[str]]

THREADS = ("--worker-class", "gthread", "--threads", "4")


@dataclass(frozen=True, slots=True)
class Certificates:
    """Files: of an authority that nobody knows, and of a server by this authority and by none."""

    authority: Path
    server: Path
    elsewhere: Path


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    folder = tmp_path_factory.mktemp("certificates")
    made = Certificates(folder / "ca.pem", folder / "server.pem", folder / "elsewhere.pem")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(made.authority))
    authority.issue_cert("localhost", "127.0.0.1", "::1", "town.example").private_key_and_cert_chain_pem.write_to_path(
        str(made.server)
    )
    authority.issue_cert("elsewhere.example").private_key_and_cert_chain_pem.write_to_path(str(made.elsewhere))
    return made


@pytest.fixture(scope="module")
def tls_port(gunicorn: Gunicorn, certificates: Certificates) -> Iterator[int]:
    with gunicorn(*THREADS, "--keep-alive", "5", "--certfile", certificates.server) as url:
        yield port_of(url)


def port_of(url: str) -> int:
    port = urllib.parse.urlsplit(url).port
    assert port is not None
    return port


def home(person: Person) -> Journey:
    expect((yield get("/")), contains="Hello")


def enter(person: Person) -> Journey:
    page = yield get("/login")
    welcome = yield form(page).submit(name=f"person{person.number}")
    expect(welcome, contains=f"Home of person{person.number}")


async def _driven(url: str, *, keep_alive: bool = True, timeout_s: float = 5.0, **options) -> LoadRecord:
    """People sign in, and then 8 loops ask for a third of a second; afterwards nothing is left."""
    workload = Workload({"home": home}, {"home": 1}, enter, people=3, timeout_s=timeout_s, keep_alive=keep_alive)
    async with Driver(url, workload, seed=1, run_token="t", **options) as driver:
        await driver.sign_in_all(20.0)
        record = await driver.closed_loop(8, 0.3)
        connections = len(driver.client._open)
    assert connections <= 8
    assert not driver.client._open
    assert asyncio.all_tasks() == {asyncio.current_task()}
    return record


async def _one_failure(url: str, timeout_s: float = 5.0, **options) -> tuple[str, str]:
    """The cause and the words of one request that cannot be answered."""
    workload = Workload({"home": home}, {"home": 1}, people=1, timeout_s=timeout_s)
    async with Driver(url, workload, seed=1, run_token="t", **options) as driver:
        record = await driver.closed_loop(1, 10.0, until=iter([False, True]).__next__)
    assert asyncio.all_tasks() == {asyncio.current_task()}
    return record.observations[0].error, record.failures[0]


@pytest.mark.parametrize("keep_alive", [True, False])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_an_app_behind_tls_is_driven_when_its_authority_is_trusted(
    run, tls_port: int, certificates: Certificates, host: str, keep_alive: bool
) -> None:
    url = f"https://{host}:{tls_port}"
    record = run(_driven(url, ca_file=certificates.authority, keep_alive=keep_alive))
    assert record.failures == ()
    assert len(record.observations) > 10


def test_a_tls_connection_that_the_server_closes_while_nobody_uses_it_is_no_error(
    run, gunicorn: Gunicorn, certificates: Certificates
) -> None:
    async def twice(url: str) -> list[LoadRecord]:
        workload = Workload({"home": home}, {"home": 1}, people=1)
        async with Driver(url, workload, seed=1, run_token="t", ca_file=certificates.authority) as driver:
            records = [await driver.closed_loop(4, 0.2)]
            # The server closes what nobody used for a second: when it has, there is nothing open any more.
            deadline_s = time.perf_counter() + 20.0
            while driver.client._open and time.perf_counter() < deadline_s:
                await asyncio.sleep(0.02)
            assert not driver.client._open
            return [*records, await driver.closed_loop(4, 0.2)]

    with gunicorn(*THREADS, "--keep-alive", "1", "--certfile", certificates.server) as url:
        for record in run(twice(url.replace("http:", "https:"))):
            assert record.failures == ()
            assert not any(seen.error for seen in record.observations)


def test_a_host_header_is_also_the_name_that_the_certificate_must_show(
    run, tls_port: int, certificates: Certificates
) -> None:
    url, trusted = f"https://127.0.0.1:{tls_port}", certificates.authority
    assert run(_driven(url, ca_file=trusted, host_header="town.example")).failures == ()
    cause, words = run(_one_failure(url, ca_file=trusted, host_header="village.example"))
    assert (cause, "certificate of 127.0.0.1" in words, "village.example" in words) == ("tls", True, True), words


def test_a_certificate_that_nobody_trusts_is_refused_unless_it_is_said_not_to_look(run, tls_port: int) -> None:
    url = f"https://127.0.0.1:{tls_port}"
    cause, words = run(_one_failure(url))
    assert (cause, "is not trusted" in words, "certificate" in words) == ("tls", True, True), words
    assert run(_driven(url, verify=False)).failures == ()


def test_a_certificate_of_another_name_is_refused(run, gunicorn: Gunicorn, certificates: Certificates) -> None:
    with gunicorn("--certfile", certificates.elsewhere) as url:
        cause, words = run(_one_failure(f"https://localhost:{port_of(url)}", ca_file=certificates.authority))
        assert (cause, "localhost" in words) == ("tls", True), words


def test_the_handshake_says_which_name_is_meant_and_offers_http_1_1(run, certificates: Certificates) -> None:
    asked: list[str | None] = []
    agreed: list[str | None] = []
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates.server)
    context.set_alpn_protocols(["h2", "http/1.1"])
    context.sni_callback = lambda _, name, __: asked.append(name)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        agreed.append(writer.get_extra_info("ssl_object").selected_alpn_protocol())
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
        async with server:
            port = server.sockets[0].getsockname()[1]
            for url, host_header in (
                (f"https://localhost:{port}", ""),
                (f"https://127.0.0.1:{port}", "town.example:1"),
                (f"https://127.0.0.1:{port}", ""),
            ):
                await _one_failure(url, host_header=host_header, ca_file=certificates.authority)

    run(main())
    # An address is no name: RFC 6066, 3.
    assert asked == ["localhost", "town.example", None]
    assert agreed == ["http/1.1"] * 3


def test_a_server_without_tls_is_named_so(run, gthread: str) -> None:
    cause, words = run(_one_failure(gthread.replace("http:", "https:"), verify=False))
    assert (cause, gthread.removeprefix("http://") in words) == ("tls", True), words


def test_a_plain_request_to_a_server_with_tls_fails_and_is_told(run, tls_port: int) -> None:
    cause, words = run(_one_failure(f"http://127.0.0.1:{tls_port}"))
    # What gunicorn's TLS does to a request that is none: it ends the connection, with or without a word.
    assert cause in {"protocol", "reset"}, words


@pytest.mark.parametrize("says", [b"", b"SSH-2.0-OpenSSH_9.2\r\n"])
def test_a_handshake_that_never_comes_to_its_end_is_given_up_with_its_connection(run, says: bytes) -> None:
    gone: list[float] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(says)
        # Until the other side is gone: a connection that was given up but left open would keep it.
        with contextlib.suppress(ConnectionError):
            while await reader.read(65536):
                pass
        gone.append(time.perf_counter())
        writer.close()

    async def main() -> str:
        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        async with server:
            url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            workload = Workload({"home": home}, {"home": 1}, people=1, timeout_s=0.3)
            async with Driver(url, workload, seed=1, run_token="t") as driver:
                record = await driver.closed_loop(1, 10.0, until=iter([False, True]).__next__)
            deadline_s = time.perf_counter() + 5.0
            while not gone and time.perf_counter() < deadline_s:
                await asyncio.sleep(0.01)
            assert asyncio.all_tasks() - {asyncio.current_task()} == set()
        return record.observations[0].error

    assert run(main()) == ("tls" if says else "timeout")
    assert gone


@pytest.mark.parametrize("keep_alive", [True, False])
def test_an_app_on_a_unix_socket_is_driven(run, gunicorn: Gunicorn, tmp_path: Path, keep_alive: bool) -> None:
    path = tmp_path / "app.sock"
    with gunicorn(*THREADS, "--keep-alive", "5", at=path) as url:
        record = run(_driven(url, keep_alive=keep_alive))
        assert record.failures == ()
        assert len(record.observations) > 10
        quoted = str(path).replace("/", "%2F")
        assert run(_driven(f"http+unix://{quoted}/", host_header="town.example")).failures == ()


def test_a_unix_socket_that_nobody_listens_on_is_refused(run, tmp_path: Path) -> None:
    path = tmp_path / "app.sock"
    assert run(_one_failure(f"unix:{path}"))[0] == "refused"
    with socket.socket(socket.AF_UNIX) as left_over:
        left_over.bind(str(path))
    cause, words = run(_one_failure(f"unix:{path}"))
    assert (cause, f"unix:{path} refused the connection" in words) == ("refused", True), words


@pytest.mark.linux
def test_a_unix_socket_whose_queue_is_full_fails_by_name(run, tmp_path: Path) -> None:
    path = str(tmp_path / "app.sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(0)

        async def main() -> set[str]:
            workload = Workload({"home": home}, {"home": 1}, people=1, timeout_s=0.4)
            async with Driver(f"unix:{path}", workload, seed=1, run_token="t") as driver:
                record = await driver.closed_loop(6, 0.3)
            assert not driver.client._open
            assert asyncio.all_tasks() == {asyncio.current_task()}
            return {seen.error for seen in record.observations}

        # The kernel takes the first for the server; the others it refuses at once.
        assert run(main()) <= {"refused", "reset", "timeout"}


@pytest.fixture
def on_ipv6(gunicorn: Gunicorn) -> Gunicorn:
    """Starts a gunicorn there, on a machine that has it."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no ::1")
    return partial(gunicorn, at="::1")


def test_an_app_on_ipv6_is_driven_with_and_without_tls(run, on_ipv6: Gunicorn, certificates: Certificates) -> None:
    with on_ipv6(*THREADS, "--keep-alive", "5") as url:
        record = run(_driven(url))
        assert record.failures == ()
        assert len(record.observations) > 10
    with on_ipv6(*THREADS, "--certfile", certificates.server) as url:
        secured = url.replace("http:", "https:")
        assert run(_driven(secured, ca_file=certificates.authority)).failures == ()
