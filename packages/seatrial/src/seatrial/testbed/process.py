"""Starting and ending processes of the subject: always through the launch shim, always known to the warden."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seatrial.errors import TestbedError
from seatrial.testbed import launch, warden

__all__ = ["Order", "Process", "Warden", "describe_exit", "tail", "wait_until"]

TAIL_BYTES = 64 * 1024
LAUNCH_DEADLINE_S = 20.0
WARDEN_DEADLINE_S = 40.0


@dataclass(frozen=True, slots=True)
class Order:
    """One process to start.

    log: file that takes its output and errors. groups: `cgroup.procs` files to enter. own_group: the one of them that
    holds only this process and its descendants. user: (uid, gid) to become.
    stop_signal: what asks it to end. oom_score_adj: how early it goes when memory runs out (0 to 1000).
    """

    argv: tuple[str, ...]
    environment: Mapping[str, str]
    directory: Path
    log: Path
    cpus: tuple[int, ...] = ()
    groups: tuple[Path, ...] = ()
    own_group: Path | None = None
    user: tuple[int, int] | None = None
    stop_signal: int = signal.SIGTERM
    oom_score_adj: int = 500


def tail(log: Path, lines: int = 20) -> str:
    """The last lines of a file, which may be missing or still growing."""
    with contextlib.suppress(OSError), log.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - TAIL_BYTES))
        text = file.read(TAIL_BYTES).decode(errors="replace")
        return "\n".join(text.rstrip().splitlines()[-lines:])
    return ""


def describe_exit(status: int) -> str:
    """`exit status 3`, or `signal SIGKILL`, from a return code as subprocess gives it."""
    if status >= 0:
        return f"exit status {status}"
    with contextlib.suppress(ValueError):
        return f"signal {signal.Signals(-status).name}"
    return f"signal {-status}"


class Warden:
    """Seatrial's end of the pipe to the warden process; used as a context manager."""

    def __init__(self, token: str) -> None:
        """`token`: letters and digits that nothing else on this machine carries."""
        self.token = token
        self._register = warden.Register(mark=token)
        self._count = 0
        self._helper = subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(warden.__file__)), token],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )

    def tell(self, **message: object) -> None:
        """Register something, before it exists; what is in the pipe outlives us."""
        self._register.note(json.loads(json.dumps(message)))
        pipe = self._helper.stdin
        if pipe is None or self._helper.poll() is not None:
            raise TestbedError(
                "the helper process that cleans up after Seatrial has ended",
                try_this="Start again; if it happens again, something on this machine ends Seatrial's processes.",
            )
        pipe.write(json.dumps(message).encode() + b"\n")
        pipe.flush()

    def new_mark(self) -> str:
        """A value of the mark variable for one more process."""
        self._count += 1
        return f"{self.token}.{self._count}."

    def close(self) -> None:
        """Let the warden end and remove everything, and wait for it; idempotent."""
        pipe = self._helper.stdin
        if pipe is None or pipe.closed:
            return
        with contextlib.suppress(BrokenPipeError):
            pipe.close()
        try:
            self._helper.wait(timeout=WARDEN_DEADLINE_S)
        except subprocess.TimeoutExpired:
            self._helper.kill()
            self._helper.wait()
        # Normally there is nothing left to do; when the warden itself was killed, this is the second line.
        warden.clean_up(self._register)


@dataclass(slots=True)
class Process:
    """A started process of the subject."""

    order: Order
    keeper: Warden
    _popen: "subprocess.Popen[bytes]" = field(init=False)
    _register: warden.Register = field(init=False)

    def __post_init__(self) -> None:
        mark = self.keeper.new_mark()
        go_read, go_write = os.pipe()
        status_read, status_write = os.pipe()
        with os.fdopen(status_read, "rb") as status:
            try:
                self._launch(mark, go_read, go_write, status_write)
            finally:
                for descriptor in (go_read, go_write, status_write):
                    os.close(descriptor)
            # The shim's exec or its exit closes the pipe: nothing said means that the program runs.
            said = status.read()
        if said:
            self.stop(grace_s=0.0)
            trouble = json.loads(said)
            raise TestbedError(
                f"cannot start `{self.order.argv[0]}`: {trouble['error']}",
                where=trouble["path"],
                try_this="Check that the program and its directory exist and that you may use them.",
            )

    def _launch(self, mark: str, go_read: int, go_write: int, status_write: int) -> None:
        with self.order.log.open("ab") as log:
            self._popen = subprocess.Popen(
                [sys.executable, "-I", "-S", str(Path(launch.__file__)), str(go_read), str(status_write)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**self.order.environment, warden.MARK: mark},
                pass_fds=(go_read, status_write),
                start_new_session=True,
            )
        own = [str(self.order.own_group)] if self.order.own_group else []
        self._register = warden.Register(mark=mark, groups=own)
        started = warden.born(self.pid)
        self._register.processes[self.pid] = (started, self.order.stop_signal)
        self.keeper.tell(process=self.pid, born=started, signal=int(self.order.stop_signal))
        os.write(go_write, json.dumps(self._instructions()).encode() + b"\n")

    def _instructions(self) -> dict[str, Any]:
        order = self.order
        return {
            "argv": order.argv,
            "directory": str(order.directory),
            "groups": [str(group) for group in order.groups],
            "cpus": order.cpus,
            "uid": order.user[0] if order.user else None,
            "gid": order.user[1] if order.user else None,
            "oom_score_adj": order.oom_score_adj,
        }

    @property
    def pid(self) -> int:
        """The process id; also its session's."""
        return self._popen.pid

    @property
    def exit_status(self) -> int | None:
        """None while it runs; negative for a signal."""
        return self._popen.poll()

    def family(self) -> list[int]:
        """Process ids of it and its descendants now, itself first."""
        others = warden.living(self._register) - {self.pid}
        return ([self.pid] if self.exit_status is None else []) + sorted(others)

    def wait(self, timeout_s: float) -> int | None:
        """Its exit status, or None when the time ran out first."""
        try:
            return self._popen.wait(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            return None

    def log_tail(self, lines: int = 20) -> str:
        """Its last lines."""
        return tail(self.order.log, lines)

    def stop(self, grace_s: float = warden.GRACE_S) -> None:
        """Ask it to end, then end it with all its descendants. Raises TestbedError when one will not go."""
        left = warden.end_processes(self._register, grace_s, reap=self._popen.poll)
        if left:
            raise TestbedError(
                f"processes {sorted(left)} of the subject cannot be ended",
                try_this="They may hang in the kernel (a network file system?); restart the machine if they stay.",
            )
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(timeout=1.0)
        self.keeper.tell(ended=self.pid)


def wait_until(condition: Callable[[], bool], deadline_s: float, poll_s: float = 0.02) -> bool:
    """Poll until `condition()` is true; False when the deadline (seconds from now) passes first."""
    end = time.monotonic() + deadline_s
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(poll_s)
    return True
