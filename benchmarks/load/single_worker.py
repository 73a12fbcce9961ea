"""A server with one worker that needs exactly so many milliseconds for a request, by the clock.

    python single_worker.py SERVICE_MS FILE

Prints its port. By the clock and not by CPU time, since a truth must not move with the neighbours. One request is
served at a time, in the order in which they arrive; the next one begins the instant the last one ends, so that reading
and writing add nothing to the service time. It looks for requests without ever sleeping: it needs a CPU of its own.
At SIGTERM it writes to FILE, as JSON, when each request arrived and when it was answered (seconds).
"""

import collections
import contextlib
import json
import select
import signal
import socket
import sys
import time
from pathlib import Path

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nyes"
_NOTHING_FOR_S = 0.5


class SingleWorker:
    """Its sockets, its queue, and what it has seen."""

    def __init__(self, service_s: float) -> None:
        self.service_s = service_s
        self.arrived_s: list[float] = []
        self.answered_s: list[float] = []
        self.running = True
        self._queue: collections.deque[tuple[socket.socket, float]] = collections.deque()
        self._parts: dict[int, bytes] = {}
        self._sockets: dict[int, socket.socket] = {}
        self._poll = select.epoll()
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self._listening.setblocking(False)
        self._poll.register(self._listening.fileno(), select.EPOLLIN)
        self.port = self._listening.getsockname()[1]

    def serve(self) -> None:
        """Until `running` is False."""
        clock = time.perf_counter
        free_s = clock()
        last_s = clock()
        while self.running:
            if not self._queue:
                # Long idle, it may as well sleep; while a load is on, waking up would take its time.
                self._look(0.05 if clock() - last_s > _NOTHING_FOR_S else 0.0)
                continue
            asker, arrived_s = self._queue.popleft()
            free_s = max(free_s, arrived_s) + self.service_s
            while clock() < free_s:
                self._look(0.0)
            with contextlib.suppress(OSError):
                asker.send(_ANSWER)
            last_s = clock()
            self.arrived_s.append(arrived_s)
            self.answered_s.append(last_s)

    def _look(self, timeout_s: float) -> None:
        """Take what has arrived."""
        for number, _ in self._poll.poll(timeout_s):
            if number == self._listening.fileno():
                with contextlib.suppress(BlockingIOError):
                    while True:
                        self._welcome(self._listening.accept()[0])
            else:
                self._read(self._sockets[number])

    def _welcome(self, asker: socket.socket) -> None:
        asker.setblocking(False)
        asker.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sockets[asker.fileno()] = asker
        self._parts[asker.fileno()] = b""
        self._poll.register(asker.fileno(), select.EPOLLIN)
        self._read(asker)

    def _read(self, asker: socket.socket) -> None:
        number = asker.fileno()
        try:
            data = asker.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._poll.unregister(number)
            del self._sockets[number], self._parts[number]
            asker.close()
            return
        *whole, rest = (self._parts[number] + data).split(b"\r\n\r\n")
        self._parts[number] = rest
        self._queue.extend([(asker, time.perf_counter())] * len(whole))


def main() -> None:
    """Serve until SIGTERM, then write what was seen."""
    worker = SingleWorker(float(sys.argv[1]) / 1000)

    def end(*_: object) -> None:
        worker.running = False

    signal.signal(signal.SIGTERM, end)
    print(worker.port, flush=True)
    worker.serve()
    seen = {"arrived_s": worker.arrived_s, "answered_s": worker.answered_s}
    Path(sys.argv[2]).write_text(json.dumps(seen))


if __name__ == "__main__":
    main()
