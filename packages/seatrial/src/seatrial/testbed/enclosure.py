"""The limits that app, database and services run in together, and the meters on them."""

import time
from dataclasses import dataclass

from seatrial.spec.plan import Limits
from seatrial.testbed.cgroup_layout import GroupFiles, GroupLimits
from seatrial.testbed.cgroups import Groups, Unavailable, make_groups
from seatrial.testbed.meters import GroupMeters, Meters, ProcessMeters, memory_bytes
from seatrial.testbed.placement import Placement
from seatrial.testbed.process import Process, Warden, wait_until
from seatrial.testbed.readings import Readings
from seatrial.testbed.running import Running

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
    """What surrounds the subject. caveats: which of the plan's limits could not be enforced, and why."""

    limits: Limits
    meters: Meters
    groups: Groups | None
    caveats: tuple[str, ...] = ()
    _oom_kills_before: tuple[int, int, int] = (0, 0, 0)

    @classmethod
    def build(
        cls, keeper: Warden, limits: Limits, placement: Placement, *, has_database: bool, has_services: bool = False
    ) -> "Enclosure":
        """With control groups where the system allows them, else with what the process table tells.

        has_database: whether the database will run inside; the CPU of one outside is unknown, not zero. has_services:
        whether other servers will.
        """
        wanted = GroupLimits(
            placement.subject_cpus,
            limits.subject_memory_bytes,
            placement.quota,
            placement.database_cpus,
            has_services,
        )
        made = make_groups(keeper.token, wanted, lambda removal: keeper.tell(groups=removal))
        if not isinstance(made, Unavailable):
            return cls(limits, GroupMeters(made, has_database=has_database), made)
        caveats = [made.reason]
        if placement.quota:
            caveats.append(
                f"{placement.cpus:g} vCPU could not be kept to without control groups: the result is for "
                f"{len(placement.subject_cpus)} whole."
            )
        return cls(limits, ProcessMeters(), None, tuple(caveats))

    def close(self) -> None:
        """Let go of the open meters; the warden removes the groups."""
        if self.groups:
            self.groups.close()

    @property
    def app(self) -> GroupFiles | None:
        """The app's group; None without control groups."""
        return self.groups.layout.app if self.groups else None

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
        if self.groups:
            self.groups.apply_quota()
        self._oom_kills_before = self._oom_kills()

    def _oom_kills(self) -> tuple[int, int, int]:
        groups = self.groups
        if groups is None:
            return 0, 0, 0
        return groups.app_oom_kills(), groups.database_oom_kills(), groups.services_oom_kills()

    def out_of_memory(self) -> str:
        """A sentence when the kernel has ended a process for want of memory since `tighten`, else ""."""
        kills = [now - before for now, before in zip(self._oom_kills(), self._oom_kills_before, strict=True)]
        who = ("the app", "PostgreSQL", "a server beside the app (pooler, cache or balancer)")
        killed = next((name for name, count in zip(who, kills, strict=True) if count > 0), None)
        if not self.groups or killed is None:
            return ""
        peak_bytes = self.groups.memory_peak_bytes() or self.groups.memory_limit_bytes
        return out_of_memory_words(killed, peak_bytes, self.limits)

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
            throttled_s=self.groups.throttled_s() if self.groups else 0.0,
            processes=len(workers),
            services_cpu_s=cpu.services_s,
            services_memory_bytes=sum(beside) if beside else None,
        )

    def _pids(self, processes: tuple[Process, ...]) -> list[int]:
        # The group of the first instance holds the others as well.
        return list(dict.fromkeys(pid for process in processes for pid in self.meters.pids(process)))

    def _memory(self, processes: tuple[Process, ...]) -> tuple[int, ...]:
        return tuple(used for pid in self._pids(processes) if (used := memory_bytes(pid)) is not None)
