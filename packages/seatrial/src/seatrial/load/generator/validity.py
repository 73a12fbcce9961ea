"""When a load says something about the subject, and when only about the generator. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from seatrial.load.generator.self_check import SelfCheck

__all__ = [
    "GENERATOR_BUSY_MAX",
    "JOURNEY_ERRORS_MAX",
    "LATENESS_P99_MAX_S",
    "LATENESS_SHARE_MAX",
    "Fault",
    "generator_faults",
    "journey_fault",
    "lateness_limit_s",
]

LATENESS_P99_MAX_S = 0.005
"""A generator later than this at its 99th percentile measures itself; 5 ms is 1 % of a 500 ms objective."""

LATENESS_SHARE_MAX = 0.05
"""Of the objective's response time, where that is less: 1 ms of an objective of 20 ms."""

GENERATOR_BUSY_MAX = 0.75
"""Share of the time above which the generator queues its own work: it uses its CPU, or waits for it."""

JOURNEY_ERRORS_MAX = 0.01
"""Share of requests after which the journeys' own code may break off, before the load is no longer the declared one."""


_OTHERS = (
    "Something else used its CPU: close other programs, and keep the app off one CPU (taskset -c 0 in front of its "
    "command), which the generator then has for itself."
)


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a load says nothing about the subject: a code such as generator-late, and in sentences what and try_this."""

    code: str
    what: str
    try_this: str

    def __str__(self) -> str:
        return f"{self.what} {self.try_this}"


def lateness_limit_s(latency_max_s: float | None = None) -> float:
    """How late the generator may be at its 99th percentile, for an objective of latency_max_s if there is one."""
    return LATENESS_P99_MAX_S if latency_max_s is None else min(LATENESS_P99_MAX_S, LATENESS_SHARE_MAX * latency_max_s)


def generator_faults(
    *,
    lateness_p99_s: float,
    busy: Sequence[float],
    waited: Sequence[float] = (),
    offered_rate_rps: float | None = None,
    latency_max_s: float | None = None,
    refused_by_cap: int = 0,
    refused_before: int = 0,
    in_flight_max: int = 0,
    timeout_s: float = 10.0,
    cpus: int = 1,
    self_check: SelfCheck | None = None,
) -> tuple[Fault, ...]:
    """What makes a load invalid; empty when nothing does.

    lateness_p99_s: nan where it is not known. offered_rate_rps: None for a closed loop, which has no schedule; its
    lateness is an alarm's. busy: CPU share of each process of the generator; waited: share of the time in which it was
    ready to run and others had its CPU. refused_before: sessions that the cap refused in the lead-in. cpus: of this
    machine. What was seen decides; the self-check only says what would help.
    """
    faults = []
    is_open = offered_rate_rps is not None
    taken = [sum(both) for both in zip_longest(busy, waited, fillvalue=0.0)]
    too_busy = max(busy, default=0.0) > GENERATOR_BUSY_MAX
    is_starved = not too_busy and max(taken, default=0.0) > GENERATOR_BUSY_MAX
    too_late = lateness_p99_s > lateness_limit_s(latency_max_s)
    remedy = _remedy(taken, offered_rate_rps, cpus, self_check)
    if too_late:
        why = remedy if too_busy else f"{_OTHERS} {remedy}" if is_starved else _OTHERS
        faults.append(_late(lateness_p99_s, latency_max_s, why, is_open=is_open))
    if too_busy:
        faults.append(_busy(busy, remedy))
    if is_starved and not too_late and not is_open:
        # What keeps a schedule would be late; a loop only comes around less often.
        faults.append(_starved(taken, waited, f"{_OTHERS} {remedy}"))
    if (too_late or too_busy) and offered_rate_rps is not None and self_check is not None:
        ceiling_rps = self_check.ceiling_rps * len(busy)
        if offered_rate_rps > ceiling_rps:
            what = (
                f"{offered_rate_rps:,.0f}/s were offered, but against a server that does nothing this generator "
                f"reaches {ceiling_rps:,.0f}/s on this machine."
            )
            faults.append(Fault("generator-ceiling", what, remedy))
    if refused_by_cap:
        faults.append(_capped(refused_by_cap, in_flight_max, offered_rate_rps, timeout_s))
    if refused_before:
        faults.append(
            Fault(
                "lead-in-cap",
                f"{refused_before:,} sessions were not begun in the lead-in because {in_flight_max:,} requests were on "
                "their way already, or too many sessions under way: the load was less than it is said to be.",
                "The app answers too slowly for this rate: offer less, or raise --connections.",
            )
        )
    return tuple(faults)


def journey_fault(
    journey_errors: int, requests: int, failures: Sequence[str], *, error_ratio_max: float | None = None
) -> Fault | None:
    """What the journeys' own code makes of a load; None when it raised nowhere, or rarely.

    journey_errors: how often it raised though the answer was no error page. failures: in words, as they were kept.
    error_ratio_max: the objective's: more than that would miss it, by no fault of the subject.
    """
    limit = JOURNEY_ERRORS_MAX if error_ratio_max is None else min(JOURNEY_ERRORS_MAX, error_ratio_max)
    if not requests or journey_errors <= limit * requests:
        return None
    first = next((words for words in failures if ": journey: " in words), "")
    return Fault(
        "journey-raised",
        f"{journey_errors:,} of {requests:,} requests ended with an error of the journeys' own code. {first}".rstrip(),
        "Mend the journey; what it sends now is not what it was meant to send.",
    )


def _late(lateness_p99_s: float, latency_max_s: float | None, remedy: str, *, is_open: bool) -> Fault:
    limit_s = lateness_limit_s(latency_max_s)
    why = f", {LATENESS_SHARE_MAX:.0%} of the objective" if limit_s < LATENESS_P99_MAX_S else ""
    late = f"{lateness_p99_s * 1000:.1f} ms late or more"
    what = f"1 in 100 requests was sent {late} by the generator itself"
    if not is_open:
        what = f"1 in 100 times the generator came {late} to its work"
    return Fault("generator-late", f"{what} (limit {limit_s * 1000:.3g} ms{why}).", remedy)


def _busy(busy: Sequence[float], remedy: str) -> Fault:
    who, share, limit = _most(busy)
    return Fault(
        "generator-busy", f"{who} used {share:.0%} of a CPU (limit {limit}): it may itself have been the limit.", remedy
    )


def _starved(taken: Sequence[float], waited: Sequence[float], remedy: str) -> Fault:
    who, share, limit = _most(taken)
    waiting = waited[taken.index(share)]
    return Fault(
        "generator-starved",
        f"{who} used {share - waiting:.0%} of a CPU, and for another {waiting:.0%} of the time it waited while others "
        f"had it (limit of both {limit}): it may itself have been the limit.",
        remedy,
    )


def _most(shares: Sequence[float]) -> tuple[str, float, str]:
    """Which process has the largest share, that share, and the limit."""
    number, share = max(enumerate(shares, 1), key=lambda one: one[1])
    who = "The generator" if len(shares) == 1 else f"Process {number} of the generator's {len(shares)}"
    return who, share, f"{GENERATOR_BUSY_MAX:.0%}"


def _remedy(busy: Sequence[float], offered_rate_rps: float | None, cpus: int, self_check: SelfCheck | None) -> str:
    """More processes where there are CPUs for them beside the app, and a lower rate in any case."""
    processes = len(busy) + 1
    fewer = "Offer less load"
    if offered_rate_rps and sum(busy) > 0:
        # What the busiest process could do at its limit. One that fell behind has not done all its work yet.
        possible_rps = offered_rate_rps * min(GENERATOR_BUSY_MAX / max(busy), 1.0)
        if self_check is not None:
            possible_rps = min(possible_rps, GENERATOR_BUSY_MAX * self_check.requests_per_cpu_s * len(busy))
        fewer = f"Offer {_rounded(possible_rps):,.0f}/s or less"
        processes = max(processes, math.ceil(offered_rate_rps / possible_rps * len(busy)))
    if processes < cpus:
        return f"Share the load among more processes (--processes {processes}). {fewer} otherwise."
    return f"{fewer}, or use a machine with more CPUs and --processes {processes}."


def _capped(refused: int, in_flight_max: int, offered_rate_rps: float | None, timeout_s: float) -> Fault:
    more = "raise --connections"
    if offered_rate_rps is not None and offered_rate_rps * timeout_s > in_flight_max:
        # Little's law: nobody is in flight for longer than the timeout.
        more = f"--connections {math.ceil(offered_rate_rps * timeout_s)} would be enough for any"
    return Fault(
        "in-flight-cap",
        f"{refused:,} requests were not sent because {in_flight_max:,} were on their way already, and nothing "
        "new begins then; they count as failed, at no less than the timeout.",
        f"The app answers too slowly for this rate: offer less. If so many may wait, {more}.",
    )


def _rounded(rate_rps: float) -> float:
    """Down to two digits."""
    unit = 10 ** max(0, math.floor(math.log10(rate_rps)) - 1) if rate_rps >= 1 else 1
    return max(1, rate_rps // unit * unit)
