"""How much of the subject's CPUs others used during an interval."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path

__all__ = ["busy_s", "others_share"]

# /proc/stat: user nice system idle iowait irq softirq steal guest guest_nice; guest time is inside user time already.
BUSY_FIELDS = (0, 1, 2, 5, 6, 7)


def busy_s(cpus: Iterable[int]) -> float | None:
    """Seconds these CPUs were not idle since boot, time stolen by the hypervisor included; None where it is not told.

    Ticks of 10 ms: over an interval of seconds that is exact enough. Source: proc(5).
    """
    if not sys.platform.startswith("linux"):
        return None
    wanted = {f"cpu{cpu}" for cpu in cpus}
    ticks = 0
    for line in Path("/proc/stat").read_text(encoding="ascii").splitlines():
        name, *fields = line.split()
        if name in wanted:
            ticks += sum(int(fields[i]) for i in BUSY_FIELDS if i < len(fields))
    return ticks / os.sysconf("SC_CLK_TCK")


def others_share(busy: float | None, own: float | None, wall_s: float, cpus: float) -> float:
    """Share of the CPUs' time that neither the app nor the database used; 0 where it cannot be known.

    Kernel work for the subject's own packages is counted with the others: on loopback that is a few percent. Pure.
    """
    if busy is None or own is None or wall_s <= 0.0:
        return 0.0
    return max(0.0, (busy - own) / (wall_s * cpus))
