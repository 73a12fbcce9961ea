"""Real servers that tests end and begin again on the same port, and visitors who notice."""

import contextlib
import http.client
import os
import pwd
import random
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

__all__ = ["Request", "Server", "free_port", "unprivileged", "visitors"]

NEVER_A_CLIENTS = (12_000, 32_000)
STARTS_WITHIN_S = 60.0
ENDS_WITHIN_S = 40.0
ANSWERS_WITHIN_S = 15.0
PAUSE_S = 0.03
_NOTHING: Mapping[str, str] = {}


def free_port() -> int:
    """A port of 127.0.0.1 that stays free while its server is away: below those that the system gives to clients."""
    while True:
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", random.randrange(*NEVER_A_CLIENTS)))
            return int(probe.getsockname()[1])


def unprivileged() -> dict[str, Any]:
    """As whom to run a server that refuses to run as root: nobody."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


@dataclass(slots=True)
class Server:
    """A program with its own process group, that is there once something accepts connections at `port`."""

    command: Sequence[str | Path]
    port: int
    log: Path
    environment: Mapping[str, str]
    run_as: Mapping[str, Any]
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it accepts connections."""
        self.begin()
        self.wait()

    def begin(self) -> None:
        """Start it."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(word) for word in self.command],
                env={"PATH": os.environ["PATH"], **self.environment},
                cwd=self.log.parent,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self.run_as,
            )

    def wait(self) -> None:
        """Until it accepts connections."""
        assert self.process is not None
        deadline_s = time.monotonic() + STARTS_WITHIN_S
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline_s, self.log.read_text()
            time.sleep(0.02)

    @property
    def runs(self) -> bool:
        """Whether it was started and has not ended."""
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        assert self.process is not None
        self.process.terminate()
        self.process.wait(timeout=ENDS_WITHIN_S)

    def kill(self) -> None:
        """End it and all its children at once, as a machine does that loses its power."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(timeout=ENDS_WITHIN_S)

    def __enter__(self) -> "Server":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


@dataclass(frozen=True, slots=True)
class Request:
    """What became of one request; `status` is 0 when there was no answer."""

    sent_s: float
    done_s: float
    status: int
    text: str


@contextlib.contextmanager
def visitors(
    url: str, path: str, *, count: int, headers: Mapping[str, str] = _NOTHING, form: str = ""
) -> Iterator[list[Request]]:
    """Visitors who ask again and again, each over a connection kept open; the list grows as they are answered.

    With a `form` they send it each time.
    """
    seen: list[Request] = []
    done = threading.Event()
    wanted = ("POST" if form else "GET", path, form or None, dict(headers))
    if form:
        wanted[3]["Content-Type"] = "application/x-www-form-urlencoded"
    threads = [threading.Thread(target=_visit, args=(urlsplit(url).netloc, wanted, seen, done)) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        done.set()
        for thread in threads:
            thread.join(ANSWERS_WITHIN_S + 5)


def _visit(host: str, wanted: tuple[Any, ...], seen: list[Request], done: threading.Event) -> None:
    connection = http.client.HTTPConnection(host, timeout=ANSWERS_WITHIN_S)
    while not done.wait(PAUSE_S):
        sent_s, status, text = time.monotonic(), 0, ""
        try:
            connection.request(*wanted)
            with connection.getresponse() as answer:
                text = answer.read().decode()
                status = answer.status
        except (OSError, http.client.HTTPException) as error:
            text = repr(error)
            connection.close()
        seen.append(Request(sent_s, time.monotonic(), status, text))
    connection.close()
