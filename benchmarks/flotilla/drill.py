"""The whole-site drill: random processes of a running site are killed (-9) under load, then everything has to be there.

    .venv/bin/python benchmarks/flotilla/drill.py [--seconds 60] [--kill-every 2] [--database]

It starts a PostgreSQL of its own, `flotilla run` on it, people who post and like over HTTP, and kills one of the site's
processes again and again: gunicorn's parent, its workers, the live and the jobs process, the supervisor itself (begun
anew as systemd would), and with --database PostgreSQL's own. Every write that was answered counts. In the end:

- the site answers again by itself;
- every acknowledged post and like is in the database, and nothing that was refused is there twice;
- `flotilla check` finds nothing that does not fit;
- no process is left behind.
"""

import argparse
import contextlib
import http.client
import json
import os
import random
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg

__all__ = ["Outcome", "drill"]

BACK_WITHIN_S = 30.0
ANSWER_WAIT_S = 10.0
# The supervisor, gunicorn's parent, two workers, live, jobs.
WHOLE_SITE = 6
SUPERVISOR_SHARE = 0.15


@dataclass
class Outcome:
    """What a drill came to."""

    killed: dict[str, int] = field(default_factory=dict)
    posts: set[str] = field(default_factory=set)
    likes: set[tuple[str, str]] = field(default_factory=set)
    failed: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    check: str = ""
    back_after_s: float = 0.0
    left_behind: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether nothing was lost, doubled, broken or left behind."""
        return not (self.lost or self.doubled or self.left_behind) and self.check == ""


class Person(threading.Thread):
    """Somebody with a browser who writes as fast as the site answers, and remembers what it said."""

    def __init__(self, host: str, port: int, cookie: str, outcome: Outcome, stop: threading.Event, name: str) -> None:
        super().__init__(daemon=True, name=name)
        self.address, self.cookie, self.outcome, self.stop = (host, port), cookie, outcome, stop
        self.token = ""

    def run(self) -> None:
        """Post and like until told to stop."""
        number = 0
        while not self.stop.is_set():
            number += 1
            text = f"{self.name} {number} {secrets.token_hex(6)}"
            try:
                if not self.token:
                    page = self.ask("GET", "/home")
                    self.token = re.search(r'name="csrf_token" value="([^"]+)"', page[1])[1]
                if self.ask("POST", "/posts", text=text, next="/home")[0] == 303:
                    self.outcome.posts.add(text)
                found = re.search(r'<article[^>]* id="post-(\d+)"', self.ask("GET", "/public")[1])
                if found and self.ask("POST", f"/posts/{found[1]}/like", next="/home")[0] == 303:
                    self.outcome.likes.add((self.name, found[1]))
            except (OSError, http.client.HTTPException, TypeError):
                # Refused, cut off, or an answer that is no page: whether it was stored is not known.
                self.outcome.failed += 1
                self.stop.wait(0.05)

    def ask(self, method: str, path: str, **fields: str) -> tuple[int, str]:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection(*self.address, timeout=ANSWER_WAIT_S)
        with contextlib.closing(connection):
            headers = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"}
            body = urllib.parse.urlencode(fields | {"csrf_token": self.token}) if fields else None
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
            if answer.status >= 500:
                raise http.client.HTTPException(str(answer.status))
            return answer.status, text


def processes_of(site: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """The supervisor and everything below it."""
    try:
        parent = psutil.Process(site.pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def kill_one(site: subprocess.Popen[bytes], outcome: Outcome, chooser: random.Random, *, supervisor: bool) -> None:
    """Kill -9 one of the site's processes."""
    everyone = processes_of(site)
    # A site that is just starting is let start: killing nothing but its beginnings would drill nothing else.
    candidates = everyone[:1] if supervisor and len(everyone) >= WHOLE_SITE else everyone[1:]
    if candidates:
        victim = chooser.choice(candidates)
        with contextlib.suppress(psutil.NoSuchProcess):
            name = "supervisor" if victim.pid == site.pid else victim.name()
            victim.send_signal(signal.SIGKILL)
            outcome.killed[name] = outcome.killed.get(name, 0) + 1


