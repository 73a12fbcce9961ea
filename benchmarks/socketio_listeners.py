"""What thousands of idle Socket.IO listeners cost the generator that holds them, and how soon all hear of a post.

    .venv/bin/python benchmarks/socketio_listeners.py [--listeners 10000] [--hold 30] [--json]

A real python-socketio server under uvicorn, in a process of its own on another CPU; it pings every 10 s and drops who
does not answer within 10 s. The listeners connect, join a room and hold; then one post is broadcast to the room.
Goal: 10,000 listeners in less than 600 MB on one core.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["main", "measured"]

_PING_INTERVAL_S, _PING_TIMEOUT_S = 10, 10
_STARTS_WITHIN_S = 30.0
_MEGABYTE = 1e6


def rss_bytes() -> int:
    """This process's resident memory."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def pin(cpu: int) -> None:
    """Keep this process on one CPU, counted from the first that may be used; on the only one, if there is only one."""
    cpus = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cpus[cpu % len(cpus)]})


def serve() -> None:
    """Be the server: prints its port, and ends with its standard input."""
    import resource
    import threading

    import socketio
    import uvicorn

    pin(0)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    server = socketio.AsyncServer(
        async_mode="asgi", ping_interval=_PING_INTERVAL_S, ping_timeout=_PING_TIMEOUT_S, always_connect=False
    )

    async def join(sid: str, room: str) -> str:
        await server.enter_room(sid, room)
        return "joined"

    server.on("join", handler=join)

    async def pages(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = b""
        if scope["method"] == "POST":
            text = (await receive())["body"].decode()
            server.start_background_task(server.emit, "new_post", {"text": text}, room="lobby")
        else:
            body = str(len(server.manager.rooms.get("/", {}).get("lobby", ()))).encode()
        head = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": body})

    app = socketio.ASGIApp(server, pages)
    web = uvicorn.Server(uvicorn.Config(app, log_level="warning", backlog=4096, ws_ping_interval=None))

    def end_with_parent() -> None:
        sys.stdin.read()
        os._exit(0)

    threading.Thread(target=end_with_parent, daemon=True).start()
    import socket

    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listener:
        print(listener.getsockname()[1], flush=True)
        asyncio.run(web.serve([listener]))


@contextmanager
def server() -> Iterator[str]:
    """The server in a process of its own; gives its URL."""
    command = [sys.executable, __file__, "--serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


async def measured(url: str, count: int, hold_s: float) -> dict[str, float]:
    """Hold `count` listeners for hold_s, then broadcast once."""
    from seatrial.load.books.histogram import quantile
    from seatrial.load.driver import Driver
    from seatrial.load.journeys import Journey, Person, emit, expect, get, listen, post, socketio
    from seatrial.load.workload import Workload

    def listener(_: Person) -> Journey:
        live = yield socketio()
        yield emit(live, "join", "lobby", ack=True)
        yield listen(live, cause=lambda event: event.args[0]["text"])

    def writer(person: Person) -> Journey:
        text = person.unique("note")
        expect((yield post("/posts", text, cause=text)))

    def there(_: Person) -> Journey:
        expect((yield get("/count")), contains=str(count))

    operations = {"writer": writer, "there": there}
    workload = Workload(operations, {"writer": 1.0, "there": 0.0}, people=100, timeout_s=60.0)
    async with Driver(url, workload, seed=1, run_token="b") as driver:
        # Everything is imported and used once before memory is read.
        async with driver.hold(listener, 1):
            pass
        before_bytes = rss_bytes()
        started_s = time.perf_counter()
        async with driver.hold(listener, count, within_s=600.0) as held:
            connected_s = time.perf_counter() - started_s
            wall_s, cpu_s = time.perf_counter(), time.process_time()
            # The measurement itself: nothing is done but to answer pings.
            await asyncio.sleep(hold_s)
            wall_s, cpu_s = time.perf_counter() - wall_s, time.process_time() - cpu_s
            after_bytes, left = rss_bytes(), held.count
            still = await driver.serial(["there"], int, int, lambda *_: None)
            broadcast_cpu_s = time.process_time()
            record = await driver.follow([0.0], 1.0)
            broadcast_cpu_s = time.process_time() - broadcast_cpu_s
            heard = sorted(seen.response_time_s for seen in record.observations if seen.is_broadcast)
            problems = (*held.failures, *still.failures, *record.failures)
            if problems or left < count:
                raise SystemExit(f"{left} of {count} were still there: {problems}")
    return {
        "connected": count,
        "connecting_s": connected_s,
        "held_s": wall_s,
        "rss_mb": after_bytes / _MEGABYTE,
        "rss_before_mb": before_bytes / _MEGABYTE,
        "per_listener_kb": (after_bytes - before_bytes) / count / 1e3,
        "idle_cpu_share": cpu_s / wall_s,
        "heard": len(heard),
        "broadcast_cpu_s": broadcast_cpu_s,
        "broadcast_p50_s": quantile(heard, 0.5) if heard else float("nan"),
        "broadcast_p99_s": quantile(heard, 0.99) if heard else float("nan"),
    }


def told(seen: dict[str, float]) -> str:
    """In words."""
    return "\n".join(
        (
            f"connected            {seen['connected']:.0f} listeners in {seen['connecting_s']:.1f} s",
            f"RSS of the generator {seen['rss_mb']:.0f} MB ({seen['rss_before_mb']:.0f} MB before), "
            f"{seen['per_listener_kb']:.1f} kB a listener",
            f"CPU while idle       {100 * seen['idle_cpu_share']:.2f} % of a core for {seen['held_s']:.0f} s, "
            f"a ping each {_PING_INTERVAL_S} s answered, all still there",
            f"one broadcast        heard by {seen['heard']:.0f}: p50 {seen['broadcast_p50_s']:.3f} s, "
            f"p99 {seen['broadcast_p99_s']:.3f} s after the post was due; to take them cost "
            f"{seen['broadcast_cpu_s']:.2f} CPU-seconds",
        )
    )


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description="What idle Socket.IO listeners cost the generator.")
    parser.add_argument("--listeners", type=int, default=10_000)
    parser.add_argument("--hold", type=float, default=30.0, help="seconds")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve()
        return
    from seatrial.errors import LoadError
    from seatrial.load.event_loop import run

    with server() as url:
        pin(1)
        try:
            seen = run(measured(url, options.listeners, options.hold))
        except LoadError as error:
            raise SystemExit(str(error)) from None
    print(json.dumps(seen, indent=1) if options.json else told(seen))


if __name__ == "__main__":
    main()
