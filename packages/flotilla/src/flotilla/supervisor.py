"""Several processes run as one: forked from this one, begun again when they die, ended together.

Forking shares the memory of everything loaded before it, and makes a restart a matter of milliseconds. This process
therefore stays single-threaded and holds no connection.
"""

import contextlib
import ctypes
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

__all__ = ["Part", "Supervisor"]

RESTART_FIRST_S = 0.5
RESTART_MAX_S = 30.0
# A part that lived so long is not failing again and again.
STEADY_S = 60.0
# An essential part that dies so soon after the very first start never worked.
FIRST_START_S = 5.0
STOP_WAIT_S = 25.0
SIGNALS = (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15


@dataclass(frozen=True, slots=True)
class Part:
    """One of the processes: `run` is called in it, and its return or exception ends it.

    `renew` is the signal that asks it to begin afresh; one that ends at it is simply started again. Without an
    `essential` part that could be started the whole is not worth running.
    """

    name: str
    run: Callable[[], object]
    essential: bool = False
    renew: signal.Signals = signal.SIGTERM


@dataclass(slots=True)
class _Life:
    part: Part
    pid: int = 0
    started_s: float = 0.0
    starts: int = 0
    wait_s: float = 0.0
    due_s: float = 0.0
    renewed: bool = field(default=False)


class Supervisor:
    """Runs the parts until SIGTERM or SIGINT; SIGHUP renews them, without a pause where a part can do that.

    On SIGTERM `drain` is called first, and the parts run on for `drain_s` seconds; another signal cuts that short.
    """

    def __init__(
        self, parts: Sequence[Part], *, drain: Callable[[], object] = lambda: None, drain_s: float = 0.0
    ) -> None:
        self._lives = [_Life(part) for part in parts]
        self._log = structlog.get_logger("flotilla.supervisor")
        self._drain, self._drain_s = drain, drain_s
        self._arrived: list[int] = []
        self._wake_read, self._wake_write = os.pipe()

    def run(self) -> int:
        """The exit status: 0 when told to stop, 3 when an essential part could not be started."""
        os.set_blocking(self._wake_write, False)
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        for number in SIGNALS:
            signal.signal(number, lambda arrived, _frame: self._arrived.append(arrived))
        status = 0
        try:
            while not self._told_to_stop():
                self._start_what_is_due()
                self._sleep(self._seconds_to_next_start())
                if self._bury():
                    status = 3
                    break
            else:
                self._let_others_notice()
        finally:
            self._stop_all()
        return status

    def _let_others_notice(self) -> None:
        self._drain()
        deadline_s = time.monotonic() + self._drain_s
        while (left_s := deadline_s - time.monotonic()) > 0 and not self._told_to_stop():
            self._sleep(left_s)

    def _told_to_stop(self) -> bool:
        arrived, self._arrived = self._arrived, []
        if signal.SIGHUP in arrived:
            for life in self._lives:
                if life.pid:
                    life.renewed = True
                    _signal(life.pid, life.part.renew)
        return signal.SIGTERM in arrived or signal.SIGINT in arrived

    def _start_what_is_due(self) -> None:
        for life in self._lives:
            if not life.pid and life.due_s <= time.monotonic():
                life.pid = self._forked(life.part)
                life.started_s = time.monotonic()
                life.starts += 1
                life.renewed = False

    def _seconds_to_next_start(self) -> float | None:
        waits = [life.due_s - time.monotonic() for life in self._lives if not life.pid]
        return max(0.0, min(waits)) if waits else None

    def _sleep(self, most_s: float | None) -> None:
        """Until a signal arrives, or so many seconds."""
        if select.select([self._wake_read], [], [], most_s)[0]:
            os.read(self._wake_read, 4096)

    def _bury(self) -> bool:
        """Note which parts died and when each is due again; whether an essential one never worked."""
        hopeless = False
        for life in self._lives:
            ended = _ended(life.pid) if life.pid else None
            if ended is None:
                continue
            lived_s = time.monotonic() - life.started_s
            life.pid = 0
            if life.renewed:
                life.wait_s, life.due_s = 0.0, 0.0
                continue
            steady = lived_s >= STEADY_S
            life.wait_s = RESTART_FIRST_S if steady or not life.wait_s else min(2 * life.wait_s, RESTART_MAX_S)
            life.due_s = time.monotonic() + life.wait_s
            self._log.error("process ended", part=life.part.name, how=ended, restart_in_s=life.wait_s)
            # By itself, that is; whom somebody killed may well work.
            gave_up = life.starts == 1 and lived_s < FIRST_START_S and ended.startswith("exit")
            hopeless |= life.part.essential and gave_up
        return hopeless

    def _stop_all(self) -> None:
        deadline_s = time.monotonic() + STOP_WAIT_S
        for life in self._lives:
            if life.pid:
                _signal(life.pid, signal.SIGTERM)
        while any(life.pid for life in self._lives):
            left_s = deadline_s - time.monotonic()
            if left_s <= 0:
                for life in self._lives:
                    if life.pid:
                        self._log.error("process did not stop in time and was killed", part=life.part.name)
                        _signal(life.pid, signal.SIGKILL)
                left_s = 1.0
            self._sleep(min(left_s, 1.0))
            for life in self._lives:
                if life.pid and _ended(life.pid) is not None:
                    life.pid = 0

    def _forked(self, part: Part) -> int:
        sys.stdout.flush()
        sys.stderr.flush()
        parent = os.getpid()
        pid = os.fork()
        if pid:
            return pid
        status = 1
        try:
            self._become(part.name, parent)
            part.run()
            status = 0
        except SystemExit as leaving:
            status = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
        except BaseException:  # noqa: BLE001 (this process ends here, whatever it was)
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)

    def _become(self, name: str, parent: int) -> None:
        signal.set_wakeup_fd(-1)
        for number in SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.close(self._wake_read)
        os.close(self._wake_write)
        if sys.platform == "linux":
            libc = ctypes.CDLL(None)
            # Were the supervisor killed, nobody would be left to end this process.
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
            libc.prctl(PR_SET_NAME, f"flotilla {name}".encode())
        if os.getppid() != parent:
            raise SystemExit(1)


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _ended(pid: int) -> str | None:
    """How the child ended; None while it lives."""
    found, status = os.waitpid(pid, os.WNOHANG)
    if not found:
        return None
    code = os.waitstatus_to_exitcode(status)
    return f"exit status {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
