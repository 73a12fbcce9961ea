"""A fraction of a CPU: a group runs at full speed until its time of a period is used up, then stands until the next."""

# A simulation comes here millions of times, and min() and max() are calls.
# ruff: noqa: FURB136, PLR1730

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

    __slots__ = ("at_s", "budget_s", "end", "kept_s", "left_s", "period", "period_s")

    def __init__(self, cpus: float) -> None:
        self.period_s = period_s(cpus)
        self.budget_s = self.left_s = cpus * self.period_s
        self.kept_s = KEPT_S * math.ceil(cpus)
        self.at_s = 0.0
        self.period = 0
        self.end = (0.0, self.left_s, 0)

    def end_s(self, run_s: float, used: int) -> float:
        """When it will have run for so long from now on, with so many CPUs at once (seconds, inf for never)."""
        if run_s == math.inf:
            return math.inf
        at_s, left_s, period, period_s, budget_s = self.at_s, self.left_s, self.period, self.period_s, self.budget_s
        held_s = SLICE_S * used
        while True:
            until_s = (period + 1) * period_s
            can_s = left_s / used
            if can_s > until_s - at_s:
                can_s = until_s - at_s
            if run_s <= can_s:
                self.end = (at_s + run_s, left_s - run_s * used, period)
                return at_s + run_s
            run_s -= can_s
            left_s -= used * can_s
            if left_s > held_s:
                left_s = held_s
            elif left_s < 0.0:
                left_s = 0.0
            at_s, left_s, period = until_s, budget_s + left_s, period + 1

    def pass_to_end(self) -> None:
        """Let time pass to what `end_s` told last."""
        self.at_s, self.left_s, self.period = self.end

    def pass_to(self, now_s: float, used: int) -> float:
        """Let time pass with so many CPUs in use (0: nobody wants one); returns for how many seconds of it they ran."""
        if not used:
            return self._rest(now_s)
        at_s, left_s, period, period_s, ran_s = self.at_s, self.left_s, self.period, self.period_s, 0.0
        held_s = SLICE_S * used
        while True:
            until_s = (period + 1) * period_s
            can_s = (until_s if until_s <= now_s else now_s) - at_s
            if can_s > left_s / used:
                can_s = left_s / used
            ran_s += can_s
            left_s -= used * can_s
            if left_s < 0.0:
                left_s = 0.0
            if until_s > now_s:
                break
            at_s, left_s, period = until_s, self.budget_s + (left_s if left_s < held_s else held_s), period + 1
        self.at_s, self.left_s, self.period = now_s, left_s, period
        return ran_s

    def _rest(self, now_s: float) -> float:
        """Nobody wants a CPU: after two periods all are the same."""
        passed_s, self.at_s = now_s - self.at_s, now_s
        renewed = 0
        while (self.period + 1) * self.period_s <= now_s:
            self.left_s = self.budget_s + min(self.left_s, self.kept_s)
            self.period, renewed = self.period + 1, renewed + 1
            if renewed == 2:
                self.period = max(self.period, math.floor(now_s / self.period_s) - 1)
        return passed_s


def stretched_s(cpu_s: float, cpus: float) -> float:
    """How long so many CPU seconds of one thread take that nobody disturbs, from the beginning of a period on."""
    if cpus >= 1.0:
        return cpu_s
    budget_s = cpus * period_s(cpus)
    return cpu_s + max(0, math.ceil(cpu_s / budget_s - 1e-9) - 1) * (period_s(cpus) - budget_s)
