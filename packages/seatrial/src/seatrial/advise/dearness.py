"""How much dearer a request becomes as workers share CPUs: what a study saw of it, for other numbers of workers. Pure.

How many share one, above one alone, is the crowding (`model.crowding`). A study tries two numbers of workers, so one
parameter is all it can tell:

    CPU seconds of a request = those without crowding x exp(exponent x crowding)

When saturated, all workers want the CPUs all the time: that is what the parameter is told by. At other times a part of
it lasts, since the next request mostly comes to another worker than the last one, and finds the caches as that one left
them; the rest goes by the workers that want the CPUs at that moment, and the simulation counts them. How much lasts is
told by the CPU seconds of a request at half load.

On a fraction of one, a quota makes it dearer once more (`advise.quota_cost`).

Fifteen and sixteen workers on one CPU are crowded nearly alike, and then chance alone would make an exponent of
anything. So what was seen is weighed with what is known beforehand, by how sure each is.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from seatrial.advise.anchor import SURE, Anchor
from seatrial.advise.lasting import LASTING, lasting_share
from seatrial.advise.quota_cost import QuotaCost, quota_cost_of
from seatrial.model.configuration import Configuration
from seatrial.model.system import System
from seatrial.spec.trial_spec import TrialSpec

__all__ = ["UNKNOWN_ERROR", "Dearness", "dearness_hint", "dearness_of", "dearness_words"]

UNKNOWN_ERROR = math.log(1.30) / 1.96
"""Standard error of the exponent where nothing was measured: a second worker on a CPU, which crowds it by one, is taken
to make a request up to 30 % dearer, as the end of a 95 % interval. Warm caches were published to be worth up to
10 % of the time of databases and compilers (Torrellas, Tucker and Gupta, Journal of Parallel and Distributed Computing
24, 1995) and up to 30 % of the throughput of a network server (Foong and others, ISPASS 2005)."""

UNKNOWN_QUOTA = QuotaCost((), UNKNOWN_ERROR)

BEYOND_ERROR = 0.5
"""Standard error of what is added beyond what was measured, over it: nothing at all lies at two of them, and twice as
much as well. Apps differ in how they go on: of three, one grew with every worker alike, one hardly after three
(benchmarks/accuracy)."""

WORTH_TELLING = 0.02

Parts = tuple[tuple[float, float], ...]
"""Variances that add up, each with its degrees of freedom."""


@dataclass(frozen=True, slots=True)
class Dearness:
    """exponent: 0 where no second number of workers was measured. variance: of it, with its degrees of freedom.

    covariances: crowding of each measured server -> covariance of the exponent with the logarithm of the CPU seconds
    there, as both have the error of the same starts. least, most: the crowding of what was measured. ratio: CPU seconds
    of a request at most over those at least; None where only one was measured. lasting: the share of the exponent that
    holds whatever the load, see above. quota: what a fraction of a CPU costs beside.
    """

    exponent: float = 0.0
    variance: float = UNKNOWN_ERROR**2
    freedom: float = SURE
    least: float = 0.0
    most: float = 0.0
    ratio: float | None = None
    covariances: tuple[tuple[float, float], ...] = ()
    lasting: float = LASTING
    quota: QuotaCost = UNKNOWN_QUOTA

    def factor(self, here: Configuration, there: Configuration) -> float:
        """CPU seconds of a request there over those here, both saturated, and quotas aside."""
        return math.exp(self.exponent * (there.crowding - here.crowding))

    def system(self, here: Configuration, there: Configuration, timeout_s: float) -> System:
        """What the simulation is told of a server there, with demands as they are here when saturated."""
        return replace(
            there.system(timeout_s),
            company_exponent=self.exponent,
            company_measured=here.crowding,
            company_lasting=self.lasting,
        )

    def variances(self, here: Configuration, there: Configuration) -> Parts:
        """Of the logarithm of a request's CPU seconds there over those here, each with its degrees of freedom."""
        return (*self._of_crowding(here, there), *self.quota.variances(here, there))

    def _of_crowding(self, here: Configuration, there: Configuration) -> Parts:
        """Of the logarithm of `factor`; () where both are crowded alike.

        The first is the measurement's: whoever reads too high here makes the exponent too high as well, or too low, so
        it is what comes on top of the variance here, nothing at least. Beyond what was measured the form is a guess, as
        sure as `BEYOND_ERROR` says.
        """
        step = there.crowding - here.crowding
        if not step:
            return ()
        beyond = max(0.0, there.crowding - self.most, self.least - there.crowding)
        own = self.variance * step**2 + 2.0 * step * dict(self.covariances).get(here.crowding, 0.0)
        parts = ((own, self.freedom), ((BEYOND_ERROR * self.exponent * beyond) ** 2, SURE))
        return tuple(part for part in parts if part[0] > 0.0)

    def sides(self, here: Configuration, there: Configuration) -> tuple[Parts, Parts]:
        """`variances`, for dearer requests there than is predicted and for cheaper ones.

        That an exponent is below 0 is not believed, so to that side the end of a 95 % interval is where it is 0.
        """
        parts, step = self._of_crowding(here, there), there.crowding - here.crowding
        held = self.quota.variances(here, there)
        if not parts:
            return held, held
        share = min(1.0, (self.exponent * step / 1.96) ** 2 / math.fsum(part for part, _ in parts))
        bounded = tuple((part * share, freedom) for part, freedom in parts)
        dearer, cheaper = (parts, bounded) if step > 0.0 else (bounded, parts)
        return (*dearer, *held), (*cheaper, *held)


