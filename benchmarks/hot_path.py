"""What a request costs the load generator, part by part: one layer more at a time, all against the same server.

    .venv/bin/python benchmarks/hot_path.py [rounds]

Each layer sends one small GET over 32 kept connections as fast as it goes, against the server that does nothing
(`load.generator.null_server`) on another CPU where there are two. What a part costs is what its layer takes more than
the one before. The layers take turns, half a second each, so that a machine that changes favours none. CPU time of this
process, medians over the rounds; the wall time would say what the machine's neighbours do.
"""

import asyncio
import os
import select
import socket
import statistics
import sys
import time
from collections.abc import Callable
from typing import cast

from seatrial.load.books.observation import Observation
from seatrial.load.books.tally import Tally
from seatrial.load.driver import Driver
from seatrial.load.event_loop import run
from seatrial.load.generator.null_server import null_server
from seatrial.load.http.client import Client
from seatrial.load.http.exchange import Exchange
from seatrial.load.http.heads import Head, KnownHeads
from seatrial.load.http.target import target
from seatrial.load.http.wire import Wire
from seatrial.load.journeys import Journey, Person, expect, get
from seatrial.load.workload import Workload

CONNECTIONS = 32
SLICE_S = 0.5
TIMEOUT_S = 10.0


def sockets(url: str) -> float:
    """System calls alone: seconds of CPU per request."""
    there = target(url)
    request = Wire(there.host_header, keep_alive=True).encode(get("/"), "")
    poll = select.epoll()
    open_now = {}
    for _ in range(CONNECTIONS):
        one = socket.create_connection((there.address, there.port))
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        open_now[one.fileno()] = one
        poll.register(one.fileno(), select.EPOLLIN)
        one.send(request)
    answered, ends_s, cpu_s = 0, time.perf_counter() + SLICE_S, time.process_time()
    while time.perf_counter() < ends_s:
        for fileno, _ in poll.poll():
            open_now[fileno].recv(65536)
            open_now[fileno].send(request)
            answered += 1
    cpu_s = time.process_time() - cpu_s
    for one in open_now.values():
        one.close()
    return cpu_s / answered


class Echo(asyncio.Protocol):
    """Sends again whatever comes."""

    answered = 0

    def __init__(self, request: bytes) -> None:
        self.request = request

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio.Protocol."""
        self.transport = cast("asyncio.Transport", transport)
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:  # noqa: ARG002 - whatever it is
        """Part of asyncio.Protocol."""
        Echo.answered += 1
        self.transport.write(self.request)


def event_loop(url: str) -> float:
    """The same through transports of uvloop."""
    there = target(url)
    request = Wire(there.host_header, keep_alive=True).encode(get("/"), "")

    async def main() -> float:
        loop = asyncio.get_running_loop()
        made = [
            await loop.create_connection(lambda: Echo(request), there.address, there.port) for _ in range(CONNECTIONS)
        ]
        begun, cpu_s = Echo.answered, time.process_time()
        await asyncio.sleep(SLICE_S)
        cpu_s = time.process_time() - cpu_s
        answered = Echo.answered - begun
        for transport, _ in made:
            transport.abort()
        return cpu_s / answered

    return run(main())


class Again(Exchange):
    """A request that begins again when it is answered."""

    answered = 0
    is_over = False

    def __init__(self, client: Client, data: bytes) -> None:
        self.client = client
        self.begin(data)

    def begin(self, data: bytes) -> None:
        """Send it."""
        Exchange.__init__(self, data, time.perf_counter() + TIMEOUT_S)
        self.client.submit(self)

    def ended(self) -> None:
        """Part of Exchange."""
        assert not self.error, self.detail
        Again.answered += 1
        if not Again.is_over:
            self.begin(self.data)


class Forgetful(KnownHeads):
    """Knows no head again: each answer goes through the parser."""

    def learn(self, begins: bytes, rest_bytes: int, head: Head) -> None:
        """Not."""


def client(url: str, heads: Callable[[], KnownHeads] = KnownHeads) -> float:
    """Seatrial's connections: deadlines, answers read, whole and counted."""
    there = target(url)
    request = Wire(there.host_header, keep_alive=True).encode(get("/"), "")

    async def main() -> float:
        driven = Client(there, keep_alive=True, timeout_s=TIMEOUT_S)
        driven.known_heads = heads()
        Again.is_over = False
        for _ in range(CONNECTIONS):
            Again(driven, request)
        await asyncio.sleep(0.05)  # until all are connected
        begun, cpu_s = Again.answered, time.process_time()
        await asyncio.sleep(SLICE_S)
        cpu_s = time.process_time() - cpu_s
        answered = Again.answered - begun
        Again.is_over = True
        deadline_s = time.perf_counter() + TIMEOUT_S
        while driven.busy and time.perf_counter() < deadline_s:
            await asyncio.sleep(0.001)
        await driven.close()
        return cpu_s / answered

    return run(main())


