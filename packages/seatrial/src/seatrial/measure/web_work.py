#!/usr/bin/env python3
"""Measures how fast this machine runs what a Python web app does. One file, nothing to install, no network.

Run it with the Python that the app will use (3.8 or newer; Linux or macOS), while nothing else runs. It takes about 22
seconds and writes nothing but the file that --out names.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import html
import json
import math
import os
import platform
import queue
import random
import re
import sqlite3
import statistics
import subprocess
import sys
import threading
import time
import zlib
from pathlib import Path
from typing import Any

__all__ = ["Post", "WebWork", "calibrate", "cpu_model", "main"]

SCHEMA = "seatrial.calibration/1"
WORK_VERSION = 1  # raised whenever a unit of work changes: results of different versions must not be compared
SLICES = 40
SLICE_S = 0.5
WARM_UP_S = 1.0
PIECES = ("json", "template", "objects", "regex", "sha256", "sqlite", "threads")


class Post:
    """A row as an app holds it: an object with attributes."""

    def __init__(self, number: int, author: str, text: str, likes: int) -> None:
        self.number = number
        self.author = author
        self.text = text
        self.likes = likes
        self.tags = {"topic": text[:8], "language": "en"}


class WebWork:
    """Pieces of fixed size, each returning a number that depends on all of it; sha256 and threads are small shares."""

    def __init__(self) -> None:
        draw = random.Random(1)
        words = ["".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=5)) for _ in range(1000)]
        texts = [" ".join(draw.choices(words, k=12)) for _ in range(20_000)]
        # About 20 MB: more than the private caches of a CPU hold, as the objects of an app are.
        self._posts = [Post(n, f"person{n % 997}", text, n % 89) for n, text in enumerate(texts)]
        self._at = 0
        self._rows: list[dict[str, Any]] = [
            {"id": n, "author": {"name": f"person{n}", "admin": n % 9 == 0}, "text": f"{texts[n]} <b> & {texts[-n]}"}
            for n in range(40)
        ]
        for n, row in enumerate(self._rows):
            row.update(likes=n * 3, score=n / 7, tags=draw.choices(words, k=3), reply=None)
        self._prose = " ".join(f"{text} @{text[:2]}b https://example.org/{text[:3]} #tag" for text in texts[:180])
        names = ("people", "posts", "tags", "messages", "groups", "files")
        self._routes = [re.compile(rf"^/{name}/(?P<id>[0-9]+)(?:/(?P<rest>[a-z-]+))?$") for name in names]
        self._mention = re.compile(r"(?<!\w)@([a-z0-9_]{2,20})|https?://[^\s<>]+|#(\w+)")
        self._paths = [f"/{name}/{n}/edit" for n in range(240) for name in ("people", "files", "nowhere")]
        self._database = self._filled_database()
        self._asked: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._answered: queue.SimpleQueue[int] = queue.SimpleQueue()
        threading.Thread(target=self._answer, daemon=True).start()

    def _filled_database(self) -> sqlite3.Connection:
        database = sqlite3.connect(":memory:", isolation_level=None)
        database.execute("CREATE TABLE person(id INTEGER PRIMARY KEY, name TEXT UNIQUE)")
        database.execute("CREATE TABLE post(id INTEGER PRIMARY KEY, author INTEGER, text TEXT, likes INTEGER)")
        database.executemany("INSERT INTO person(name) VALUES (?)", [(f"person{n}",) for n in range(500)])
        rows = [(n % 500 + 1, self._posts[n].text, n % 83) for n in range(1500)]
        database.executemany("INSERT INTO post(author, text, likes) VALUES (?, ?, ?)", rows)
        return database

    def _answer(self) -> None:
        while True:
            self._answered.put(self._asked.get() + 1)

    def json(self) -> int:
        """A list of 40 posts, written and read."""
        size = 0
        for _ in range(10):
            document = json.dumps({"posts": self._rows, "next": "/posts?before=40"})
            size += len(document) + len(json.loads(document)["posts"])
        return size

    def template(self) -> int:
        """A page of 800 posts put together from escaped pieces, as a compiled template does it."""
        parts = []
        for row in self._rows * 20:
            parts.append(f'<article id="p{row["id"]}" class="likes{row["likes"] % 2}">')
            parts.append(f"<p>{html.escape(row['text'])}</p>")
            parts.extend([f'<a href="/tags/{tag}">{html.escape(tag.title())}</a>' for tag in row["tags"]])
        return len("".join(parts).encode())

    def objects(self) -> int:
        """Objects looked up, read, grouped, sorted and made, over more memory than the caches hold."""
        total, groups = 0, {}  # type: int, dict[str, list[Post]]
        for step in range(900):
            self._at = (self._at + 7919) % len(self._posts)
            post = self._posts[self._at]
            groups.setdefault(post.author, []).append(post)
            total += post.likes + len(post.tags["topic"]) + step
        made = [Post(n, "new", "text of it", n) for n in range(250)]
        total += sum(max(group, key=lambda post: (post.likes, post.number)).likes for group in groups.values())
        return total + sum(getattr(post, "likes", 0) for post in sorted(made, key=lambda post: -post.number))

    def regex(self) -> int:
        """Addresses matched with routes, and a long text searched for mentions and links."""
        found = 0
        for path in self._paths:
            match = next(filter(None, (route.match(path) for route in self._routes)), None)
            found += int(match.group("id")) if match else 1
        return found + sum(len(match.group(0)) for match in self._mention.finditer(self._prose))

    def sha256(self) -> int:
        """Small signatures, as of session cookies, and one larger file."""
        signed = (hmac.new(b"key", b"session %d %s" % (n, bytes(180)), hashlib.sha256).digest() for n in range(150))
        return sum(digest[0] for digest in signed) + hashlib.sha256(b"file" * 50_000).digest()[0]

    def sqlite(self) -> int:
        """Queries by index, joins with a sort, and writes in a transaction that is undone."""
        database, total = self._database, 0
        for n in range(120):
            total += database.execute("SELECT id FROM person WHERE name = ?", (f"person{n * 4}",)).fetchone()[0]
        newest = "SELECT p.text FROM post p JOIN person a ON a.id = p.author ORDER BY p.likes DESC, p.id LIMIT 20"
        total += sum(len(text) for _ in range(6) for (text,) in database.execute(newest))
        database.execute("BEGIN")
        rows = [(n, "new", 1) for n in range(200)]
        database.executemany("INSERT INTO post(author, text, likes) VALUES (?, ?, ?)", rows)
        total += database.execute("UPDATE post SET likes = likes + 1 WHERE author < 20").rowcount
        database.execute("ROLLBACK")
        return total

    def threads(self) -> int:
        """Questions to another thread, each waited for: what handing over costs."""
        total = 0
        for n in range(15):
            self._asked.put(n)
            total += self._answered.get(timeout=60)
        return total


def cpu_model() -> str:
    """The processor's name as the system gives it."""
    told = _text("/proc/cpuinfo") + "\n" + ("" if sys.platform == "darwin" else _output("lscpu"))
    for line in told.splitlines():  # lscpu: on Arm the kernel itself gives numbers only
        if line.lower().lstrip().startswith("model name"):
            return line.partition(":")[2].strip()
    return _output("sysctl", "-n", "machdep.cpu.brand_string") or platform.processor() or "unknown"


