"""How much dearer a request becomes on a fraction of a CPU: what a study saw of it. Pure.

A quota stops everybody a hundred times a second. Turns are shorter by it, and whoever comes next finds the caches as
others left them more often:

    CPU seconds of a request on a fraction = those on a whole CPU x fraction ^ -exponent

Saturated on a whole CPU, half of one and a quarter by turns, the second halving cost about as much again as the first
(benchmarks/accuracy/quota_cost.py). The exponent hangs on how many workers share the CPU, sometimes more with more of
them and sometimes less, so it is seen with two numbers of them, and lies on the line between by their crowding.

Under less load there is more time left when a period ends, and fewer are stopped. How much of it lasts at half load is
seen as well: of two apps all of it with one worker, half of it with four. Between that and saturation the exponent lies
on the line by the load.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from seatrial.advise.anchor import SURE, Anchor
from seatrial.advise.lasting import LASTING, lasting_share
from seatrial.advise.other_quota import OtherQuota
from seatrial.measure.trial_rates import HALF_LOAD
from seatrial.model.configuration import Configuration

__all__ = ["QuotaCost", "Seen", "quota_cost_of", "quota_words"]

FORM_ERROR = 0.5
"""Standard error of a cost, over it, with other workers or on another fraction than it was seen: nothing at all lies at
two of them, and twice as much as well."""

WORTH_TELLING = 0.02

HALVED = math.log(2.0)

NOTHING = 1e-9


@dataclass(frozen=True, slots=True)
class Seen:
    """Of a server that is crowded so much: the exponent, its variance with degrees of freedom, on which fraction; and
    the share of it that holds at half load and below."""

    crowded: float
    exponent: float
    variance: float
    freedom: float
    cpus: float
    lasting: float = LASTING


@dataclass(frozen=True, slots=True)
class QuotaCost:
    """every: what was seen, by rising crowding. unknown_error: standard error of the logarithm of what half a CPU
    costs, where nothing was."""

    every: tuple[Seen, ...]
    unknown_error: float

    @property
    def ratio(self) -> float | None:
        """CPU seconds of a request on half a CPU over those on a whole one, at most; None where it was not seen."""
        return max((math.exp(seen.exponent * HALVED) for seen in self.every), default=None)

    def factor(self, here: Configuration, there: Configuration, load: float = 1.0) -> float:
        """CPU seconds of a request there over those here when saturated, as far as quotas make them differ.

        load: there, as a share of what saturates it.
        """
        return math.exp(self._cost(there, load) - self._cost(here))

    def hangs_on_load(self, there: Configuration) -> bool:
        """Whether requests are cheaper there when it is not saturated."""
        return self._cost(there, HALF_LOAD) < self._cost(there)

    def variances(self, here: Configuration, there: Configuration) -> tuple[tuple[float, float], ...]:
        """Of the logarithm of `factor`, each with its degrees of freedom; () where quotas make no difference."""
        if (_held(here), here.crowding) == (_held(there), there.crowding):
            return ()
        parts = [part for end in (here, there) for part in self._variances(end)]
        return tuple(part for part in parts if part[0] > 0.0)

    def _cost(self, configuration: Configuration, load: float = 1.0) -> float:
        spare = min(1.0, max(0.0, (1.0 - load) / (1.0 - HALF_LOAD)))
        return _held(configuration) * math.fsum(
            weight * seen.exponent * (1.0 - (1.0 - seen.lasting) * spare)
            for weight, seen in self._weighed(configuration)
        )

    def _variances(self, configuration: Configuration) -> list[tuple[float, float]]:
        held = _held(configuration)
        if not held:
            return []
        if not self.every:
            return [((self.unknown_error * held / HALVED) ** 2, SURE)]
        parts = [((w * held) ** 2 * seen.variance, seen.freedom) for w, seen in self._weighed(configuration)]
        at = (configuration.crowding, configuration.cpus)
        if at in {(seen.crowded, seen.cpus) for seen in self.every}:
            return parts
        return [*parts, ((FORM_ERROR * self._cost(configuration)) ** 2, SURE)]

    def _weighed(self, configuration: Configuration) -> list[tuple[float, Seen]]:
        """What was seen, by its weight there: on the line between the two; beyond them, as the nearer."""
        if len(self.every) < 2:
            return [(1.0, seen) for seen in self.every]
        low, high = self.every[0], self.every[-1]
        share = (configuration.crowding - low.crowded) / (high.crowded - low.crowded)
        share = min(1.0, max(0.0, share))
        return [(weight, seen) for weight, seen in ((1.0 - share, low), (share, high)) if weight > NOTHING]


def quota_cost_of(anchors: Sequence[Anchor], unknown_error: float) -> QuotaCost:
    """anchors: the declared server first. unknown_error: as in QuotaCost.

    Seen, a cost has at most the variance that starts have; known beforehand is 0. Both are taken as normal, and weighed
    by one over their variance. That a fraction makes a request cheaper is not believed.
    """
    found: dict[float, Seen] = {}
    for anchor in anchors:
        if anchor.other_quota is None:
            continue
        other, own, crowded = anchor.other_quota, anchor.configuration.cpus, anchor.configuration.crowding
        step = _log_fraction(other.cpus) - _log_fraction(own)
        variance, freedom = anchors[0].cpu_variance
        # Of the exponent, as everything from here on.
        variance, beforehand = variance / other.starts / step**2, (unknown_error / HALVED) ** 2
        weight = beforehand / (beforehand + variance)
        found[crowded] = Seen(
            crowded=crowded,
            exponent=max(0.0, weight * math.log(other.ratio) / step),
            variance=weight * variance,
            # Of the sum's inverse only this part was estimated from a few starts.
            freedom=min(SURE, freedom / weight**2),
            cpus=min(other.cpus, own),
            lasting=_lasting(anchor, other, variance * step**2),
        )
    return QuotaCost(tuple(found[crowded] for crowded in sorted(found)), unknown_error)


def _lasting(anchor: Anchor, other: OtherQuota, variance: float) -> float:
    """variance: of the logarithm of its ratio."""
    if other.half_load_ratio is None or anchor.half_load_ratio is None:
        return LASTING
    change = math.log(other.ratio)
    return lasting_share(change, change + math.log(other.half_load_ratio / anchor.half_load_ratio), variance)


def quota_words(cost: QuotaCost) -> str:
    """What was seen of it; "" where that is nothing, or may be chance."""
    sure = [s for s in cost.every if s.exponent * HALVED > max(WORTH_TELLING, 1.96 * math.sqrt(s.variance) * HALVED)]
    if not sure or cost.ratio is None:
        return ""
    return (
        f"On half a CPU, a request took up to {100 * (cost.ratio - 1.0):.0f} % more CPU than on a whole one, since a "
        "quota interrupts everybody often. Rates on less than a CPU have that in them."
    )


def _held(configuration: Configuration) -> float:
    """The logarithm of one over the fraction; 0 for a whole CPU and more."""
    return _log_fraction(configuration.cpus)


def _log_fraction(cpus: float) -> float:
    return max(0.0, -math.log(cpus))
