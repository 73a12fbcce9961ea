"""A small app under a real server, for tests anywhere in the repository."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

__all__ = ["served"]

_STARTS_WITHIN_S = 60.0
_NOTHING: Mapping[str, str] = {}


@contextlib.contextmanager
def served(
    folder: Path, *command: str | Path, at: str | Path = "127.0.0.1", environment: Mapping[str, str] = _NOTHING
) -> Iterator[str]:
    """`python -m COMMAND`, run in the folder, on a socket that is open already: "{fd}" in the command is its number.

    So no port can be taken from it. at: an address of this machine, or the path of a Unix socket. Gives the URL without
    a slash at its end when the server is there: what a test measures is not how long it takes to start.
    """
    with _listener(at) as listener:
        fd = str(listener.fileno())
        server = subprocess.Popen(
            [sys.executable, "-m", *(str(word).replace("{fd}", fd) for word in command)],
            cwd=folder,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environment},
            pass_fds=(listener.fileno(),),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            _wait_until_there(server, listener)
            yield _url(listener)
        finally:
            # With its workers, and at once: nobody is waiting for an answer any more.
            os.killpg(server.pid, signal.SIGKILL)
            server.wait(timeout=10)


def _listener(at: str | Path) -> socket.socket:
    if isinstance(at, Path):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(at))
        listener.listen()
        return listener
    listener = socket.create_server((at, 0), family=socket.AF_INET6 if ":" in at else socket.AF_INET)
    # Servers set it too, but connections made before that would lack it and meet Nagle's 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _wait_until_there(server: "subprocess.Popen[bytes]", listener: socket.socket) -> None:
    with socket.socket(listener.family) as client:
        client.connect(listener.getsockname())
        # No server takes this for a request, with or without TLS: it is answered, or hung up on, and not logged.
        client.sendall(b"is anybody there?\r\n\r\n")
        client.settimeout(0.5)
        deadline_s = time.monotonic() + _STARTS_WITHIN_S
        while True:
            try:
                client.recv(1)
                return
            except ConnectionError:
                return
            except TimeoutError:
                assert server.poll() is None, f"{server.args} ended with {server.returncode}"
                assert time.monotonic() < deadline_s, f"{server.args} did not start"


def _url(listener: socket.socket) -> str:
    name = listener.getsockname()
    if listener.family == socket.AF_UNIX:
        return f"unix:{name}"
    return f"http://[{name[0]}]:{name[1]}" if listener.family == socket.AF_INET6 else f"http://{name[0]}:{name[1]}"
