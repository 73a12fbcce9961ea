"""What a setting costs: requests one at a time, in turn with it on and off. Pure."""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, variance

from seatrial.measure.measurement import OperationProfile, SettingCost

__all__ = ["DEVELOPMENT_SERVER", "SwitchedRequest", "server_costs", "setting_costs", "steps_of"]

DEVELOPMENT_SERVER = "development-server"

OF_EACH_LEAST = 6
NAMES = {1: "debug", 2: "templates"}
"""By the bits of `seatrial.testbed.switched_app`."""

SURE = 1.96


@dataclass(frozen=True, slots=True)
class SwitchedRequest:
    """One request, answered well. off: bits of the settings that were off; used_s: CPU seconds, or else the time."""

    operation: str
    off: int
    used_s: float


def steps_of(kinds: Iterable[int]) -> tuple[int, ...]:
    """What is off in turn: nothing, then one setting after the other, templates first.

    A framework that debugs reads templates anew as well; with those kept already, the rest is what debugging costs.
    """
    steps = [0]
    for kind in sorted(set(kinds), reverse=True):
        steps.append(steps[-1] | kind)
    return tuple(steps)


def setting_costs(found: Mapping[int, str], seen: Iterable[SwitchedRequest]) -> tuple[SettingCost, ...]:
    """Of each setting found (bit -> where it stands) and each operation, the mean with it on less that with it off."""
    used: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for one in seen:
        used[one.operation][one.off].append(one.used_s)
    steps = steps_of(found)
    costs: list[SettingCost] = []
    for on, off in itertools.pairwise(steps):
        kind = on ^ off
        for operation, by_step in used.items():
            with_it, without = by_step[on], by_step[off]
            count, cost_s, error_s = len(with_it) + len(without), None, None
            if min(len(with_it), len(without)) >= OF_EACH_LEAST:
                cost_s = fmean(with_it) - fmean(without)
                error_s = SURE * (variance(with_it) / len(with_it) + variance(without) / len(without)) ** 0.5
            costs.append(SettingCost(NAMES[kind], found[kind], operation, count, cost_s, error_s))
    return tuple(costs)


def server_costs(
    where: str, profiles: Sequence[OperationProfile], others: Sequence[OperationProfile]
) -> tuple[SettingCost, ...]:
    """Of each operation, its CPU on the declared server less that on another. where: the declared one's command."""
    other = {one.operation: one for one in others}
    costs = []
    for one in profiles:
        count, cost_s, error_s = one.requests, None, None
        if (compared := other.get(one.operation)) is not None and one.cpu_s > 0.0 and compared.cpu_s > 0.0:
            count += compared.requests
            cost_s = one.cpu_s - compared.cpu_s
            error_s = SURE * sum(p.cpu_scv * p.cpu_s**2 / p.requests for p in (one, compared)) ** 0.5
        costs.append(SettingCost(DEVELOPMENT_SERVER, where, one.operation, count, cost_s, error_s))
    return tuple(costs)
