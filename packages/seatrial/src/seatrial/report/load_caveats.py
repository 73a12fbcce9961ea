"""What limits the figures of a load: each a code, a sentence, and what to do about it. Pure."""

from seatrial.load.arrivals.day import Day
from seatrial.load.arrivals.profile import Profile
from seatrial.load.arrivals.shapes import Arrivals, Constant
from seatrial.load.generator.result import LoadResult
from seatrial.load.generator.validity import Fault
from seatrial.measure.measurement import Caveat
from seatrial.report.load_words import in_words
from seatrial.report.numbers import time_words

__all__ = ["AFTER_SHARE_MAX", "FEW_REQUESTS", "load_caveats", "subjects_fault"]

FEW_REQUESTS = 1000
"""Below it the slowest request alone is the 99.9th percentile."""

AFTER_SHARE_MAX = 0.01
"""Requests due after the end, and journeys ended then, per request: above it the figures are of a lower load, too."""

_CLOSED = Caveat(
    "closed-loop",
    "A closed loop asks again only when it was answered. Its response times hide what visitors would see, who keep "
    "coming while others wait; its throughput is what the server can do at most.",
    "For response times, send at a rate: --rate.",
)


def subjects_fault(fault: Fault) -> bool:
    """Whether it is the subject's: it let so many wait that the cap was reached. All others, the generator's or
    the journeys' own, make the figures not valid."""
    return fault.code in {"in-flight-cap", "lead-in-cap"}


def load_caveats(result: LoadResult) -> tuple[Caveat, ...]:
    """In the order in which they are told; empty when nothing limits the figures. What makes them not valid is not
    here: it is in the generator's `reasons`."""
    total = result.tally.total
    found = [Caveat(fault.code, fault.what, fault.try_this) for fault in result.faults if subjects_fault(fault)]
    if not result.is_open:
        found.append(_CLOSED)
    if result.is_interrupted:
        found.append(_interrupted(result))
    if result.is_open and result.tally.due_after + result.curtailed > AFTER_SHARE_MAX * total.requests:
        found.append(_outlasting(result))
    failed = total.requests - total.answered
    if failed:
        timeout = time_words(result.plan.workload.timeout_s)
        found.append(
            Caveat(
                "failures-are-slow",
                f"{in_words(failed, 'failed request')} {'counts' if failed == 1 else 'count'} with no less than the "
                f"time limit of {timeout}: no failure is fast.",
            )
        )
    if 0 < total.requests < FEW_REQUESTS:
        found.append(
            Caveat(
                "few-requests",
                f"{in_words(total.requests, 'request')} cannot show what happens to one in a thousand: p99.9 is the "
                "slowest of them.",
                "Send more, or for longer.",
            )
        )
    if total.reused_retries:
        found.append(
            Caveat(
                "reused-retries",
                f"{in_words(total.reused_retries, 'request')} went out once more, since the server had just closed the "
                "kept connection; the time of both tries counts.",
            )
        )
    if _is_even(result.plan.arrivals):
        found.append(
            Caveat(
                "even-arrivals",
                "Evenly spaced requests wait for each other less than those of visitors, who come at random.",
                "For response times as visitors see them: --arrivals poisson.",
            )
        )
    return tuple(found)


def _interrupted(result: LoadResult) -> Caveat:
    after = f"It was interrupted after {time_words(result.plan.duration_s)}"
    unfinished = result.tally.total.errors["unfinished"]
    if result.abandoned:
        are = "request that was on its way then is" if result.abandoned == 1 else "requests that were on their way are"
        return Caveat("interrupted", f"{after}; {result.abandoned:,} {are} not counted.")
    if unfinished:
        return Caveat("interrupted", f"{after}; {in_words(unfinished, 'request')} on the way then failed: unfinished.")
    return Caveat("interrupted", f"{after}; nothing was on its way then.")


def _outlasting(result: LoadResult) -> Caveat:
    many, curtailed = result.tally.due_after, result.curtailed
    ended = f", and {in_words(curtailed, 'journey')} ended before all was sent" if curtailed else ""
    return Caveat(
        "outlasting-journeys",
        f"{in_words(many, 'request')} {'was' if many == 1 else 'were'} due after the end, when the load fell{ended}: "
        "journeys of several steps or with pauses outlast the interval.",
        "Use --sessions with a --warm-up as long as a journey, or a longer --duration.",
    )


def _is_even(arrivals: Arrivals | None) -> bool:
    return isinstance(arrivals, Constant) or (isinstance(arrivals, Profile | Day) and arrivals.spacing == "constant")
