"""A prediction, written down before what it predicts was measured, and what was measured then."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

__all__ = ["PredictionCheck", "history"]

CHECKS_KEPT = 50


@dataclass(frozen=True, slots=True)
class PredictionCheck:
    """What a study predicted of a configuration that it had not measured, then measured.

    predicted_at: ISO date and time of the study. workers, threads, worker_class, cpus: of the configuration.
    predicted_rps: its capacity; low_rps, high_rps: the 95 % interval, None of a study with a single start.
    measured_rps: the capacity found afterwards; None until then, and where none was found. relative_error: predicted
    over measured, less 1.
    """

    predicted_at: str
    workers: int
    threads: int
    worker_class: str
    cpus: float
    predicted_rps: float
    low_rps: float | None = None
    high_rps: float | None = None
    measured_rps: float | None = None
    relative_error: float | None = None

    def against(self, measured_rps: float | None) -> "PredictionCheck":
        """The same with what was measured."""
        error = self.predicted_rps / measured_rps - 1.0 if measured_rps else None
        return replace(self, measured_rps=measured_rps, relative_error=error)


def history(earlier: Sequence[PredictionCheck], new: Sequence[PredictionCheck]) -> tuple[PredictionCheck, ...]:
    """Those of an earlier study of the same app, then the new ones: the last fifty."""
    return (*earlier, *new)[-CHECKS_KEPT:]
