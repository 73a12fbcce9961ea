"""Everyone likes the newest post: what batched writes (FLOTILLA_BATCH_MS) are worth then.

    .venv/bin/python benchmarks/levers/like_storm.py [--rounds 2] [--seconds 4]

Twice: the rules alone, by threads of one process (`rules`), and over HTTP, one gunicorn worker that shares a CPU with
the database (`http`). fsync is on. With and without are measured in turns, A B B A, in each round. `counts left out` is
no setting: it shows what could be gained at most by adding counts up in memory. About 6 minutes.
"""

import argparse
import http.client
import math
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from statistics import median
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

import psycopg
from own_site import CLIENT_CPU, SERVER_CPU, Member, Web, cpu_s, database_of_its_own, member, postmaster, web

from flotilla.settings import Settings
from flotilla.social import Viewer, open_site
from flotilla.store import marks
from flotilla.store.ids import make_id

THREADS = (4, 16, 32)
BATCH_MS = 5.0
MEMBERS = 64
POSTS = 1_500
WAY = ("off", "on", "on", "off")


@dataclass(frozen=True)
class Seen:
    """One stretch of a storm."""

    likes_per_s: float
    app_cpu_ms: float
    database_cpu_ms: float
    batch_size: float


def stretch(
    likes: Sequence[Callable[[], None]], seconds: float, app_cpu_s: Callable[[], float], database: int
) -> tuple[float, float, float]:
    """Let each of `likes`, in a thread of its own, run again and again; (likes/s, app and database CPU ms each)."""
    done = [0] * len(likes)
    ends_s = time.monotonic() + seconds

    def run(number: int) -> None:
        while time.monotonic() < ends_s:
            likes[number]()
            done[number] += 1

    before = app_cpu_s(), cpu_s(database), time.monotonic()
    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(likes))]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    after = app_cpu_s(), cpu_s(database), time.monotonic()
    total = sum(done)
    spent = [new - old for old, new in zip(before, after, strict=True)]
    return total / spent[2], 1000 * spent[0] / total, 1000 * spent[1] / total


def rules(settings: Settings, threads: int, way: str, seconds: float, post_id: int, numbers: "count[int]") -> Seen:
    """The use case, called by threads of this process, each time by somebody else."""
    site = open_site(replace(settings, pool_size=threads, batch_ms=0.0 if way == "off" else BATCH_MS))
    sizes: list[int] = []
    site.together.watch(lambda _kind, size: sizes.append(size))

    def like() -> None:
        number = next(numbers)
        person = make_id(since_epoch_ms=number // 1024, bucket=number % 8192, sequence=number % 1024)
        site.posts.like(Viewer(person, "x", "x"), post_id)

    try:
        uncounted = patch.object(marks, "LIKES", marks.Marks("likes", counted=way != "counts left out"))
        with uncounted:
            found = stretch([like] * threads, seconds, time.process_time, postmaster(settings))
        return Seen(*found, batch_size=sum(sizes) / len(sizes) if sizes else 1.0)
    finally:
        site.close()


def over_http(server: Web, people: Sequence[Member], seconds: float, settings: Settings, posts: list[int]) -> Seen:
    """Each person likes the posts in turn, all of them the same post at about the same time."""

    def liking(me: Member) -> Callable[[], None]:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        headers = {"Cookie": me.cookie, "Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode({"csrf_token": me.csrf_token, "next": "/home"})
        mine = iter(posts)

        def like() -> None:
            connection.request("POST", f"/posts/{next(mine)}/like", body, headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 303:
                raise SystemExit(f"a like was answered with {answer.status}")

        return like

    likes = [liking(me) for me in people]
    found = stretch(likes, seconds, lambda: cpu_s(server.pid), postmaster(settings))
    return Seen(*found, batch_size=float("nan"))


def told(place: str, threads: int, way: str, seen: Sequence[Seen]) -> str:
    rates = sorted(one.likes_per_s for one in seen)
    app, database = (median(getattr(one, name) for one in seen) for name in ("app_cpu_ms", "database_cpu_ms"))
    size = median(one.batch_size for one in seen)
    together = "" if math.isnan(size) else f"{size:.1f}"
    spread = f"{median(rates):.0f} ({rates[0]:.0f}-{rates[-1]:.0f})"
    return f"| {place} | {threads} | {way} | {spread} | {app:.2f} | {database:.2f} | {together} |"


def published(settings: Settings, number: int) -> tuple[list[int], list[Member]]:
    site = open_site(settings)
    try:
        people = [member(site, settings, f"m{n}") for n in range(number)]
        author = Viewer(people[0].account_id, "m0", "m0")
        return [site.posts.publish(author, f"post {n}") for n in range(POSTS)], people
    finally:
        site.close()


def forget_likes(settings: Settings) -> None:
    with psycopg.connect(settings.owner_url, autocommit=True) as connection:
        for table in ("likes_given", "likes_received", "notifications", "notification_groups"):
            connection.execute(f"TRUNCATE s0000.{table}")
        connection.execute("UPDATE s0000.post_stats SET likes = 0")
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=4.0)
    options = parser.parse_args()
    print("| where | threads | batches | likes/s | app CPU ms | database CPU ms | together |")
    print("|---|---:|---|---:|---:|---:|---:|")
    with database_of_its_own() as database:
        settings = replace(database.people(2)[0], pool_wait_s=30, lock_timeout_s=20, statement_timeout_s=20)
        posts, people = published(settings, MEMBERS)
        numbers: count[int] = count(1)
        for threads in THREADS:
            seen: dict[str, list[Seen]] = {}
            for _ in range(options.rounds):
                for way in (*WAY, "counts left out"):
                    forget_likes(settings)
                    seen.setdefault(way, []).append(rules(settings, threads, way, options.seconds, posts[0], numbers))
            report("rules", threads, seen)
        os.sched_setaffinity(postmaster(settings), {SERVER_CPU})
        os.sched_setaffinity(0, {CLIENT_CPU})
        for threads in THREADS:
            seen = {}
            ways: dict[str, dict[str, Any]] = {"off": {}, "on": {"batch_ms": BATCH_MS}}
            for _ in range(options.rounds):
                for way in WAY:
                    forget_likes(settings)
                    with web(settings, threads=threads, **ways[way]) as server:
                        over_http(server, people[:threads], 1.0, settings, posts[::-1])  # warm
                        seen.setdefault(way, []).append(
                            over_http(server, people[:threads], options.seconds, settings, posts)
                        )
            report("http", threads, seen)


def report(place: str, threads: int, seen: dict[str, list[Seen]]) -> None:
    for way, stretches in seen.items():
        print(told(place, threads, way, stretches), flush=True)


if __name__ == "__main__":
    main()
