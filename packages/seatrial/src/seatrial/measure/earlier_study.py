"""What is kept of a study that a later one of the same app replaced."""

from dataclasses import dataclass

__all__ = ["EARLIER_KEPT", "EarlierStudy"]

EARLIER_KEPT = 20


@dataclass(frozen=True, slots=True)
class EarlierStudy:
    """measured_at: ISO date and time. likeness: equal for studies of the same app, server, workload and machine, see
    `measure.likeness`. saturated_rps: of the declared server, the mean over its starts.
    """

    measured_at: str
    likeness: str
    saturated_rps: float
