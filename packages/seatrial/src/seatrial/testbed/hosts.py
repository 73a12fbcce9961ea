"""Several hosts on one machine: which of its CPUs each gets, and what of them is not as between machines."""

from collections.abc import Iterator

import psutil

from seatrial.errors import TestbedError
from seatrial.spec.plan import Limits
from seatrial.spec.trial_spec import TrialSpec
from seatrial.testbed.placement import Placement, place_most
from seatrial.testbed.this_machine import core_siblings

__all__ = ["check_memory", "of_hosts", "on_hosts", "place_subject"]

MEBIBYTE = 1024 * 1024


def place_subject(spec: TrialSpec, available: set[int], most: int) -> Placement:
    """Where subject and generator run, for as many hosts as fit: those declared at least, `most` if there is room.

    Raises TestbedError when the declared ones do not fit.
    """
    limits, least = spec.plan.limits, spec.subject.services.hosts
    total_bytes = int(psutil.virtual_memory().total)
    check_memory(least, limits, total_bytes)
    most = max(least, min(most, total_bytes // max(1, limits.subject_memory_bytes)))
    is_apart = spec.subject.database.is_apart
    cores = core_siblings(available)
    return place_most(available, limits.cpus, cores, is_database_apart=is_apart, least=least, most=most)


def on_hosts(most: Placement, hosts: int, limits: Limits) -> Placement:
    """The placement for the most hosts with so many only; raises TestbedError with what it is that they do not fit."""
    check_memory(hosts, limits, int(psutil.virtual_memory().total))
    return most.on(hosts)


def check_memory(hosts: int, limits: Limits, total_bytes: int) -> None:
    """Raise TestbedError where so many hosts together may use more memory than the machine has. Pure."""
    needed_bytes = hosts * limits.subject_memory_bytes
    if hosts > 1 and needed_bytes > total_bytes:
        raise TestbedError(
            f"{hosts} hosts of {limits.memory_bytes // MEBIBYTE} MB do not fit into this machine, which has "
            f"{total_bytes // MEBIBYTE} MB",
            where="services.hosts",
            try_this="Compare smaller ones, by memory_mb in [plan], or measure on a larger machine.",
        )


def of_hosts(placement: Placement, limits: Limits) -> Iterator[str]:
    """What several hosts share here that machines would not, in a sentence. Pure."""
    count = len(placement.hosts)
    if count == 1:
        return
    by_cpu: dict[int, list[str]] = {}
    for number, cpus in enumerate(placement.hosts, start=1):
        for cpu in cpus:
            by_cpu.setdefault(cpu, []).append(str(number))
    crowded = {cpu: numbers for cpu, numbers in by_cpu.items() if len(numbers) > 1}
    shared = "".join(
        f" Hosts {_all(numbers)} take turns on CPU {cpu}, and lose its caches to each other."
        for cpu, numbers in crowded.items()
    )
    crowding = " The database and the way to it use the load generator's CPU." if placement.is_database_crowded else ""
    yield (
        f"The {count} hosts are control groups of one machine, each with {placement.cpus:g} vCPU and "
        f"{limits.subject_memory_bytes // MEBIBYTE} MB of its own for what is measured.{shared} They have the larger "
        f"caches, the memory's speed and the disk in common, and no network between them; balancer, cache and pooler "
        f"are on host 1.{crowding}"
    )


def _all(numbers: list[str]) -> str:
    return f"{', '.join(numbers[:-1])} and {numbers[-1]}"
