"""A process that is started, watched and surely ended, with the CPU seconds that it and its children took."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["Ended", "ProcessFailed", "Started", "run"]

_PR_SET_PDEATHSIG = 1
_POLL_S = 0.02
_GRACE_S = 5.0


class ProcessFailed(Exception):
    """A process ended with an error, or did not end: what it was and what it said last."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended. cpu_s: user and system time of it and of every child it waited for (wait4)."""

    status: int
    wall_s: float
    cpu_s: float
    rss_max_bytes: int
    out: str
    err: str


class Started:
    """A running process in a session of its own, pinned to `cpu` (None: wherever the kernel likes).

    A context manager; what is left of the session is killed at its end, and by the kernel if this program dies first.
    Output goes to files in `folder`, so that no full pipe ever holds the process up.
    """

    def __init__(
        self,
        argv: Sequence[str],
        folder: Path,
        *,
        cpu: int | None,
        environment: Mapping[str, str] | None = None,
        name: str = "process",
    ) -> None:
        self.argv = tuple(argv)
        self._out, self._err = folder / f"{name}.out", folder / f"{name}.err"
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self._begun_s = time.monotonic()
            self._process = subprocess.Popen(
                self.argv,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=folder,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
                preexec_fn=lambda: _before_exec(cpu),  # noqa: PLW1509 - this program has one thread
            )
        self._ended: Ended | None = None

    @property
    def pid(self) -> int:
        """The process id of the process itself."""
        return self._process.pid

    def poll(self) -> Ended | None:
        """How it ended, or None while it runs."""
        if self._ended is None:
            pid, status, usage = os.wait4(self.pid, os.WNOHANG)
            if pid:
                wall_s = time.monotonic() - self._begun_s
                self._process.returncode = os.waitstatus_to_exitcode(status)
                rss_unit = 1 if sys.platform == "darwin" else 1024
                self._ended = Ended(
                    status=self._process.returncode,
                    wall_s=wall_s,
                    cpu_s=usage.ru_utime + usage.ru_stime,
                    rss_max_bytes=usage.ru_maxrss * rss_unit,
                    out=self._out.read_text(errors="replace"),
                    err=self._err.read_text(errors="replace"),
                )
        return self._ended

    def wait(self, timeout_s: float, *, accept: Sequence[int] = (0,)) -> Ended:
        """How it ended; ProcessFailed when that takes longer than timeout_s or its status is not in `accept`."""
        deadline_s = time.monotonic() + timeout_s
        while (ended := self.poll()) is None:
            if time.monotonic() > deadline_s:
                self.kill()
                raise ProcessFailed(f"{self._short()} did not end within {timeout_s:.0f} s. {self._last_words()}")
            time.sleep(_POLL_S)
        if ended.status not in accept:
            raise ProcessFailed(f"{self._short()} ended with status {ended.status}. {self._last_words()}")
        return ended

    def stop(self) -> None:
        """Ask it to end, kill it if it does not."""
        deadline_s = time.monotonic() + _GRACE_S
        if self.poll() is None:
            os.kill(self.pid, signal.SIGCONT)
            os.kill(self.pid, signal.SIGTERM)
        while self.poll() is None and time.monotonic() < deadline_s:
            time.sleep(_POLL_S)
        self.kill()

    def kill(self) -> None:
        """End it and what it left behind in its session, at once."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        deadline_s = time.monotonic() + _GRACE_S
        while self.poll() is None and time.monotonic() < deadline_s:
            time.sleep(_POLL_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _short(self) -> str:
        return " ".join([Path(self.argv[0]).name, *self.argv[1:]])[:120]

    def _last_words(self) -> str:
        said = [path.read_text(errors="replace").strip() for path in (self._err, self._out)]
        return " | ".join(text[-600:] for text in said if text) or "It said nothing."


def run(
    argv: Sequence[str],
    folder: Path,
    *,
    cpu: int | None,
    timeout_s: float,
    environment: Mapping[str, str] | None = None,
    accept: Sequence[int] = (0,),
    name: str = "process",
) -> Ended:
    """Start, wait, end: see Started."""
    with Started(argv, folder, cpu=cpu, environment=environment, name=name) as started:
        return started.wait(timeout_s, accept=accept)


def _before_exec(cpu: int | None) -> None:
    """In the child: its CPU, and death when this program dies, however it dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if cpu is not None:
            os.sched_setaffinity(0, {cpu})