def dearness_of(anchors: Sequence[Anchor]) -> Dearness:
    """From the declared server, which comes first, and the one measured beside it that was crowded otherwise.

    That a request got cheaper in company has other reasons, such as fewer threads in each process: it is not carried
    on, and the exponent is 0. Seen, it has the variance of two means over starts; known beforehand is 0, with
    `UNKNOWN_ERROR`. Both are taken as normal, and weighed by one over their variance.
    """
    declared = anchors[0]
    here = declared.configuration.crowding
    other = max(anchors, key=lambda anchor: abs(anchor.configuration.crowding - here))
    there = other.configuration.crowding
    step, quota = there - here, quota_cost_of(anchors, UNKNOWN_ERROR)
    if not step:
        return Dearness(least=here, most=here, quota=quota)
    change = math.log(other.cpu_s / declared.cpu_s)
    of_start, freedom = declared.cpu_variance
    seen = of_start * (1.0 / declared.starts + 1.0 / other.starts) / step**2
    weight = UNKNOWN_ERROR**2 / (UNKNOWN_ERROR**2 + seen)
    return Dearness(
        exponent=max(0.0, weight * change / step),
        variance=weight * seen,
        # Of the sum's inverse only this part was estimated from a few starts.
        freedom=min(SURE, freedom / weight**2),
        least=min(here, there),
        most=max(here, there),
        ratio=math.exp(change * math.copysign(1.0, step)),
        covariances=(
            (here, -weight * of_start / declared.starts / step),
            (there, weight * of_start / other.starts / step),
        ),
        lasting=_lasting(declared, other, change, of_start),
        quota=quota,
    )


def _lasting(declared: Anchor, other: Anchor, change: float, of_start: float) -> float:
    """By half loads. change: of the logarithm of the CPU seconds when saturated, of which this is a share."""
    if not declared.half_load_ratio or not other.half_load_ratio:
        return LASTING
    at_half_load = change + math.log(other.half_load_ratio / declared.half_load_ratio)
    return lasting_share(change, at_half_load, of_start * (1.0 / declared.starts + 1.0 / other.starts))


def dearness_words(dearness: Dearness) -> str:
    """What was seen of it; "" where that is too little to tell."""
    if dearness.ratio is None:
        return (
            "Whether a request costs more CPU when workers share one was not measured: rates with more workers than "
            "CPUs may be too high, and their intervals are the wider for it."
        )
    # What chance alone does to a few starts has no cause that could be told.
    if dearness.exponent < 1.96 * math.sqrt(dearness.variance):
        return ""
    if dearness.exponent * (dearness.most - dearness.least) < WORTH_TELLING:
        return ""
    return (
        f"With the number of workers that was tried as well, a request cost {100 * (dearness.ratio - 1.0):.0f} % more "
        "CPU, since workers that share one find its caches full of each other's data. Rates with other numbers of "
        "workers have that in them."
    )


def dearness_hint(dearness: Dearness, spec: TrialSpec) -> str:
    """How to have it measured; "" where it was, and where the number of workers is not Seatrial's to change."""
    server, cpus = spec.subject.server, spec.plan.limits.usable_cpus
    if dearness.ratio is not None or not server.can_vary:
        return ""
    if not spec.measure.plan_starts:
        return "Measure with measure.plan_starts = 1."
    # As many workers as CPUs were tried, or twice the threads, or the rig spoiled the other number.
    crowded = max(server.workers, math.floor(max(1.0, cpus)) + 1)
    return f"Measure again with server.workers = {crowded}, on a plan with the memory for it."
