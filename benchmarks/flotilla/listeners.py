"""What idle live listeners cost Flotilla's live process, and how soon all of them hear of a post.

    .venv/bin/python benchmarks/flotilla/listeners.py [--listeners 2000] [--hold 30]

The whole site as `flotilla run` starts it, on a PostgreSQL of its own; the listeners are pages (Socket.IO over a
WebSocket), each with the session of one of a hundred people who all follow one author. They connect, hold and answer
the server's pings; then the author posts. The memory is that of the live process: proportional set size, so that what
it shares with the other processes counts by its share. Goal: 2,000 idle listeners within 100 MB.
"""

import argparse
import asyncio
import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import psutil
from drill_database import database_of_its_own
from websockets.asyncio.client import ClientConnection, connect

from flotilla.social import open_site

__all__ = ["main"]

PEOPLE = 100
STARTS_WITHIN_S = 60.0
AT_ONCE = 20
HEARS_WITHIN_S = 60.0


def memory_mb(pid: int) -> float:
    """Proportional set size."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


async def listener(port: int, cookie: str, gate: asyncio.Semaphore) -> tuple[ClientConnection, asyncio.Task[float]]:
    """One page that is connected, and the task that ends when it hears of a post, with the moment."""
    async with gate:
        page = await connect(
            f"ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket",
            additional_headers={"Cookie": cookie},
            origin=f"http://127.0.0.1:{port}",
            compression=None,
            ping_interval=None,
            open_timeout=60,
        )
        await page.recv()
        await page.send("40")
        assert str(await page.recv()).startswith("40"), "the page was refused"

    async def hear() -> float:
        while True:
            told = str(await page.recv())
            if told == "2":
                await page.send("3")
            elif told.startswith('42["post"'):
                return time.perf_counter()

    return page, asyncio.create_task(hear())


async def measured(site, cookies: list[str], port: int, pid: int, count: int, hold_s: float) -> dict[str, float]:
    """Hold `count` listeners, then post once."""
    before_mb = memory_mb(pid)
    gate = asyncio.Semaphore(AT_ONCE)
    begun_s = time.perf_counter()
    pages = await asyncio.gather(*(listener(port, cookies[n % len(cookies)], gate) for n in range(count)))
    connected_s = time.perf_counter() - begun_s
    process = psutil.Process(pid)
    cpu_s = sum(process.cpu_times()[:2])
    await asyncio.sleep(hold_s)
    cpu_s = sum(process.cpu_times()[:2]) - cpu_s
    held_mb = memory_mb(pid)
    posted_s = time.perf_counter()
    await asyncio.to_thread(site)
    heard = sorted(await asyncio.wait_for(asyncio.gather(*(task for _, task in pages)), HEARS_WITHIN_S))
    after_mb = memory_mb(pid)
    for page, _ in pages:
        with contextlib.suppress(Exception):
            page.transport.abort()
    return {
        "listeners": count,
        "connected_s": round(connected_s, 1),
        "live_pss_before_mb": round(before_mb, 1),
        "live_pss_held_mb": round(held_mb, 1),
        "live_pss_after_a_post_mb": round(after_mb, 1),
        "kb_each": round((held_mb - before_mb) * 1024 / count, 1),
        "idle_cpu_share": round(cpu_s / hold_s, 4),
        "half_heard_s": round(heard[len(heard) // 2] - posted_s, 3),
        "all_heard_s": round(heard[-1] - posted_s, 3),
    }


def main() -> int:
    """Measure and print; exit status 1 when the goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listeners", type=int, default=2000)
    parser.add_argument("--hold", type=float, default=30)
    chosen = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with database_of_its_own() as own, tempfile.TemporaryDirectory() as folder:
        settings, cookies, (port, live_port) = own.people(PEOPLE)
        site = open_site(settings)
        author = site.accounts.sign_up(handle="author", password="a calm sea at dawn").viewer
        kept = {name: text for name, text in os.environ.items() if not name.startswith("FLOTILLA_")}
        environ = kept | {
            "FLOTILLA_DATABASE_URL": settings.database_url,
            "FLOTILLA_PORT": str(port),
            "FLOTILLA_LIVE_PORT": str(live_port),
            "FLOTILLA_MEDIA_FOLDER": f"{folder}/media",
        }
        running = subprocess.Popen(
            [sys.executable, "-m", "flotilla.cli", "run"], env=environ, stdout=subprocess.DEVNULL
        )
        try:
            wait_for(f"http://127.0.0.1:{live_port}/api/v1/streaming/health")
            wait_for(f"http://127.0.0.1:{port}/health")
            live = next(each for each in psutil.Process(running.pid).children() if each.name() == "flotilla live")
            follow_all(site, author, cookies)
            post = lambda: site.posts.publish(author, "land in sight")  # noqa: E731
            told = asyncio.run(
                measured(post, list(cookies.values()), live_port, live.pid, chosen.listeners, chosen.hold)
            )
            print(json.dumps(told, indent=2))
        finally:
            running.terminate()
            running.wait(timeout=60)
            site.close()
    return 0 if told["live_pss_held_mb"] <= 100 else 1


def follow_all(site, author, cookies: dict[str, str]) -> None:
    """Let everybody follow the author."""
    with site.database.read() as work:
        rows = work.all("SELECT id, handle FROM g.account WHERE handle = ANY(%(handles)s)", {"handles": list(cookies)})
    from flotilla.social import Viewer

    for account_id, handle in rows:
        site.follows.follow(Viewer(account_id, handle, handle), author.handle)


def wait_for(url: str) -> None:
    """Until it answers."""
    deadline_s = time.monotonic() + STARTS_WITHIN_S
    while True:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):
            return
        assert time.monotonic() < deadline_s, f"{url} does not answer"
        time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main())
