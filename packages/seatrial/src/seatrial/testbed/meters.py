"""CPU and memory of groups of processes: from control groups where there are some, else from the process table."""

import contextlib
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import psutil

from seatrial.testbed.cgroups import Groups
from seatrial.testbed.process import Process
from seatrial.testbed.readings import CpuSeconds
from seatrial.testbed.running import Running

__all__ = ["GroupMeters", "Meters", "ProcessMeters", "Tally", "descendants", "memory_bytes", "process_cpu_s"]


class Meters(Protocol):
    """What a test bed reads."""

    def cpu_seconds(self, running: Running) -> CpuSeconds:
        """CPU seconds since the meters were made, with all descendants."""

    def app_seconds(self, running: Running, host: int) -> float | None:
        """CPU seconds of the app on that host, from 0, since the meters were made; None where nothing tells."""

    def pids(self, process: Process) -> list[int]:
        """Process ids of it and its descendants, itself first."""


class GroupMeters:
    """The kernel's own account of a control group: complete, even for processes that have ended."""

    def __init__(self, groups: Groups, further: tuple[Groups, ...] = (), *, has_database: bool) -> None:
        """further: those of each further host. has_database: whether the database runs in its group; else its CPU is
        unknown, not zero."""
        self._groups = groups
        self._hosts = (groups, *further)
        self._has_database = has_database

    def cpu_seconds(self, running: Running) -> CpuSeconds:  # noqa: ARG002 -- Meters
        """Two or three reads of open files."""
        services_s = self._groups.services_cpu_s()
        database_s = self._groups.database_cpu_s() if self._has_database else None
        app_s = sum(groups.app_cpu_s() for groups in self._hosts)
        return CpuSeconds(app_s + (services_s or 0.0), database_s, services_s)

    def app_seconds(self, running: Running, host: int) -> float | None:  # noqa: ARG002 -- Meters
        """The kernel's own account."""
        return self._hosts[host].app_cpu_s() if host < len(self._hosts) else None

    def pids(self, process: Process) -> list[int]:
        """The group's members."""
        members = process.order.own_group
        if members is None:
            return descendants(process.pid)
        others = {int(line) for line in members.read_text(encoding="ascii").split()} - {process.pid}
        return [process.pid, *sorted(others)]


class ProcessMeters:
    """Without control groups: the clocks of the processes that live; what one used after its last reading is lost."""

    def __init__(self) -> None:
        """Starts every tally at zero."""
        self._app = Tally()
        self._database = Tally()
        self._services: Tally | None = None
        self._hosts: dict[int, Tally] = {}

    def cpu_seconds(self, running: Running) -> CpuSeconds:
        """Walks all process trees: about a millisecond."""
        app_s = self._app.add(pid for process in running.app for pid in descendants(process.pid))
        database_s = self._database.add(descendants(running.database.pid)) if running.database else None
        if running.services and self._services is None:
            self._services = Tally()
        beside = (pid for process in running.services for pid in descendants(process.pid))
        services_s = self._services.add(beside) if self._services else None
        return CpuSeconds(app_s + (services_s or 0.0), database_s, services_s)

    def app_seconds(self, running: Running, host: int) -> float | None:
        """Complete since the first time that it was asked for while these processes ran."""
        tally = self._hosts.setdefault(host, Tally())
        return tally.add(pid for process in running.on_host(host) for pid in descendants(process.pid))

    def pids(self, process: Process) -> list[int]:
        """The process tree."""
        return descendants(process.pid)


class Tally:
    """Adds up the CPU time of processes that come and go."""

    def __init__(self) -> None:
        """Starts at zero."""
        self._ended_s = 0.0
        self._last: dict[int, float] = {}

    def add(self, pids: Iterable[int]) -> float:
        """CPU seconds of all processes ever given, those that have ended with their last reading."""
        now = {pid: used for pid in pids if (used := process_cpu_s(pid)) is not None}
        for pid, used in self._last.items():
            # A process id that is given out again starts from zero.
            if now.get(pid, -1.0) < used:
                self._ended_s += used
        self._last = now
        return self._ended_s + sum(now.values())


def process_cpu_s(pid: int) -> float | None:
    """CPU time of one process with all its threads, ended ones too; None when it is gone."""
    try:
        if sys.platform != "linux":
            times = psutil.Process(pid).cpu_times()
            return float(times.user + times.system)
        # clock_getcpuclockid(3): the scheduler's clock of a process, in nanoseconds, is numbered so.
        return time.clock_gettime((~pid << 3) | 2)
    except (OSError, psutil.Error):
        return None


def descendants(pid: int) -> list[int]:
    """The process ids of a tree, its root first."""
    if not Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").exists():
        with contextlib.suppress(psutil.Error):
            return [pid, *sorted(child.pid for child in psutil.Process(pid).children(recursive=True))]
        return [pid]
    found = [pid]
    for parent in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{parent}/task").iterdir():
                # The list grows while it is walked: children of children follow.
                found.extend(int(child) for child in (task / "children").read_text(encoding="ascii").split())
    return [pid, *sorted(found[1:])]


def memory_bytes(pid: int) -> int | None:
    """PSS of one process: its own pages, and its share of those it shares. None when it is gone.

    Outside Linux there is no PSS; there it is the memory that only this process has, so shared pages are missing.
    """
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except (FileNotFoundError, ProcessLookupError):
        if sys.platform == "linux":
            return None
    except PermissionError:
        return None
    try:
        return int(psutil.Process(pid).memory_full_info().uss)
    except psutil.Error:
        return None
