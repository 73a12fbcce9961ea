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
TRIMMED = 0.2


@dataclass(frozen=True, slots=True)
class SwitchedRequest:
    """One request, answered well. off: bits of what was off; used_s: CPU seconds of the app, or else the time."""

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
                (with_s, with_error), (without_s, without_error) = _trimmed(with_it), _trimmed(without)
                cost_s = with_s - without_s
                error_s = SURE * (with_error + without_error) ** 0.5
            costs.append(SettingCost(NAMES[kind], found[kind], operation, count, cost_s, error_s))
    return tuple(costs)


def _trimmed(values: Sequence[float]) -> tuple[float, float]:
    """Mean without the lowest and the highest `TRIMMED` of the values, and the square of its standard error.

    Yuen, "The two-sample trimmed t for unequal population variances", Biometrika 61 (1974), 165-170. What a machine
    does beside now and then is far more than what a setting costs, and no part of it.
    """
    ordered, count = sorted(values), len(values)
    cut = int(TRIMMED * count)
    kept = ordered[cut : count - cut]
    winsorised = [kept[0]] * cut + kept + [kept[-1]] * cut
    return fmean(kept), (count - 1) * variance(winsorised) / (len(kept) * (len(kept) - 1))


def server_costs(
    where: str, profiles: Sequence[OperationProfile], others: Sequence[OperationProfile]
) -> tuple[SettingCost, ...]:
    """Of each operation, the app's CPU on the declared server less that on another. where: the declared one's command.

    The spread is known of app and database together only, so that the interval is rather too wide.
    """
    other = {one.operation: one for one in others}
    costs = []
    for one in profiles:
        count, cost_s, error_s = one.requests, None, None
        if (compared := other.get(one.operation)) is not None and one.app_cpu_s > 0.0 and compared.app_cpu_s > 0.0:
            count += compared.requests
            cost_s = one.app_cpu_s - compared.app_cpu_s
            error_s = SURE * sum(p.cpu_scv * p.cpu_s**2 / p.requests for p in (one, compared)) ** 0.5
        costs.append(SettingCost(DEVELOPMENT_SERVER, where, one.operation, count, cost_s, error_s))
    return tuple(costs)
