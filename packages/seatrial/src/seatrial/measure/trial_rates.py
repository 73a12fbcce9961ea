"""At which rates trials are run, for how long, and on how much of a CPU. Pure."""

from seatrial.spec.trial_spec import TrialSpec

__all__ = ["CONFIRM_HIGH", "CONFIRM_LOW", "HALF_LOAD", "confirm_seconds", "must_fail_rps", "next_rate", "other_quota"]

HALF_LOAD = 0.5
"""Of what it answered per second with all of its slots taken."""

CONFIRM_LOW = 0.90
CONFIRM_HIGH = 1.15
"""A trial of a few seconds cannot see 5 % of overload, it sees 15 to 20 %: a queue grows by overload times time."""

SEARCH_ENDS = 1.1


def must_fail_rps(estimate_rps: float, saturated_rps: float) -> float:
    """The rate that must fail if the estimate is right: 15 % above it, and never just above saturation.

    There a queue grows so slowly that a trial of some seconds ends before the objective is missed; 10 % above, it does
    not. Far below saturation a rate fails at once, by the queues that chance makes. Pure.
    """
    high_rps = CONFIRM_HIGH * estimate_rps
    is_near = 0.95 * saturated_rps < high_rps
    return max(high_rps, 1.10 * saturated_rps) if is_near else high_rps


def confirm_seconds(least_s: float, latency_max_s: float, rate_rps: float) -> float:
    """How long a confirming trial must be to be able to fail: 15 % overload passes the limit after limit / 0.15.

    Three times that, since capacity is a little below saturation and 95 % of the requests must have waited so long; and
    some 100 requests of a slow subject; at most a minute. Pure.
    """
    return min(60.0, max(least_s, 3.0 * latency_max_s / (CONFIRM_HIGH - 1.0), 100.0 / rate_rps))


def next_rate(low_rps: float | None, high_rps: float | None) -> float | None:
    """The rate to try between one that passed and one that failed; 40 % up or half where one was never seen.

    None when the two are within 10 %: a trial of some 15 s cannot tell them apart. Pure.
    """
    if low_rps is None and high_rps is None:
        return 1.0
    if high_rps is None:
        return 1.4 * (low_rps or 1.0)
    if low_rps is None:
        return high_rps / 2.0
    return (low_rps * high_rps) ** 0.5 if high_rps / low_rps > SEARCH_ENDS else None


def other_quota(spec: TrialSpec) -> float | None:
    """The vCPUs that show what being held to a fraction of one costs: a half beside a whole, a whole beside less.

    None beside more than one, since no smaller plan has as many; on several hosts; and where nothing is held. Pure.
    """
    cpus = spec.plan.limits.usable_cpus
    if cpus > 1.0 or spec.subject.url or spec.subject.services.hosts > 1:
        return None
    return 0.5 if cpus == 1.0 else 1.0
