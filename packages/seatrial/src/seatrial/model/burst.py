"""Plans whose CPU runs at full speed for a while and at a baseline for ever: two answers instead of one."""

import math
from dataclasses import dataclass

from seatrial.spec.plan import Limits

__all__ = ["Burst", "burst_of"]


@dataclass(frozen=True, slots=True)
class Burst:
    """What a burst plan allows, of the whole machine.

    cpus: at most, while the balance lasts. sustained_cpus: for ever; what is used above it comes out of the balance.
    start_balance_s, full_balance_s: CPU seconds a new machine has, and that it has after long idling; None when the
    provider does not say.
    """

    cpus: float
    sustained_cpus: float
    start_balance_s: float | None
    full_balance_s: float | None

    def seconds_until_empty(self, load_cpus: float, balance_s: float | None) -> float | None:
        """How long a balance lasts when that many CPUs are asked for: balance / (used - sustained).

        No more than `cpus` can be used. Infinite when the load is sustained; None when the balance is not known.
        """
        if load_cpus <= self.sustained_cpus:
            return math.inf
        return None if balance_s is None else balance_s / (min(load_cpus, self.cpus) - self.sustained_cpus)

    def rates_rps(self, cpu_s_per_request: float) -> tuple[float, float]:
        """Requests per second that keep the CPUs busy: while the balance lasts, and for ever."""
        return self.cpus / cpu_s_per_request, self.sustained_cpus / cpu_s_per_request


def burst_of(limits: Limits) -> Burst | None:
    """The two speeds of a plan with a baseline below its vCPUs; None for every other plan."""
    baseline = limits.cpu_baseline
    if baseline is None or baseline >= 1 or limits.cpus <= 0:
        return None

    def whole(per_vcpu_s: float | None) -> float | None:
        return None if per_vcpu_s is None else per_vcpu_s * limits.cpus

    return Burst(
        cpus=limits.cpus,
        sustained_cpus=baseline * limits.cpus,
        start_balance_s=whole(limits.burst_start_s),
        full_balance_s=whole(limits.burst_max_s),
    )
