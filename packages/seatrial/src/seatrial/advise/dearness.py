"""How much dearer a request becomes as workers share CPUs: what a study saw of it, for other numbers of workers. Pure.

Whoever gets a CPU finds its caches as the last one left them. Of `workers` that take turns on `cpus`, the last one was
another with chance 1 - cpus / workers, here called the crowding: 0 while each has a CPU of its own, 1/2 for two on one
CPU, near 1 for many (a reload transient of Thiebaut and Stone, ACM Transactions on Computer Systems 5, 1987, at each
change of hands). A study tries two numbers of workers, so one parameter is all it can tell:

    CPU seconds of a request = those without crowding x exp(exponent x crowding)
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from seatrial.advise.anchor import SURE, Anchor
from seatrial.model.configuration import Configuration

__all__ = ["UNKNOWN_ERROR", "Dearness", "crowding", "dearness_of", "dearness_words"]

UNKNOWN_ERROR = 2.0 * math.log(1.30) / 1.96
"""Standard error of the exponent where nothing was measured: a second worker on a CPU, which crowds it by a half, is
taken to make a request up to 30 % dearer, as the end of a 95 % interval. Warm caches were published to be worth up to
10 % of the time of databases and compilers (Torrellas, Tucker and Gupta, Journal of Parallel and Distributed Computing
24, 1995) and up to 30 % of the throughput of a network server (Foong and others, ISPASS 2005)."""

WORTH_TELLING = 0.02


@dataclass(frozen=True, slots=True)
class Dearness:
    """exponent: 0 where no second number of workers was measured. variance: of it, with its degrees of freedom.

    least, most: the crowding of what was measured. ratio: CPU seconds of a request at most over those at least; None
    where only one was measured.
    """

    exponent: float = 0.0
    variance: float = UNKNOWN_ERROR**2
    freedom: float = SURE
    least: float = 0.0
    most: float = 0.0
    ratio: float | None = None

    def factor(self, here: Configuration, there: Configuration) -> float:
        """CPU seconds of a request there over those here."""
        return math.exp(self.exponent * (crowding(there) - crowding(here)))

    def variances(self, here: Configuration, there: Configuration) -> tuple[tuple[float, float], ...]:
        """Of the logarithm of `factor`, with degrees of freedom; () where both are crowded alike.

        The first is the measurement's. Beyond what was measured the form is a guess, and all that it adds there is
        taken as its standard error: that nothing is added lies at one, and growth without end within two or three.
        """
        step = crowding(there) - crowding(here)
        if not step:
            return ()
        beyond = max(0.0, crowding(there) - self.most, self.least - crowding(there))
        parts = ((self.variance * step**2, self.freedom), ((self.exponent * beyond) ** 2, SURE))
        return tuple(part for part in parts if part[0] > 0.0)


def crowding(configuration: Configuration) -> float:
    """The chance that the CPU which a worker gets was another worker's before. A quota below 1 is a share of one."""
    return max(0.0, 1.0 - max(1.0, configuration.cpus) / configuration.workers)


def dearness_of(anchors: Sequence[Anchor]) -> Dearness:
    """From the declared server, which comes first, and the one measured beside it that was crowded otherwise.

    That a request got cheaper in company has other reasons, such as fewer threads in each process: it is not carried
    on, and the exponent is 0. Its variance is that of two means over starts.
    """
    declared = anchors[0]
    here = crowding(declared.configuration)
    other = max(anchors, key=lambda anchor: abs(crowding(anchor.configuration) - here))
    step = crowding(other.configuration) - here
    if not step:
        return Dearness(least=here, most=here)
    change = math.log(other.cpu_s / declared.cpu_s)
    of_start, freedom = declared.cpu_variance
    return Dearness(
        exponent=max(0.0, change / step),
        variance=of_start * (1.0 / declared.starts + 1.0 / other.starts) / step**2,
        freedom=freedom,
        least=min(here, here + step),
        most=max(here, here + step),
        ratio=math.exp(change * math.copysign(1.0, step)),
    )


def dearness_words(dearness: Dearness) -> str:
    """What was seen of it; "" where that is too little to tell."""
    if dearness.ratio is None:
        return (
            "Whether a request costs more CPU when workers share one was not measured: rates with more workers than "
            "CPUs may be too high, and their intervals are the wider for it."
        )
    if dearness.exponent * (dearness.most - dearness.least) < WORTH_TELLING:
        return ""
    return (
        f"With the number of workers that was tried as well, a request cost {100 * (dearness.ratio - 1.0):.0f} % more "
        "CPU, since workers that share one find its caches full of each other's data. Rates with other numbers of "
        "workers have that in them."
    )
