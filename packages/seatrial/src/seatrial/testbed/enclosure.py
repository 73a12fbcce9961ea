"""The limits that app, database and services run in together, and the meters on them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from seatrial.spec.plan import Limits
from seatrial.testbed.cgroup_layout import GroupFiles, GroupLimits
from seatrial.testbed.cgroups import Groups, Unavailable, make_groups
from seatrial.testbed.meters import GroupMeters, Meters, ProcessMeters, memory_bytes, process_cpu_s
from seatrial.testbed.placement import Placement, quota_for
from seatrial.testbed.process import Process, Warden, wait_until
from seatrial.testbed.readings import CpuSeconds, HostReading, Readings
from seatrial.testbed.running import Running
from seatrial.testbed.warden import take_down_groups

__all__ = ["Enclosure", "out_of_memory_words"]

MEBIBYTE = 1024 * 1024
SETTLE_POLL_S = 0.1
IDLE_SHARE = 0.1


def out_of_memory_words(who: str, peak_bytes: int, limits: Limits) -> str:
    """What happened, with the plan's own numbers. peak_bytes: the most that app and database used together."""
    peak, plan, system = (
        f"{size / MEBIBYTE:.0f} MB" for size in (peak_bytes, limits.memory_bytes, limits.system_memory_bytes)
    )
    return f"{who} ran out of memory at {peak} of the plan's {plan} ({system} of them are the operating system's)"