def _group_settings() -> list[dict[str, float]]:
    """What cpu.stat says, and `cpus`, the quota, of this process's control groups and all above, version 1 and 2."""
    folders: list[Path] = []
    for line in _text("/proc/self/cgroup").splitlines():
        _, names, path = line.split(":", 2)
        if names and "cpu" not in names.split(","):
            continue
        # In a container the path may be one of the host's, which is not there: then the root is the own group.
        parts = [part for part in path.split("/") if part not in ("", "..")]
        for root in (names, "cpu") if names else ("", "unified"):
            folders += [Path("/sys/fs/cgroup", root, *parts[:length]) for length in range(len(parts), -1, -1)]
    settings = []
    for folder in dict.fromkeys(folders):
        told = [line.split() for line in _text(folder / "cpu.stat").splitlines()]
        found = {row[0]: float(row[1]) for row in told if len(row) == 2}
        version_1 = f"{_text(folder / 'cpu.cfs_quota_us')} {_text(folder / 'cpu.cfs_period_us')}"
        quota, period = [*(_text(folder / "cpu.max") or version_1).split(), "", ""][:2]
        if quota.isdigit() and period.isdigit():  # else "max", or -1: no limit
            found["cpus"] = int(quota) / int(period)
        settings.append(found)
    return settings


