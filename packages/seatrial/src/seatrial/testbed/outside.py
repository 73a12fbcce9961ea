"""Taking a process out of the limits: the database's part of a meter, which must cost the subject nothing."""

import contextlib
import os
from collections.abc import Collection
from pathlib import Path

from seatrial.testbed.cgroup_layout import GroupFiles

__all__ = ["runs_on", "take_outside"]

PARTS = {"app", "database", "services"}


def take_outside(pid: int, groups: GroupFiles | None, cpus: Collection[int]) -> None:
    """Move a process above the groups it is in, and to these CPUs; where that is not allowed it stays where it is."""
    with contextlib.suppress(OSError):
        for entry in groups.entries if groups else ():
            _above(entry).write_text(str(pid), encoding="ascii")
        os.sched_setaffinity(pid, cpus)


def runs_on(pid: int) -> frozenset[int]:
    """The CPUs that a process may use (0: this one); none where the system does not say."""
    with contextlib.suppress(OSError, AttributeError):
        return frozenset(os.sched_getaffinity(pid))
    return frozenset()


def _above(entry: Path) -> Path:
    """The same file of the group that holds Seatrial's: its `seatrial-...` may have one for app and database each."""
    own = entry.parent.parent if entry.parent.name in PARTS else entry.parent
    return own.parent / entry.name
