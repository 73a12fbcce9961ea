"""Answers that are wrong: when too many are, and what to do about it."""

import re
from collections.abc import Callable, Sequence

from seatrial.errors import LoadError
from seatrial.load.books.observation import LoadRecord
from seatrial.measure.measurement import Measurement
from seatrial.measure.profile import FAILURES_TOLD

__all__ = ["refuse_wrong", "wrong_advice"]


def refuse_wrong(seen: Measurement, record: LoadRecord, log_tail: Callable[[], str]) -> None:
    """Raises LoadError when more than half of an interval's answers are wrong; log_tail: the app's last lines.

    Timeouts and refusals under overload are the subject's answer; wrong content at any load is not capacity.
    """
    wrong = sum(seen.errors.get(cause, 0) for cause in ("status", "expectation", "journey", "protocol"))
    if wrong > 0.5 * max(1, len(record.requests)):
        raise LoadError(
            f"{wrong} of {len(record.requests)} answers were wrong during '{seen.label}'",
            where="workload",
            try_this=wrong_advice(record.failures),
            details="\n".join(record.failures[:FAILURES_TOLD]) + "\n\nlast lines of the app:\n" + log_tail(),
        )


def wrong_advice(failures: Sequence[str]) -> str:
    """What to do about answers that were wrong, by the failures that were kept. Pure."""
    advice = "A wrong answer is not capacity, so nothing was concluded. What came back:"
    if any(re.search(r"\bgot 429\b|\bstatus 429\b", failure) for failure in failures):
        limits = (
            "429 is an app's own limit on how often one address may ask, and here all ask from one. Switch it off for "
            "the trial, by a variable in subject.environment, or in the code where it is fixed there."
        )
        advice = f"{limits} {advice}"
    return advice
