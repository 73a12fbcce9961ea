"""A small app under a real server, for tests anywhere in the repository."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

__all__ = ["served"]

_NOTHING: Mapping[str, str] = {}


@contextlib.contextmanager
def served(
    folder: Path, *command: str | Path, at: str | Path = "127.0.0.1", environment: Mapping[str, str] = _NOTHING
) -> Iterator[str]:
    """`python -m COMMAND`, run in the folder, on a socket that is open already: "{fd}" in the command is its number.

    So no port can be taken from it, and no request comes too early. at: an address of this machine, or the path of a
    Unix socket. Gives the URL without a slash at its end.
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


def _url(listener: socket.socket) -> str:
    name = listener.getsockname()
    if listener.family == socket.AF_UNIX:
        return f"unix:{name}"
    return f"http://[{name[0]}]:{name[1]}" if listener.family == socket.AF_INET6 else f"http://{name[0]}:{name[1]}"
