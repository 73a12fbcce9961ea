"""A Flotilla on a PostgreSQL of its own with its durability as in production, and what both take of the CPU."""

import contextlib
import hmac
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import psycopg

sys.path.append(str(Path(__file__).parent.parent / "flotilla"))

from drill_database import OwnDatabase, database_of_its_own, free_port

from flotilla.settings import Settings
from flotilla.social import Site
from flotilla.web.sessions import session_signer

__all__ = [
    "CLIENT_CPU",
    "SERVER_CPU",
    "Member",
    "OwnDatabase",
    "Web",
    "cpu_s",
    "database_of_its_own",
    "member",
    "postmaster",
    "web",
]

TICKS = os.sysconf("SC_CLK_TCK")
CPUS = sorted(os.sched_getaffinity(0))
# Server and database share one CPU, as on the smallest plan; whoever asks has another.
CLIENT_CPU, SERVER_CPU = CPUS[0], CPUS[-1]


@dataclass(frozen=True)
class Member:
    """Somebody who is signed in, as a browser holds them."""

    account_id: int
    cookie: str
    csrf_token: str


@dataclass(frozen=True)
class Web:
    """A running web server."""

    port: int
    pid: int


def member(site: Site, settings: Settings, handle: str) -> Member:
    """A new person with an open session."""
    made = site.accounts.sign_up(handle=handle, password="a calm sea at dawn")
    key = hmac.digest(settings.secret_key.encode(), b"flotilla.csrf", "sha256")
    token = hmac.digest(key, f"session:{made.token}".encode(), "sha256").hex()[:40]
    cookie = f"flotilla_session={session_signer(settings).sign(made.token).decode()}"
    return Member(made.viewer.account_id, cookie, token)


@contextlib.contextmanager
def web(settings: Settings, *, threads: int, **changes: object) -> Iterator[Web]:
    """One gunicorn worker on the server's CPU, with those settings changed."""
    port = free_port()
    told = {"database_url": settings.database_url, "access_log": "no", "limits": "no", "pool_wait_s": "30", **changes}
    environ = dict(os.environ) | {f"FLOTILLA_{name.upper()}": str(value) for name, value in told.items()}
    environ["FLOTILLA_THREADS"] = str(threads)
    argv = [
        sys.executable,
        "-m",
        "gunicorn",
        "--bind",
        f"127.0.0.1:{port}",
        "--worker-class",
        "gthread",
        "--workers",
        "1",
    ]
    argv += ["--threads", str(threads), "--log-level", "warning", "--keep-alive", "60", "flotilla.app:create_app()"]
    with tempfile.TemporaryFile() as log:
        here = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {SERVER_CPU})
        running = subprocess.Popen(argv, env=environ, stdout=log, stderr=log)
        os.sched_setaffinity(0, here)
        try:
            deadline_s = time.monotonic() + 60
            while True:
                with contextlib.suppress(OSError), urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
                    if answer.status == 200:
                        break
                if running.poll() is not None or time.monotonic() > deadline_s:
                    log.seek(0)
                    raise SystemExit(f"the site did not start: {log.read().decode()[-2000:]}")
                time.sleep(0.1)
            yield Web(port, running.pid)
        finally:
            running.terminate()
            running.wait(30)


def postmaster(settings: Settings) -> int:
    """The process of the database server, parent of all its others."""
    with psycopg.connect(settings.owner_url) as connection:
        return _parent(connection.info.backend_pid)


def cpu_s(pid: int) -> float:
    """CPU seconds of a process and its children, living and dead."""
    living = sum(_used(other, 13, 15) for other in _children(pid))
    return living + _used(pid, 13, 17)


def _used(pid: int, first: int, last: int) -> float:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return sum(map(int, _stat(pid)[first - 2 : last - 2])) / TICKS
    return 0.0


def _stat(pid: int) -> list[str]:
    # Without the first two fields: the second, a name in brackets, may hold blanks.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _parent(pid: int) -> int:
    return int(_stat(pid)[1])


def _children(pid: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if _parent(int(path.name)) == pid:
                found.append(int(path.name))
    return found
