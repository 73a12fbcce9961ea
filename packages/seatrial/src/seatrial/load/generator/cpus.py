"""Which CPUs a process may use, and keeping to some of them; where the system cannot say (macOS), nothing happens."""

import contextlib
import os
from collections.abc import Iterable, Iterator, Sequence

__all__ = ["keep_to", "kept_to", "shares", "usable"]


def usable() -> tuple[int, ...]:
    """The CPUs this process may use, ascending; empty where they cannot be told apart."""
    return tuple(sorted(os.sched_getaffinity(0))) if hasattr(os, "sched_getaffinity") else ()


def keep_to(cpus: Iterable[int]) -> None:
    """Run on these CPUs only, from now on; on any as before when there are none."""
    wanted = set(cpus)
    if wanted and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, wanted)


@contextlib.contextmanager
def kept_to(cpus: Iterable[int]) -> Iterator[None]:
    """The same for a while."""
    before = usable()
    keep_to(cpus)
    try:
        yield
    finally:
        keep_to(before)


def shares(cpus: Sequence[int], processes: int, *, keep_free: int = 0) -> tuple[tuple[int, ...], ...]:
    """For each of the processes its CPUs: one of its own where there are enough and keep_free more, else all. Pure."""
    if len(cpus) < processes + keep_free:
        return (tuple(cpus),) * processes
    # From the end: the first CPU is where most systems let interrupts happen.
    return tuple((cpu,) for cpu in sorted(cpus, reverse=True)[:processes])
