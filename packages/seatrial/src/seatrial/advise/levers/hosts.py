"""How full each of several hosts was while the app was saturated, and which gives way first. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from seatrial.measure.experiment import Seen
from seatrial.measure.measurement import HostUse

__all__ = ["FULL", "HostLoad", "HostsSeen", "hosts_seen"]

FULL = 0.9
"""Of the CPUs or of the memory, from which it is what gives way."""

TOGETHER = 0.05
"""Hosts whose utilization is no further apart give way together."""


@dataclass(frozen=True, slots=True)
class HostLoad:
    """One host: means over starts, while saturated. name: "host 1" and so on, or "database" for one that is apart.

    cpu_utilization: of the vCPUs it may use. memory_bytes: of all its processes. limit_bytes: None without a limit.
    """

    name: str
    cpu_utilization: float | None
    memory_bytes: float | None
    limit_bytes: int | None

    @property
    def fullness(self) -> float:
        """Of what it has less of, the share in use; 0 where nothing was read."""
        memory = self.memory_bytes / self.limit_bytes if self.memory_bytes and self.limit_bytes else 0.0
        return max(self.cpu_utilization or 0.0, memory)


@dataclass(frozen=True, slots=True)
class HostsSeen:
    """All hosts with these levers pulled; first: names of those that give way first, () where none is full."""

    levers: tuple[str, ...]
    hosts: tuple[HostLoad, ...]
    first: tuple[str, ...]


def hosts_seen(starts: Sequence[Seen]) -> tuple[HostsSeen, ...]:
    """One for each set of levers that ran on several hosts, in their order; without starts that the rig spoiled."""
    by_levers: dict[tuple[str, ...], list[tuple[HostUse, ...]]] = {}
    for seen in starts:
        if seen.hosts and seen.saturated_rps is not None:
            by_levers.setdefault(seen.levers, []).append(seen.hosts)
    return tuple(_seen(levers, uses) for levers, uses in by_levers.items())


def _seen(levers: tuple[str, ...], uses: Sequence[tuple[HostUse, ...]]) -> HostsSeen:
    hosts = tuple(_load(of_one) for of_one in zip(*uses, strict=True))
    fullest = max(host.fullness for host in hosts)
    first = tuple(host.name for host in hosts if host.fullness >= max(FULL, fullest - TOGETHER))
    return HostsSeen(levers, hosts, first)


def _load(uses: Sequence[HostUse]) -> HostLoad:
    busy = [use.cpu_utilization for use in uses if use.cpu_utilization is not None]
    held = [use.memory_bytes for use in uses if use.memory_bytes is not None]
    return HostLoad(uses[0].name, fmean(busy) if busy else None, fmean(held) if held else None, uses[0].limit_bytes)