def page(person: Person) -> Journey:  # noqa: ARG001 - every journey takes the person
    """One page, checked as a real journey checks it."""
    expect((yield get("/")), contains="Hello")


def driver(url: str, book: Callable[[], Callable[[Observation], object]]) -> float:
    """Whole journeys in a closed loop, each request observed."""

    async def main() -> float:
        workload = Workload({"page": page}, {"page": 1.0}, people=30, timeout_s=TIMEOUT_S)
        async with Driver(url, workload, seed=1, run_token="bench") as driven:
            await driven.closed_loop(CONNECTIONS, 0.05)
            seen, counted = book(), 0

            def add(one: Observation) -> None:
                nonlocal counted
                counted += 1
                seen(one)

            record = await driven.closed_loop(CONNECTIONS, SLICE_S, book=add)
            assert not record.failures, record.failures
            return record.generator_busy * (record.ended_s - record.started_s) / counted

    return run(main())


def tally() -> Callable[[Observation], object]:
    """Books as `seatrial load` keeps them."""
    return Tally(started_s=time.perf_counter(), duration_s=SLICE_S, timeout_s=TIMEOUT_S).add


LAYERS: dict[str, Callable[[str], float]] = {
    **({"kernel: send, receive, wait for 32 sockets": sockets} if hasattr(select, "epoll") else {}),
    "event loop and transports (uvloop)": event_loop,
    "client: connections, deadlines, known heads": client,
    "journeys, requests, checks, observations": lambda url: driver(url, lambda: lambda _: None),
    "books: two histograms, series, counts": lambda url: driver(url, tally),
}
INSTEAD = "client, every head through the parser"


def measured(url: str, rounds: int) -> dict[str, list[float]]:
    """Microseconds per request of each layer, one for each round."""
    layers = {**LAYERS, INSTEAD: lambda url: client(url, Forgetful)}
    seen: dict[str, list[float]] = {name: [] for name in layers}
    for number in range(rounds):
        for name in list(layers) if number % 2 == 0 else reversed(layers):
            seen[name].append(layers[name](url) * 1e6)
    return seen


def main() -> None:
    """Measure, and print a table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    cpus = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    with null_server(cpus[:1] if len(cpus) > 1 else ()) as url:
        if len(cpus) > 1:
            os.sched_setaffinity(0, set(cpus[1:]))
        seen = measured(url, rounds)
    print(f"{rounds} rounds of {SLICE_S:g} s, load average {os.getloadavg()[0]:.2f}\n")
    print("| with | us per request (quartiles) | this part | requests per CPU second |\n| --- | ---: | ---: | ---: |")
    before_us = 0.0
    for name in LAYERS:
        low_us, middle_us, high_us = statistics.quantiles(seen[name], n=4)
        part = (
            f"{middle_us - before_us:.1f} ({(middle_us - before_us) / statistics.median(seen[list(LAYERS)[-1]]):.0%})"
        )
        print(f"| {name} | {middle_us:.1f} ({low_us:.1f}-{high_us:.1f}) | {part} | {1e6 / middle_us:,.0f} |")
        before_us = middle_us
    parser_us = statistics.median(seen[INSTEAD]) - statistics.median(
        seen["client: connections, deadlines, known heads"]
    )
    print(f"\nWith every head through the parser: {parser_us:+.1f} us.")


if __name__ == "__main__":
    main()