def begin(environ: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    """`flotilla run`, its log appended."""
    with log.open("ab") as written:
        return subprocess.Popen(
            [sys.executable, "-m", "flotilla.cli", "run"], env=environ, stdout=written, stderr=written
        )


def answers(host: str, port: int, within_s: float) -> float:
    """Seconds until the site answers. Raises TimeoutError."""
    begun_s = time.monotonic()
    deadline_s = begun_s + within_s
    while time.monotonic() < deadline_s:
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection(host, port, timeout=2)
            with contextlib.closing(connection):
                connection.request("GET", "/health")
                if connection.getresponse().status == 200:
                    return time.monotonic() - begun_s
        time.sleep(0.1)
    raise TimeoutError(f"the site does not answer within {within_s} s")


def drill(
    settings: object,
    cookies: dict[str, str],
    folder: Path,
    *,
    port: int,
    live_port: int,
    seconds: float,
    kill_every_s: float,
    seed: int = 1,
    also: object = None,
) -> Outcome:
    """Run the drill on a migrated database whose people have these session cookies; `also` kills something more."""
    outcome, chooser, stop = Outcome(), random.Random(seed), threading.Event()
    kept = {name: text for name, text in os.environ.items() if not name.startswith("FLOTILLA_")}
    environ = kept | {
        "FLOTILLA_DATABASE_URL": settings.database_url,
        "FLOTILLA_PORT": str(port),
        "FLOTILLA_LIVE_PORT": str(live_port),
        "FLOTILLA_WORKERS": "2",
        "FLOTILLA_ACCESS_LOG": "no",
        "FLOTILLA_LIMITS": "off",
        "FLOTILLA_MEDIA_FOLDER": str(folder / "media"),
    }
    log = folder / "site.log"
    site = begin(environ, log)
    everyone: dict[int, psutil.Process] = {}
    people = [Person("127.0.0.1", port, cookie, outcome, stop, name) for name, cookie in cookies.items()]
    try:
        answers("127.0.0.1", port, BACK_WITHIN_S)
        for person in people:
            person.start()
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            stop.wait(kill_every_s * chooser.uniform(0.5, 1.5))
            everyone |= {process.pid: process for process in processes_of(site)}
            if also is not None and chooser.random() < 0.2:
                also(outcome)
                continue
            kill_one(site, outcome, chooser, supervisor=chooser.random() < SUPERVISOR_SHARE)
            if site.poll() is not None:
                # What systemd would do. The ports are free once those it left have gone.
                site = begin(environ, log)
        outcome.back_after_s = answers("127.0.0.1", port, BACK_WITHIN_S)
        stop.set()
        for person in people:
            person.join(ANSWER_WAIT_S + 5)
        everyone |= {process.pid: process for process in processes_of(site)}
    finally:
        stop.set()
        site.terminate()
        site.wait(timeout=40)
    outcome.left_behind = left_of(everyone)
    look(settings, environ, outcome)
    return outcome


def left_of(everyone: dict[int, psutil.Process]) -> list[str]:
    """Processes of the site that are still there a while after it was told to stop."""
    deadline_s = time.monotonic() + 25
    while time.monotonic() < deadline_s:
        left = [process for process in everyone.values() if process.is_running() and process.status() != "zombie"]
        if not left:
            return []
        time.sleep(0.2)
    return [str(process) for process in left]


def look(settings: object, environ: dict[str, str], outcome: Outcome) -> None:
    """Compare what was acknowledged with what is stored."""
    with psycopg.connect(settings.owner_url) as connection:
        stored = [text for (text,) in connection.execute("SELECT body FROM s0000.posts").fetchall()]
        liked = connection.execute(
            "SELECT p.handle, l.post_id::text FROM s0000.likes_given l JOIN s0000.profile p USING (account_id)"
        ).fetchall()
    outcome.lost = sorted(outcome.posts.difference(stored)) + [str(x) for x in outcome.likes.difference(liked)]
    outcome.doubled = sorted(text for text in outcome.posts if stored.count(text) > 1)
    checked = subprocess.run(
        [sys.executable, "-m", "flotilla.cli", "check"],
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    outcome.check = "" if checked.returncode == 0 else checked.stderr


def main() -> int:
    """Run it on a database of its own; exit status 0 when it passed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--kill-every", type=float, default=2)
    parser.add_argument("--people", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", action="store_true", help="kill PostgreSQL's own processes too")
    chosen = parser.parse_args()
    from drill_database import database_of_its_own

    with tempfile.TemporaryDirectory(prefix="flotilla-drill-") as name, database_of_its_own() as own:
        settings, cookies, ports = own.people(chosen.people)
        outcome = drill(
            settings,
            cookies,
            Path(name),
            port=ports[0],
            live_port=ports[1],
            seconds=chosen.seconds,
            kill_every_s=chosen.kill_every,
            seed=chosen.seed,
            also=own.kill_backend if chosen.database else None,
        )
    print(json.dumps({
        "passed": outcome.passed, "killed": outcome.killed, "posts": len(outcome.posts), "likes": len(outcome.likes),
        "requests_cut_off": outcome.failed, "lost": outcome.lost[:5], "doubled": outcome.doubled[:5],
        "check": outcome.check, "back_after_s": round(outcome.back_after_s, 2), "left_behind": outcome.left_behind,
    }, indent=2))  # fmt: skip
    return 0 if outcome.passed else 1


if __name__ == "__main__":
    sys.exit(main())
