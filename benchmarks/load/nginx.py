"""nginx, one process on one CPU, in a folder of its own: the server that is fast enough not to be what is measured."""

import os
import re
import signal
import socket
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from machine import process_cpu_s
from pages import PAGES, SITE
from processes import ProcessFailed, Started

__all__ = ["Nginx", "nginx"]

_READY_S = 10.0
_CONFIGURATION = """
daemon off;
master_process off;
worker_processes 1;
pid nginx.pid;
error_log error.log warn;
events { worker_connections 16384; multi_accept on; }
http {
    client_body_temp_path temp;
    proxy_temp_path temp;
    fastcgi_temp_path temp;
    uwsgi_temp_path temp;
    scgi_temp_path temp;
    sendfile on;
    tcp_nopush on;
    tcp_nodelay on;
    open_file_cache max=100 inactive=1h;
    absolute_redirect off;
    keepalive_timeout 75s;
    keepalive_requests 1000000000;
@SITE@
}
"""


class Nginx:
    """A running nginx. One process does everything, so that one signal freezes it and one clock is its cost."""

    def __init__(self, started: Started, folder: Path, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._started, self._folder = started, folder
        self._asked = 0

    def requests(self) -> int:
        """Requests served since the start, by nginx's own count; those of this function are left out."""
        with urllib.request.urlopen(f"{self.url}/count", timeout=30) as answer:
            text = answer.read().decode()
        self._asked += 1
        found = re.search(r"\n\s*\d+\s+\d+\s+(\d+)", text)
        assert found is not None, text
        return int(found[1]) - self._asked

    def wrong_answers(self) -> int:
        """Answers since the start that were neither a page nor a redirect: a tool that did not do all steps."""
        log = self._folder / "wrong.log"
        return log.read_bytes().count(b"\n") if log.exists() else 0

    def cpu_s(self) -> float:
        """CPU seconds of the server since the start."""
        return process_cpu_s(self._started.pid)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stands still within this context, whatever happens in it."""
        os.kill(self._started.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self._started.pid, signal.SIGCONT)


@contextmanager
def nginx(program: Sequence[str], folder: Path, cpu: int | None) -> Iterator[Nginx]:
    """nginx on a free port of 127.0.0.1, pinned to `cpu`; gone at the end. program: what starts it."""
    home = folder / "nginx"
    (home / "pages").mkdir(parents=True)
    (home / "temp").mkdir()
    for name, text in PAGES.items():
        (home / "pages" / name).write_text(text)
    port = _free_port()
    site = SITE.replace("@PORT@", str(port))
    (home / "nginx.conf").write_text(_CONFIGURATION.replace("@SITE@", site))
    argv = [*program, "-p", f"{home}/", "-c", "nginx.conf", "-e", "error.log"]
    with Started(argv, home, cpu=cpu, name="nginx") as started:
        _await_ready(started, port)
        yield Nginx(started, home, port)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _await_ready(started: Started, port: int) -> None:
    deadline_s = time.monotonic() + _READY_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if started.poll() is not None or time.monotonic() > deadline_s:
                started.wait(0.1)
                raise ProcessFailed(f"nginx did not listen on port {port} within {_READY_S:.0f} s") from None
            time.sleep(0.02)
        else:
            return