def _withheld() -> dict[str, float]:
    """What the system counts: CPU ticks of the machine (all, busy, stolen by the host), throttled periods, seconds."""
    found: dict[str, float] = {}
    for each in _group_settings():
        seconds = each.get("throttled_usec", 0) / 1e6 + each.get("throttled_time", 0) / 1e9
        if "nr_throttled" in each and seconds >= found.get("seconds", 0):
            found.update(periods=each["nr_throttled"], seconds=seconds)
    ticks = [int(word) for word in _text("/proc/stat").partition("\n")[0].split()[1:9]]
    if len(ticks) == 8:  # user nice system idle iowait irq softirq steal
        found.update(all=sum(ticks), busy=sum(ticks) - ticks[3] - ticks[4], stolen=ticks[7])
    return found


def _text(path: str | Path) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _output(*command: str) -> str:
    try:
        told = subprocess.check_output(
            command, stderr=subprocess.DEVNULL, timeout=10, env={**os.environ, "LC_ALL": "C"}
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return told.decode(errors="replace").strip()


def calibrate(slices: int = SLICES) -> dict[str, Any]:
    """Does the work for `slices` half-seconds; everything seen, as plain values. A unit is every piece of work once.

    Speeds are units per second: of the process's CPU time, and of wall time, which counts what was withheld as well.
    """
    work = WebWork()
    pieces = [(name, getattr(work, name)) for name in PIECES]
    checksum = zlib.crc32(repr([piece() for _, piece in pieces]).encode())
    spent = dict.fromkeys(PIECES, 0.0)
    _slice(pieces, dict(spent), WARM_UP_S)
    before = _withheld()
    seen = [_slice(pieces, spent, SLICE_S) for _ in range(slices)]
    after = _withheld()
    more = {name: after[name] - before[name] for name in after if name in before}
    units = sum(each["units"] for each in seen)
    quotas = [each["cpus"] for each in _group_settings() if "cpus" in each]
    return {
        "schema": SCHEMA,
        "work_version": WORK_VERSION,
        "work_checksum": checksum,
        "measured_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "python_version": platform.python_version(),
        "python_implementation": platform.python_implementation(),
        "system": f"{platform.system()} {platform.release()}",
        "architecture": platform.machine(),
        "cpu_model": cpu_model(),
        "cpus_seen": os.cpu_count() or 1,
        "cpus_allowed": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        "cpu_quota": min(quotas, default=None),
        "units_per_cpu_s": _speeds([each["units"] / each["cpu_s"] for each in seen]),
        "units_per_wall_s": _speeds([each["units"] / each["wall_s"] for each in seen]),
        "part_cpu_s": {name: seconds / units for name, seconds in spent.items()},
        "steal_share": more["stolen"] / more["all"] if more.get("all") else None,
        "busy_share": more["busy"] / more["all"] if more.get("all") else None,
        "throttled_periods": more.get("periods"),
        "throttled_s": more.get("seconds"),
        "slices": seen,
    }


def _slice(pieces: list[tuple[str, Any]], spent: dict[str, float], length_s: float) -> dict[str, float]:
    units, since, cpu_since = 0, time.perf_counter(), time.process_time()
    before = cpu_since
    while units == 0 or time.perf_counter() - since < length_s:
        for name, piece in pieces:
            piece()
            after = time.process_time()
            spent[name] += after - before
            before = after
        units += 1
    return {"units": units, "cpu_s": time.process_time() - cpu_since, "wall_s": time.perf_counter() - since}


def _speeds(values: list[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "p10": sorted(values)[math.ceil(len(values) / 10) - 1]}


def main() -> int:
    """The command line of the copied file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").strip())
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--out", metavar="FILE", help="also write the figures to FILE, as JSON")
    parser.add_argument("--slices", metavar="N", type=int, default=SLICES, help="half-seconds of work (default: 40)")
    parser.add_argument("--plan", metavar="ID", default="", help="the plan of this server, to be kept with the figures")
    options = parser.parse_args()
    if not 1 <= options.slices <= 10_000:
        parser.error("--slices must be from 1 to 10000")
    seen = {**calibrate(options.slices), "plan_id": options.plan}
    text = json.dumps(seen, indent=1)
    try:
        Path(options.out or os.devnull).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        parser.error(f"{options.out} cannot be written: {error.strerror}")
    cpu, wall = seen["units_per_cpu_s"], seen["units_per_wall_s"]
    told = f"{cpu['median']:.1f} units a CPU second (slowest tenth {cpu['p10']:.1f}), {wall['median']:.1f} by the clock"
    print(text if options.json else f"{seen['cpu_model']}, Python {seen['python_version']}: {told}.")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
