"""What the measuring middleware inside the subject's server saw, read from outside."""

import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from seatrial.testbed.measured_server import HEAD, RECORD, RECORDS_MAX, REDIRECT, WITH_DRIVER

__all__ = ["InsideRequest", "InsideView"]


@dataclass(frozen=True, slots=True)
class InsideRequest:
    """One request as the worker saw it; times in seconds.

    operation: the number it was sent with; is_redirect: it follows from an answer to that. began_s: on the clock of
    `time.perf_counter` where that is the system's monotonic clock. wall_s, cpu_s: in the app, and of its thread's CPU.
    driver_s, driver_cpu_s: of these, inside the database driver; driver_calls times. hold_s: a connection was held.
    has_driver: whether a driver that can be timed was used.
    """

    operation: int
    is_redirect: bool
    has_driver: bool
    driver_calls: int
    rows: int
    answer_bytes: int
    began_s: float
    wall_s: float
    cpu_s: float
    driver_s: float
    driver_cpu_s: float
    hold_s: float

    @property
    def elsewhere_s(self) -> float:
        """Seconds in the app that were neither its CPU nor inside the driver."""
        return (self.wall_s - self.driver_s) - (self.cpu_s - self.driver_cpu_s)


class InsideView:
    """The folder that the middleware writes to; made before the server starts."""

    def __init__(self, folder: Path) -> None:
        """Makes the folder, for one start of the server."""
        folder.mkdir(exist_ok=True)
        for old in folder.iterdir():
            old.unlink()  # of a start that was given the same port
        control = folder / "control"
        control.write_bytes(b"\0")
        with control.open("r+b") as file:
            self._control = mmap.mmap(file.fileno(), 1)
        self.folder = folder

    def switch(self, *, on: bool) -> None:
        """Whether requests that begin from now on are measured."""
        self._control[0] = int(on)

    def in_flight(self) -> int:
        """Measured requests inside the app now, over all workers."""
        count = 0
        for path in self.folder.glob("*.requests"):
            with path.open("rb") as file:
                begun, ended = HEAD.unpack(file.read(HEAD.size))
            count += max(0, begun - ended)
        return count

    def requests(self) -> tuple[InsideRequest, ...]:
        """All that were measured so far, in the order in which they began."""
        return tuple(sorted(self._read(), key=lambda request: request.began_s))

    def _read(self) -> Iterator[InsideRequest]:
        for path in self.folder.glob("*.requests"):
            with path.open("rb") as file:
                _, ended = HEAD.unpack(file.read(HEAD.size))
                # A slot may be given out and not yet be written when others after it are.
                content = file.read(min(ended, RECORDS_MAX) * RECORD.size)
            for operation, flags, calls, rows, answer_bytes, *times in RECORD.iter_unpack(content):
                if times[0]:
                    yield InsideRequest(
                        operation,
                        bool(flags & REDIRECT),
                        bool(flags & WITH_DRIVER),
                        calls,
                        rows,
                        answer_bytes,
                        *times,
                    )
