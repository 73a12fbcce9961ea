"""A server that does nothing but answer: what a generator reaches against it is the generator's own ceiling.

    python -m seatrial.load.generator.null_server [CPU,CPU,...]

prints its port and answers every request alike, on those CPUs, until its standard input ends: with the process that
started it, however that ended.
"""

import asyncio
import contextlib
import select
import subprocess
import sys
from collections.abc import Iterable, Iterator
from typing import cast

from seatrial.errors import RigUnfit
from seatrial.load import event_loop
from seatrial.load.generator import cpus as cpu_choice

__all__ = ["main", "null_server"]

_BODY = b"Hello, World!"
_ANSWER = (
    b"HTTP/1.1 200 OK\r\nServer: null\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\nConnection: keep-alive\r\n\r\n%s"
) % (len(_BODY), _BODY)
_END = b"\r\n\r\n"
_REQUEST_MAX_BYTES = 64 * 1024
_STARTS_WITHIN_S = 20.0


@contextlib.contextmanager
def null_server(cpus: Iterable[int] = ()) -> Iterator[str]:
    """Such a server in a process of its own, on these CPUs; gives its URL, and ends it afterwards.

    Raises:
        RigUnfit: it did not start within 20 s.
    """
    # A session of its own: Ctrl-C is for whoever started it, who then ends it.
    command = [sys.executable, "-P", "-m", __name__, ",".join(str(cpu) for cpu in cpus)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, text=True
    ) as process:
        try:
            assert process.stdout is not None
            is_there = select.select([process.stdout], [], [], _STARTS_WITHIN_S)[0]
            port = process.stdout.readline().strip() if is_there else ""
            if not port:
                raise RigUnfit(
                    f"the server for the self-check did not start within {_STARTS_WITHIN_S:g} s.",
                    where="self-check",
                    try_this="Close other programs and try again: this machine is too busy to measure on.",
                )
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


class _Null(asyncio.Protocol):
    """Answers each request, told by its empty line."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._begun = b""

    def data_received(self, data: bytes) -> None:
        data = self._begun + data
        requests = data.count(_END)
        self._begun = data[data.rfind(_END) + len(_END) :] if requests else data
        if requests:
            self._transport.write(_ANSWER * requests)
        elif len(data) > _REQUEST_MAX_BYTES:
            self._transport.abort()


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    ended = loop.create_future()
    server = await loop.create_server(_Null, "127.0.0.1", 0, backlog=1024)
    # Nothing is ever written to it: that it can be read means that it ended.
    loop.add_reader(sys.stdin.fileno(), ended.cancel)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - how its starter learns the port
    with contextlib.suppress(asyncio.CancelledError):
        await ended


def main() -> None:
    """Serve until standard input ends."""
    cpu_choice.keep_to(int(cpu) for cpu in sys.argv[1].split(",") if cpu)
    event_loop.run(_serve())


if __name__ == "__main__":
    main()
