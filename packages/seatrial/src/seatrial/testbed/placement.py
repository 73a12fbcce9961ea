"""Which CPUs the subject gets and which the load generator gets: decided purely."""

import contextlib
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from seatrial.errors import TestbedError

__all__ = ["Placement", "place", "place_most", "quota_for"]

# A CFS period of 10 ms keeps a fractional vCPU close to a real slow CPU; the kernel's default of 100 ms
# lets a group burst and then freezes it for most of the period. The kernel refuses quotas below 1 ms.
PERIOD_US = 10_000
QUOTA_MIN_US = 1_000


@dataclass(frozen=True, slots=True)
class Placement:
    """Where subject and generator run.

    cpus: vCPUs each host of the subject really gets (a fraction is kept by `quota`); less than the plan's when the
        machine is small and there is one host.
    subject_cpus, generator_cpus: CPU numbers, those of all hosts; they overlap only when `shared`.
    quota: (quota_us, period_us) of CPU time of each host, or None for whole CPUs.
    database_cpus: of a database that is apart from the subject; () when there is none.
    caveats: what this means for the result, in sentences.
    further: of each host after the first, its CPUs; hosts of a fraction may share one.
    """

    cpus: float
    subject_cpus: tuple[int, ...]
    generator_cpus: tuple[int, ...]
    quota: tuple[int, int] | None
    shared: bool
    caveats: tuple[str, ...]
    database_cpus: tuple[int, ...] = ()
    further: tuple[tuple[int, ...], ...] = ()
    first: tuple[int, ...] = ()

    @property
    def hosts(self) -> tuple[tuple[int, ...], ...]:
        """The CPUs of each host, the first host's first."""
        return (self.first or self.subject_cpus, *self.further)

    @property
    def whole_cpus(self) -> float:
        """vCPUs of all hosts together."""
        return self.cpus * len(self.hosts)

    @property
    def is_database_crowded(self) -> bool:
        """Whether a database that is apart shares its CPU with the generator."""
        return bool(set(self.database_cpus) & set(self.generator_cpus))

    def on(self, count: int) -> "Placement":
        """The same with so many hosts only. Raises TestbedError when there are fewer."""
        if count > len(self.hosts):
            every = {*self.subject_cpus, *self.generator_cpus, *self.database_cpus}
            has_own = bool(self.database_cpus) and not self.is_database_crowded
            raise does_not_fit(count, self.cpus, every, has_database=has_own)
        hosts = self.hosts[:count]
        used = tuple(sorted({cpu for host in hosts for cpu in host}))
        return replace(self, subject_cpus=used, first=hosts[0], further=hosts[1:])


def place_most(
    available: Collection[int],
    cpus: float,
    cores: Sequence[Collection[int]] = (),
    *,
    is_database_apart: bool = False,
    least: int = 1,
    most: int = 1,
) -> Placement:
    """For as many hosts as fit, between least and most. Raises TestbedError when the fewest do not.

    A database that is apart keeps a CPU of its own, if it has one beside the fewest: else every measurement there, on
    few hosts too, would be another for the sake of hosts that only some of them use.
    """
    fewest = place(available, cpus, cores, is_database_apart=is_database_apart, hosts=least)
    for count in range(max(least, most), least, -1):
        with contextlib.suppress(TestbedError):
            more = place(available, cpus, cores, is_database_apart=is_database_apart, hosts=count)
            if fewest.is_database_crowded or not more.is_database_crowded:
                return more
    return fewest


def place(
    available: Collection[int],
    cpus: float,
    cores: Iterable[Collection[int]] = (),
    *,
    is_database_apart: bool = False,
    hosts: int = 1,
) -> Placement:
    """Decide from the CPUs this process may use and the plan's vCPUs.

    cores: CPU numbers that are threads of one physical core, where known; the generator is kept off the subject's.
    is_database_apart: the database gets one CPU that is not the subject's; the generator's, when no other is left, even
        where hosts of a fraction share one.
    hosts: several get their whole vCPUs each, never less. Raises TestbedError when that does not fit.
    """
    placement = _place(available, cpus, cores, hosts)
    if not is_database_apart:
        return placement
    *others, last = placement.generator_cpus
    if others:
        return replace(placement, generator_cpus=tuple(others), database_cpus=(last,))
    if hosts > 1:
        # Hosts of a fraction can take turns on fewer CPUs.
        with contextlib.suppress(TestbedError):
            return replace(_place({*available} - {last}, cpus, cores, hosts), database_cpus=(last,))
    caveat = f"This machine has no CPU left for a database of its own: it shares CPU {last} with " + (
        "subject and load generator." if placement.shared else "the load generator, and is slower when both work."
    )
    return replace(placement, database_cpus=(last,), caveats=(*placement.caveats, caveat))


