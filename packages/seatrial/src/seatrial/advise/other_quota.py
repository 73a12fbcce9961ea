"""CPU seconds of a request on another fraction of a CPU than the plan's, as they were measured. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, geometric_mean

from seatrial.advise.capacity import Start
from seatrial.measure.measurement import Measurement, Verdict

__all__ = ["OtherQuota", "cpu_ratio", "other_quota_of"]


@dataclass(frozen=True, slots=True)
class OtherQuota:
    """A server saturated on so many vCPUs as well. ratio: CPU seconds of a request there over those on its own, the
    (geometric) mean over so many starts that saw both. half_load_ratio: those at half load there over those saturated
    there; None where not seen."""

    cpus: float
    ratio: float
    starts: int
    half_load_ratio: float | None = None


def cpu_ratio(label: str, other: str, seen: Sequence[Measurement]) -> float | None:
    """CPU seconds of a request in the intervals of one label over those of another."""
    those, others = (
        [m.cpu_s for m in seen if m.label == each and m.cpu_s and m.verdict != Verdict.INVALID]
        for each in (label, other)
    )
    return fmean(those) / fmean(others) if those and others else None


def other_quota_of(starts: Sequence[Start]) -> OtherQuota | None:
    """What the starts of one server saw there; None where none was tried."""

    def found(label: str, own: str) -> list[float]:
        return [ratio for start in starts if (ratio := cpu_ratio(label, own, start.seen))]

    full, half = found("other quota", "saturation"), found("other quota, half load", "other quota")
    cpus = next((m.cpus for start in starts for m in start.seen if m.label == "other quota" and m.cpus), None)
    if cpus is None or not full:
        return None
    return OtherQuota(cpus, geometric_mean(full), len(full), geometric_mean(half) if half else None)
