"""A fraction of a CPU: a group runs at full speed until its time of a period is used up, then stands until the next."""

import math

__all__ = ["Quota", "period_s", "stretched_s"]

PERIOD_LEAST_S, TIME_LEAST_S = 0.010, 0.001
"""The test bed's period, and the least time in it that the kernel grants (Documentation/scheduler/sched-bwc.rst).
Container engines keep the kernel's default of 100 ms, hypervisors take turns of their own: what is predicted is what a
study would measure."""

SLICE_S, KEPT_S = 0.005, 0.001
"""Of a CPU: how much of the group's time it is given at once, which does not expire while somebody there wants to run,
and how much of it it keeps when nobody does; the rest goes back (Linux 5.4 and later, same document)."""


def period_s(cpus: float) -> float:
    """After so long a group has its time again."""
    return max(PERIOD_LEAST_S, min(1.0, TIME_LEAST_S / cpus))


class Quota:
    """Where in its periods a group is that may use `cpus` on average, and how much of the present one is left.

    What is not used in a period is lost, but for what the CPUs hold of it; nobody may run ahead: bandwidth control
    without bursts.
    """

    __slots__ = ("at_s", "budget_s", "cores", "left_s", "period", "period_s")

    def __init__(self, cpus: float) -> None:
        self.period_s = period_s(cpus)
        self.budget_s = self.left_s = cpus * self.period_s
        self.at_s = 0.0
        self.period, self.cores = 0, math.ceil(cpus)

    def end_s(self, run_s: float, used: int) -> float:
        """When it will have run for so long from now on, with so many CPUs at once (seconds, inf for never)."""
        if run_s == math.inf:
            return math.inf
        at_s, left_s, period = self.at_s, self.left_s, self.period
        while True:
            until_s = (period + 1) * self.period_s
            can_s = min(left_s / used, until_s - at_s)
            if run_s <= can_s:
                return at_s + run_s
            run_s -= can_s
            at_s, left_s, period = until_s, self._renewed_s(left_s - used * can_s, used), period + 1

    def pass_to(self, now_s: float, used: int) -> float:
        """Let time pass with so many CPUs in use (0: nobody wants one); returns for how many seconds of it they ran."""
        ran_s = 0.0
        while (until_s := (self.period + 1) * self.period_s) <= now_s:
            ran_s += self._run(until_s - self.at_s, used)
            self.at_s, self.left_s, self.period = until_s, self._renewed_s(self.left_s, used), self.period + 1
        ran_s += self._run(now_s - self.at_s, used)
        self.at_s = now_s
        return ran_s

    def _renewed_s(self, left_s: float, used: int) -> float:
        """What there is in the next period, with so many CPUs in use when it begins."""
        held_s = SLICE_S * used if used else KEPT_S * self.cores
        return self.budget_s + min(max(0.0, left_s), held_s)

    def _run(self, passed_s: float, used: int) -> float:
        if not used:
            return passed_s
        ran_s = min(self.left_s / used, passed_s)
        self.left_s = max(0.0, self.left_s - ran_s * used)
        return ran_s


def stretched_s(cpu_s: float, cpus: float) -> float:
    """How long so many CPU seconds of one thread take that nobody disturbs, from the beginning of a period on."""
    if cpus >= 1.0:
        return cpu_s
    budget_s = cpus * period_s(cpus)
    return cpu_s + max(0, math.ceil(cpu_s / budget_s - 1e-9) - 1) * (period_s(cpus) - budget_s)
