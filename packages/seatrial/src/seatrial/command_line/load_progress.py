"""How a load is going, in a line."""

import math

from seatrial.load.books.glance import Glance
from seatrial.load.generator.plan import LoadPlan
from seatrial.report.numbers import rate, time_words

__all__ = ["progress_line"]


def progress_line(glance: Glance, plan: LoadPlan) -> str:
    """One glance in at most 79 characters, if the numbers are not out of the ordinary."""
    if glance.elapsed_s < 0:
        when = f"warm-up, {-glance.elapsed_s:.0f} s left"
    else:
        when = f"{min(glance.elapsed_s, plan.duration_s):.0f} of {time_words(plan.duration_s)}"
    parts = [when]
    taken_s = max(glance.taken_s, 1e-9)
    if plan.arrivals is not None:
        parts.append(f"{rate(glance.arrivals / taken_s)}/s due")
    parts.append(f"{rate(glance.answered / taken_s)}/s answered")
    if not math.isnan(glance.response_time_p95_s):
        parts.append(f"p95 {time_words(glance.response_time_p95_s)}")
    parts.append(f"{glance.in_flight:,} waiting")
    if glance.failed:
        parts.append(f"{glance.failed:,} failed")
    if plan.arrivals is not None:
        parts.append(f"late {time_words(glance.lateness_max_s)}")
    return ", ".join(parts)