def does_not_fit(hosts: int, cpus: float, available: Collection[int], *, has_database: bool = False) -> TestbedError:
    """So many hosts of so many vCPUs, on a machine that has these CPUs to use. has_database: one is the database's."""
    room = len(available) - 1
    needed = hosts * math.ceil(cpus) if cpus >= 1 else math.ceil(hosts / math.floor(1 / cpus + 1e-9))
    fraction = math.floor(100 / math.ceil(hosts / room)) / 100 if room > 0 else 0.0
    smaller = f", or compare smaller ones, such as cpus = {fraction:g} in [plan]" if 0 < fraction < cpus else ""
    beside = "the load generator's"
    if has_database:
        beside = "one for the load generator and one for the database"
        smaller = f", or say hosts = {hosts} in [services]: then the database shares the load generator's CPU"
    return TestbedError(
        f"{hosts} hosts of {cpus:g} vCPU do not fit into this machine: they need {_count(needed)} beside {beside}, "
        f"and it has {_count(len(available))} to use in all",
        where="services.hosts",
        try_this=f"Measure on a machine with {needed + 1 + has_database} CPUs{smaller}.",
    )


def _place(available: Collection[int], cpus: float, cores: Iterable[Collection[int]], hosts: int) -> Placement:
    usable = sorted(set(available))
    if not usable or cpus <= 0:
        raise ValueError(f"no CPU to place {cpus} vCPU on")
    core_of = {cpu: min(core) for core in cores for cpu in core}
    ordered = sorted(usable, key=lambda cpu: (core_of.get(cpu, cpu), cpu), reverse=True)
    needed = math.ceil(cpus)
    if hosts > 1:
        return _place_hosts(ordered, core_of, cpus, hosts)
    if len(usable) == 1:
        return _alone(usable[0], cpus)
    caveats: list[str] = []
    granted = cpus
    if needed > len(usable) - 1:
        granted = float(len(usable) - 1)
        caveats.append(
            f"The plan has {cpus:g} vCPU, this machine has {_count(len(usable))} to use and the load generator needs "
            f"one of them: the result is for {_count(int(granted))}."
        )
        needed = int(granted)
    # Both threads of one core before the next core: two rented vCPUs are usually the two threads of one core.
    subject = ordered[:needed]
    generator_cpus, same_core = _generator(usable, core_of, subject)
    return Placement(
        cpus=granted,
        subject_cpus=tuple(sorted(subject)),
        generator_cpus=generator_cpus,
        quota=quota_for(granted),
        shared=False,
        caveats=(*caveats, *same_core),
    )


def _place_hosts(ordered: Sequence[int], core_of: Mapping[int, int], cpus: float, hosts: int) -> Placement:
    """Whole CPUs are each host's own; fractions have one each where there are enough, else share them evenly."""
    room, each = len(ordered) - 1, math.ceil(cpus)
    wide = room // each if cpus >= 1 else min(hosts, room)
    together = math.ceil(hosts / wide) if wide else hosts
    if together * cpus > each + 1e-9 or not wide:
        raise does_not_fit(hosts, cpus, ordered)
    taken = [tuple(sorted(ordered[at * each : (at + 1) * each])) for at in range(wide)]
    placed = tuple(taken[number % wide] for number in range(hosts))
    subject = sorted({cpu for host in placed for cpu in host})
    generator_cpus, same_core = _generator(sorted(ordered), core_of, subject)
    cores = {core_of.get(cpu, cpu) for cpu in subject}
    between = [{host for host in placed if core in {core_of.get(cpu, cpu) for cpu in host}} for core in cores]
    if any(len(hosts_there) > 1 for hosts_there in between):
        caveat = "Some hosts are on threads of the same physical core, and slow each other down as two machines do not."
        same_core = (*same_core, caveat)
    return Placement(
        cpus=cpus,
        subject_cpus=tuple(subject),
        generator_cpus=generator_cpus,
        quota=quota_for(cpus),
        shared=False,
        caveats=same_core,
        first=placed[0],
        further=placed[1:],
    )


def _generator(
    usable: Sequence[int], core_of: Mapping[int, int], subject: Sequence[int]
) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """The generator's CPUs, off the subject's cores where that goes; and a caveat where it does not."""
    rest = [cpu for cpu in usable if cpu not in subject]
    subject_cores = {core_of.get(cpu, cpu) for cpu in subject}
    apart = [cpu for cpu in rest if core_of.get(cpu, cpu) not in subject_cores]
    if apart:
        return tuple(apart), ()
    caveat = (
        f"CPUs {_list(subject)} (subject) and {_list(rest)} (load generator) are threads of the same physical "
        "core and slow each other down: on a machine with more cores the result may be better."
    )
    return tuple(rest), (caveat,)


def quota_for(cpus: float) -> tuple[int, int] | None:
    """(quota_us, period_us) that gives a fraction of a vCPU; None for whole ones."""
    if cpus == int(cpus):
        return None
    period_us = max(PERIOD_US, min(1_000_000, math.ceil(QUOTA_MIN_US / cpus)))
    return max(QUOTA_MIN_US, round(cpus * period_us)), period_us


def _alone(cpu: int, cpus: float) -> Placement:
    granted = min(cpus, 1.0)
    caveats = [
        "This machine has one CPU, which the subject and the load generator share: they slow each other down, "
        "and the true capacity is higher than what is measured."
    ]
    if cpus > 1:
        caveats.append(f"The plan has {cpus:g} vCPU, this machine has 1: the result is for 1 CPU.")
    return Placement(granted, (cpu,), (cpu,), quota_for(granted), shared=True, caveats=tuple(caveats))


def _count(cpus: int) -> str:
    return f"{cpus} CPU" if cpus == 1 else f"{cpus} CPUs"


def _list(cpus: Iterable[int]) -> str:
    return ", ".join(str(cpu) for cpu in sorted(cpus))