@dataclass(slots=True)
class Enclosure:
    """What surrounds the subject. caveats: which of the plan's limits could not be enforced, and why.

    groups: of the first host, with everything but the app on others; further: of each other host, the app on it.
    """

    limits: Limits
    meters: Meters
    placement: Placement
    groups: Groups | None
    further: tuple[Groups, ...] = ()
    caveats: tuple[str, ...] = ()
    _oom_kills_before: tuple[int, ...] = ()

    @classmethod
    def build(
        cls, keeper: Warden, limits: Limits, placement: Placement, *, has_database: bool, has_services: bool = False
    ) -> "Enclosure":
        """With control groups where the system allows them, else with what the process table tells.

        has_database: whether the database will run inside; the CPU of one outside is unknown, not zero. has_services:
        whether other servers will.
        """
        wanted = GroupLimits(
            placement.hosts[0],
            limits.subject_memory_bytes,
            placement.quota,
            placement.database_cpus,
            has_services,
        )
        made = _make(keeper, wanted, placement)
        if not isinstance(made, Unavailable):
            first, *others = made
            meters = GroupMeters(first, tuple(others), has_database=has_database)
            return cls(limits, meters, placement, first, tuple(others))
        caveats = [made.reason]
        if placement.further:
            caveats.append(
                f"So nothing keeps the {len(placement.hosts)} hosts apart: one of them may take the CPU and the memory "
                "that another leaves."
            )
        if placement.quota:
            caveats.append(
                f"{placement.cpus:g} vCPU could not be kept to without control groups: the result is for "
                f"{len(placement.hosts[0])} whole."
            )
        return cls(limits, ProcessMeters(), placement, None, (), tuple(caveats))

    @property
    def _hosts(self) -> tuple[Groups, ...]:
        return (self.groups, *self.further) if self.groups else ()

    def close(self) -> None:
        """Let go of the open meters; the warden removes the groups."""
        for groups in self._hosts:
            groups.close()

    @property
    def apps(self) -> tuple[GroupFiles | None, ...]:
        """The app's group on each host; None in place of it without control groups."""
        return tuple(groups.layout.app for groups in self._hosts) or (None,) * len(self.placement.hosts)

    @property
    def database(self) -> GroupFiles | None:
        """The database's group; None without control groups."""
        return self.groups.layout.database if self.groups else None

    @property
    def services(self) -> GroupFiles | None:
        """The services' group; None without control groups, or without services."""
        return self.groups.layout.services if self.groups else None

    def tighten(self) -> None:
        """From now on the CPU quota holds, and kills for want of memory are this start's."""
        for groups in self._hosts:
            groups.apply_quota()
        self._oom_kills_before = self._oom_kills()

    @contextmanager
    def held_to(self, cpus: float) -> Iterator[bool]:
        """Another fraction of the CPUs meanwhile; gives whether it is: on one host, and with control groups."""
        is_held = self.groups is not None and not self.further
        try:
            if self.groups is not None and is_held:
                self.groups.hold_to(quota_for(cpus))
        except OSError:  # a kernel without quotas: a plan of whole CPUs needs none
            is_held = False
        try:
            yield is_held
        finally:
            if self.groups is not None and is_held:
                self.groups.hold_to(self.placement.quota)

    def _oom_kills(self) -> tuple[int, ...]:
        """Of the app on each host, the database, the services."""
        if self.groups is None:
            return ()
        apps = (groups.app_oom_kills() for groups in self._hosts)
        return (*apps, self.groups.database_oom_kills(), self.groups.services_oom_kills())

    def out_of_memory(self) -> str:
        """A sentence when the kernel has ended a process for want of memory since `tighten`, else ""."""
        if not self.groups or not self._oom_kills_before:
            return ""
        kills = [now - before for now, before in zip(self._oom_kills(), self._oom_kills_before, strict=True)]
        apps = (
            [f"the app on host {number}" for number in range(1, len(self._hosts) + 1)] if self.further else ["the app"]
        )
        who = (*apps, "PostgreSQL", "a server beside the app (pooler, cache or balancer)")
        place = (*self._hosts, self.groups, self.groups)
        for name, groups, count in zip(who, place, kills, strict=True):
            if count > 0:
                return out_of_memory_words(name, groups.memory_peak_bytes() or groups.memory_limit_bytes, self.limits)
        return ""

    def settle(self, running: Running, processes: int, deadline_s: float) -> bool:
        """Wait until the app has that many processes and is idle; False when the deadline (seconds) passed first."""
        last_s = float("-inf")

        def is_idle() -> bool:
            nonlocal last_s
            now_s = self.meters.cpu_seconds(running).app_s or 0.0
            used_s, last_s = now_s - last_s, now_s
            return used_s < IDLE_SHARE * SETTLE_POLL_S and len(self._pids(running.app)) >= processes

        return wait_until(is_idle, deadline_s, SETTLE_POLL_S)

    def readings(self, running: Running) -> Readings:
        """Every meter at once."""
        at_s = time.perf_counter()
        cpu = self.meters.cpu_seconds(running)
        workers = self._memory(running.app)
        backends = self._memory((running.database,) if running.database else ())
        beside = self._memory(running.services)
        return Readings(
            at_s=at_s,
            app_cpu_s=cpu.app_s,
            database_cpu_s=cpu.database_s,
            app_memory_bytes=sum(workers) if workers else None,
            worker_memory_bytes=workers,
            database_memory_bytes=sum(backends) if backends else None,
            memory_limit_bytes=self.groups.memory_limit_bytes if self.groups else None,
            oom_kills=sum(self._oom_kills()),
            throttled_s=sum(groups.throttled_s() for groups in self._hosts),
            processes=len(workers),
            services_cpu_s=cpu.services_s,
            services_memory_bytes=sum(beside) if beside else None,
            hosts=tuple(self._by_host(running, cpu, sum(backends), sum(beside))),
            process_cpu_s=self._process_cpu_s(running.app),
        )

    def _by_host(
        self, running: Running, cpu: CpuSeconds, database_bytes: int, services_bytes: int
    ) -> Iterator[HostReading]:
        """Each of several hosts, then a database that is apart; nothing for one host."""
        count, is_apart = len(set(running.hosts)), bool(self.placement.database_cpus)
        for number in range(count if count > 1 else 0):
            cpu_s = self.meters.app_seconds(running, number)
            used = sum(self._memory(running.on_host(number)))
            if number == 0:
                used += services_bytes + (0 if is_apart else database_bytes)
                more_s = (cpu.services_s or 0.0) + (0.0 if is_apart else cpu.database_s or 0.0)
                cpu_s = None if cpu_s is None else cpu_s + more_s
            groups = self._hosts[number] if self._hosts else None
            yield HostReading(
                name=f"host {number + 1}",
                cpus=self.placement.cpus,
                cpu_s=cpu_s,
                memory_bytes=used or None,
                limit_bytes=groups.memory_limit_bytes if groups else None,
                throttled_s=groups.throttled_s() if groups else 0.0,
            )
        if count > 1 and is_apart and cpu.database_s is not None:
            yield HostReading(
                "database", float(len(self.placement.database_cpus)), cpu.database_s, database_bytes, None
            )

    def _pids(self, processes: tuple[Process, ...]) -> list[int]:
        # The group of the first instance on a host holds the others there as well.
        return list(dict.fromkeys(pid for process in processes for pid in self.meters.pids(process)))

    def _process_cpu_s(self, app: tuple[Process, ...]) -> dict[int, float]:
        if len(app) != 1:
            return {}
        return {pid: used for pid in self._pids(app) if (used := process_cpu_s(pid)) is not None}

    def _memory(self, processes: tuple[Process, ...]) -> tuple[int, ...]:
        return tuple(used for pid in self._pids(processes) if (used := memory_bytes(pid)) is not None)


def _make(keeper: Warden, first: GroupLimits, placement: Placement) -> list[Groups] | Unavailable:
    """The groups of every host, or none of them. first: of the first host."""
    further = [GroupLimits(cpus, first.memory_bytes, first.quota) for cpus in placement.further]
    all_made: list[Groups] = []
    for number, limits in enumerate((first, *further), start=1):
        token = keeper.token if number == 1 else f"{keeper.token}-host-{number}"
        home = all_made[0].layout.home if all_made else None
        made = make_groups(token, limits, lambda removal: keeper.tell(groups=removal), beside=home)
        if isinstance(made, Unavailable):
            for groups in reversed(all_made):
                groups.close()
                take_down_groups(groups.layout.removal())
            return made
        all_made.append(made)
    return all_made
