"""What the measuring middleware itself costs: requests one at a time, in turn with it and without. Pure."""

from collections import defaultdict
from collections.abc import Iterable
from statistics import fmean, variance

from seatrial.measure.demands import MiddlewareCost

__all__ = ["middleware_cost"]

OF_EACH_LEAST = 4


def middleware_cost(seen: Iterable[tuple[str, bool, float]]) -> MiddlewareCost | None:
    """seen: operation, whether it was measured from inside, CPU seconds of app and database; None of too few.

    The differences of the operations' means, each weighted by how surely it is known (the inverse of its variance).
    """
    by_operation: dict[str, tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
    requests = 0
    for operation, is_measured, cpu_s in seen:
        by_operation[operation][is_measured].append(cpu_s)
        requests += 1
    differences, weights = [], []
    for without, within in by_operation.values():
        if min(len(without), len(within)) >= OF_EACH_LEAST:
            differences.append(fmean(within) - fmean(without))
            # Never surer than a thousandth of a millisecond: two of the meters' own ticks may be all that differs.
            weights.append(1.0 / max(1e-12, variance(within) / len(within) + variance(without) / len(without)))
    if not weights:
        return None
    cost_s = sum(d * w for d, w in zip(differences, weights, strict=True)) / sum(weights)
    return MiddlewareCost(cost_s, sum(weights) ** -0.5, requests)
