"""What queueing theory says of one worker with a fixed service time: the M/D/1 queue."""

import itertools
import math
import random
from collections.abc import Sequence
from decimal import Decimal, getcontext
from statistics import fmean, stdev

__all__ = ["gap_variation", "md1_quantile_s", "path_response_times_s", "quantile_error"]


def md1_quantile_s(rate_rps: float, service_s: float, share: float) -> float:
    """The response time that `share` of requests stay within, Poisson arrivals, exact.

    P(W <= t) = (1 - rho) sum over j <= t/D of (-x)^j e^x / j! with x = rate (t - j D) (Erlang 1909, Crommelin 1932).
    The terms alternate and are huge, hence 80 digits.
    """
    getcontext().prec = 80
    rate, service = Decimal(rate_rps), Decimal(service_s)

    def within(wait: Decimal) -> Decimal:
        total = Decimal(0)
        for j in range(int(wait / service) + 1):
            x = rate * (wait - j * service)
            total += ((-x) ** j if j else 1) * x.exp() / math.factorial(j)
        return (1 - rate * service) * total

    low, high = Decimal(0), service
    while within(high) < Decimal(share):
        high *= 2
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if within(middle) >= Decimal(share) else (middle, high)
    return service_s + float(high)


def path_response_times_s(arrived_s: Sequence[float], service_s: float) -> list[float]:
    """What each of these very arrivals takes, first come first served: Lindley's recursion (1952)."""
    free_s, taken_s = -math.inf, []
    for at_s in arrived_s:
        free_s = max(free_s, at_s) + service_s
        taken_s.append(free_s - at_s)
    return taken_s


def quantile_error(
    rate_rps: float, service_s: float, share: float, seconds: float, runs: int, *, trials: int = 200
) -> float:
    """Standard error of the mean of `runs` such quantiles, as a share of the quantile; by simulation.

    Response times in a queue resemble their neighbours, so the usual formula for quantiles is far too hopeful.
    """
    chance = random.Random(1)
    count = round(rate_rps * seconds)
    seen = []
    for _ in range(trials):
        arrived_s = sorted(chance.random() * seconds for _ in range(count))
        taken_s = sorted(path_response_times_s(arrived_s, service_s))
        seen.append(taken_s[int(share * count)])
    return stdev(seen) / fmean(seen) / math.sqrt(runs)


def gap_variation(arrived_s: Sequence[float]) -> float:
    """Squared coefficient of variation of the gaps between arrivals: 0 evenly spaced, 1 Poisson, more in bunches."""
    gaps_s = [later - earlier for earlier, later in itertools.pairwise(arrived_s)]
    return (stdev(gaps_s) / fmean(gaps_s)) ** 2
