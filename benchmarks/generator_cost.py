"""What the load generator itself costs: requests per CPU-second, through the whole driver.

    .venv/bin/python benchmarks/generator_cost.py [seconds]

A trivial server (uvloop, one fixed answer) runs in a process of its own, on another CPU where there are two. Closed
loop with 32 connections and open loop at a fixed rate; journeys, cookies, checks and observations as in a real trial.
CPU time, not wall time, says how much of a core the generator takes: on a busy machine the wall time is worth nothing.
"""

import asyncio
import multiprocessing
import os
import resource
import sys
import time
from multiprocessing.connection import Connection
from typing import cast

from seatrial.load.driver import Driver
from seatrial.load.event_loop import loop_factory, run
from seatrial.load.journeys import Journey, Person, expect, get
from seatrial.load.observation import LoadRecord
from seatrial.load.workload import Workload

PAGE = b"<!doctype html><title>home</title>" + b"<p>What is new in town?</p>" * 12
HEAD = (
    b"HTTP/1.1 200 OK\r\nServer: trivial\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
    b"Content-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\nConnection: keep-alive\r\n\r\n"
)


class Trivial(asyncio.Protocol):
    """Answers each request (told by its empty line) with the same page; the first on a connection sets a cookie."""

    answer = HEAD % len(PAGE) + PAGE

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio.Protocol."""
        self.transport = cast("asyncio.Transport", transport)
        cookie = b"\r\nSet-Cookie: session=0123456789abcdef; Path=/; HttpOnly\r\n"
        self.next_answer = self.answer.replace(b"\r\n", cookie, 1)

    def data_received(self, data: bytes) -> None:
        """Part of asyncio.Protocol."""
        for _ in range(data.count(b"\r\n\r\n")):
            self.transport.write(self.next_answer)
            self.next_answer = self.answer


def serve(ready: Connection, cpus: set[int]) -> None:
    """The server process: tells its port, then serves until it is terminated."""
    if hasattr(os, "sched_setaffinity") and cpus:
        os.sched_setaffinity(0, cpus)

    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(Trivial, "127.0.0.1", 0)
        ready.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(main())


def home(person: Person) -> Journey:
    """One page, checked as a real journey checks it."""
    response = yield get(f"/home?person={person.number}")
    expect(response, contains="What is new")


def told(name: str, record: LoadRecord, cpu_s: float) -> None:
    """One line of result."""
    wrong = sum(1 for seen in record.observations if seen.error)
    late_s = sorted(seen.lateness_s for seen in record.observations)
    done = len(record.observations)
    print(
        f"{name:<24} {done:>7} requests {wrong} wrong  {done / (record.ended_s - record.started_s):>7.0f}/s  "
        f"CPU {cpu_s:5.2f} s (busy {record.generator_busy:4.0%})  {done / cpu_s:>7.0f} requests per CPU-second  "
        f"late p99 {late_s[int(len(late_s) * 0.99)] * 1e3:.2f} ms"
    )


async def measured(port: int, seconds: float) -> None:
    """All loads, one after the other."""
    for keep_alive in (True, False):
        workload = Workload({"home": home}, {"home": 1.0}, people=30, keep_alive=keep_alive)
        kind = "kept" if keep_alive else "new each time"
        async with Driver(f"http://127.0.0.1:{port}", workload, seed=1, run_token="bench") as driver:
            await driver.closed_loop(32, 0.5)
            before_s = time.process_time()
            record = await driver.closed_loop(32, seconds)
            told(f"closed, {kind}", record, time.process_time() - before_s)
            for rate_rps in (200.0, 2000.0):
                before_s = time.process_time()
                record = await driver.open_loop(rate_rps, seconds)
                told(f"open {rate_rps:g}/s, {kind}", record, time.process_time() - before_s)


def main() -> None:
    """Start the server, measure, stop it."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
    cpus = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    here, there = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(there, set(cpus[:1]) if len(cpus) > 1 else set()), daemon=True)
    server.start()
    try:
        if not here.poll(10.0):
            sys.exit("the server did not start within 10 s")
        port = here.recv()
        if len(cpus) > 1:
            os.sched_setaffinity(0, set(cpus[1:]))
        run(measured(port, seconds))
        print(f"peak memory of the generator: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    finally:
        server.terminate()
        server.join(5.0)


if __name__ == "__main__":
    main()
