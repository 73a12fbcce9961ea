"""A delay between the app and a database that is apart from it: passes bytes on, each after half a round trip.

Run as a script (`python -I -S relay.py PORT TARGET_PORT ONE_WAY_S`): one process and thread, the standard library only.
It waits in select(2), whose timeout counts microseconds; epoll's and those of event loops count milliseconds, as long
as the delay itself. Bytes keep their order; a connection that is closed is closed on the other side after the delay.
"""

import contextlib
import select
import socket
import sys
import time
from collections import deque
from pathlib import Path

__all__ = ["Relay"]

CHUNK_BYTES = 64 * 1024
BUFFERED_MAX_BYTES = 1024 * 1024
"""Of one direction; above it nothing more is read until some has been passed on."""

RETRY_S = 0.0005
"""Until the next try after the other side took nothing."""

BACKLOG = 256


class Direction:
    """What flows one way: from one socket to another, late."""

    __slots__ = ("buffered", "destination", "is_over", "pending", "source")

    def __init__(self, source: socket.socket, destination: socket.socket) -> None:
        self.source = source
        self.destination = destination
        self.pending: deque[tuple[float, bytes]] = deque()  # (when it is due, what; b"" stands for the end)
        self.buffered = 0
        self.is_over = False  # nothing more will be read

    @property
    def wants_more(self) -> bool:
        """Whether its source is to be read."""
        return not self.is_over and self.buffered < BUFFERED_MAX_BYTES

    def take(self, due_s: float) -> None:
        """Read what has come; it is due then."""
        try:
            data = self.source.recv(CHUNK_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self.is_over = not data
        self.buffered += len(data)
        self.pending.append((due_s, data))

    def pass_on(self, now_s: float) -> bool:
        """Write what is due; False when the end was passed on, or the other side is gone."""
        while self.pending and self.pending[0][0] <= now_s:
            _, data = self.pending.popleft()
            try:
                if not data:
                    self.destination.shutdown(socket.SHUT_WR)
                    return False
                sent = self.destination.send(data)
            except BlockingIOError:
                sent = 0
            except OSError:
                return False
            self.buffered -= sent
            if sent < len(data):
                self.pending.appendleft((now_s + RETRY_S, data[sent:]))
        return True


class Relay:
    """Listens on 127.0.0.1 and passes each connection on to the target port of the same address."""

    def __init__(self, port: int, target_port: int, one_way_s: float) -> None:
        """Listens at once."""
        self._target = ("127.0.0.1", target_port)
        self._one_way_s = one_way_s
        self._listener = socket.create_server(("127.0.0.1", port), backlog=BACKLOG)
        self._listener.setblocking(False)
        self._directions: list[Direction] = []

    def run(self) -> None:
        """Pass on until the process is ended."""
        while True:
            self._step()

    def _step(self) -> None:
        due_s = min((d.pending[0][0] for d in self._directions if d.pending), default=None)
        timeout_s = None if due_s is None else max(0.0, due_s - time.monotonic())
        reading = {d.source.fileno(): d for d in self._directions if d.wants_more}
        ready, _, _ = select.select([self._listener.fileno(), *reading], [], [], timeout_s)
        now_s = time.monotonic()
        for number in ready:
            if number in reading:
                reading[number].take(now_s + self._one_way_s)
            else:
                self._accept()
        for direction in [d for d in self._directions if d.pending]:
            if not direction.pass_on(now_s):
                self._end(direction)

    def _accept(self) -> None:
        with contextlib.suppress(BlockingIOError):
            near, _ = self._listener.accept()
            try:
                far = socket.create_connection(self._target, timeout=5.0)
            except OSError:
                near.close()
                return
            for end in (near, far):
                end.setblocking(False)
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._directions += [Direction(near, far), Direction(far, near)]

    def _end(self, direction: Direction) -> None:
        self._directions.remove(direction)
        if not any(other.source is direction.destination for other in self._directions):
            direction.source.close()
            direction.destination.close()


def main() -> None:
    """The script."""
    # By default the kernel may wake a sleeper up to 50 us late, to spare power (proc(5)).
    with contextlib.suppress(OSError):
        Path("/proc/self/timerslack_ns").write_text("1", encoding="ascii")
    Relay(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])).run()


if __name__ == "__main__":
    main()
