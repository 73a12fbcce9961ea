"""Which operations block their event loop: told by the saturation alone. Pure."""

import math
from collections.abc import Sequence
from dataclasses import replace

from seatrial.model.capacity import saturation_rps
from seatrial.model.system import System
from seatrial.model.work import OperationDemand

__all__ = ["as_the_loop_runs_them"]

EXPLAINED = 1.1
"""Within it, nothing further is sought to explain the saturation."""

PROBE_REQUESTS = 4_000


def as_the_loop_runs_them(
    demands: tuple[OperationDemand, ...], system: System, saturated_rps: float, seed: int
) -> tuple[OperationDemand, ...]:
    """On an event loop, which operations block it is told by nothing but the saturation: whatever explains it best."""
    if not system.is_event_loop:
        return demands

    def missed(tried: Sequence[OperationDemand]) -> float:
        return abs(math.log(max(saturation_rps(tried, system, seed, PROBE_REQUESTS), 1e-6) / saturated_rps))

    if missed(demands) <= math.log(EXPLAINED):
        return demands
    waiting = [(d.operation,) for d in demands if d.wait_s + d.held_wait_s > 0.0]
    everybody = tuple(name for names in waiting for name in names)
    found = {
        names: (missed(tried), tried)
        for names in ((), *waiting, everybody)
        for tried in [tuple(replace(d, blocks_loop=d.operation in names) for d in demands)]
    }
    least = min(miss for miss, _ in found.values())
    # Whether one that hardly waits here blocks as well makes no difference here that could be seen, and all of it where
    # the database is further away.
    as_good = [names for names, (miss, _) in found.items() if miss <= least + math.log(EXPLAINED)]
    return found[min(as_good, key=lambda names: (len(names), found[names][0]))][1]
