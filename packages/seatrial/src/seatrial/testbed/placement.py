"""Which CPUs the subject gets and which the load generator gets: decided purely."""

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

__all__ = ["Placement", "place"]

# A CFS period of 10 ms keeps a fractional vCPU close to a real slow CPU; the kernel's default of 100 ms
# lets a group burst and then freezes it for most of the period. The kernel refuses quotas below 1 ms.
PERIOD_US = 10_000
QUOTA_MIN_US = 1_000


@dataclass(frozen=True, slots=True)
class Placement:
    """Where subject and generator run.

    cpus: vCPUs the subject really gets (a fraction is kept by `quota`); less than the plan's when the machine is small.
    subject_cpus, generator_cpus: CPU numbers; they overlap only when `shared`.
    quota: (quota_us, period_us) of CPU time, or None for whole CPUs.
    database_cpus: of a database that is apart from the subject; () when there is none.
    caveats: what this means for the result, in sentences.
    """

    cpus: float
    subject_cpus: tuple[int, ...]
    generator_cpus: tuple[int, ...]
    quota: tuple[int, int] | None
    shared: bool
    caveats: tuple[str, ...]
    database_cpus: tuple[int, ...] = ()


def place(
    available: Collection[int],
    cpus: float,
    cores: Iterable[Collection[int]] = (),
    *,
    is_database_apart: bool = False,
) -> Placement:
    """Decide from the CPUs this process may use and the plan's vCPUs.

    cores: CPU numbers that are threads of one physical core, where known; the generator is kept off the subject's.
    is_database_apart: the database gets one CPU that is not the subject's; the generator's, when no other is left.
    """
    placement = _place(available, cpus, cores)
    if not is_database_apart:
        return placement
    *others, last = placement.generator_cpus
    if others:
        return replace(placement, generator_cpus=tuple(others), database_cpus=(last,))
    caveat = f"This machine has no CPU left for a database of its own: it shares CPU {last} with " + (
        "subject and load generator." if placement.shared else "the load generator, and is slower when both work."
    )
    return replace(placement, database_cpus=(last,), caveats=(*placement.caveats, caveat))


def _place(available: Collection[int], cpus: float, cores: Iterable[Collection[int]]) -> Placement:
    usable = sorted(set(available))
    if not usable or cpus <= 0:
        raise ValueError(f"no CPU to place {cpus} vCPU on")
    core_of = {cpu: min(core) for core in cores for cpu in core}
    ordered = sorted(usable, key=lambda cpu: (core_of.get(cpu, cpu), cpu), reverse=True)
    needed = math.ceil(cpus)
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
    rest = [cpu for cpu in usable if cpu not in subject]
    subject_cores = {core_of.get(cpu, cpu) for cpu in subject}
    apart = [cpu for cpu in rest if core_of.get(cpu, cpu) not in subject_cores]
    if not apart:
        caveats.append(
            f"CPUs {_list(subject)} (subject) and {_list(rest)} (load generator) are threads of the same physical "
            "core and slow each other down: on a machine with more cores the result may be better."
        )
    return Placement(
        cpus=granted,
        subject_cpus=tuple(sorted(subject)),
        generator_cpus=tuple(apart or rest),
        quota=quota_for(granted),
        shared=False,
        caveats=tuple(caveats),
    )


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
