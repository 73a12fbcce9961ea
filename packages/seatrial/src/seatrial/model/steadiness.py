"""How much slower the bad hours of a plan are than its usual ones."""

import statistics
from dataclasses import dataclass

from seatrial.measure.calibration_result import CalibrationResult
from seatrial.spec.catalog import Catalog, CpuNoise
from seatrial.spec.plan import Plan

__all__ = ["Steadiness", "noises_of", "steadiness_of"]


@dataclass(frozen=True, slots=True)
class Steadiness:
    """slow_speed: of the slowest twentieth of a day against the usual speed, at most 1. sentence: how it is known."""

    slow_speed: float
    sentence: str


def noises_of(plan: Plan, plans: Catalog) -> tuple[CpuNoise, ...]:
    """The servers that were watched for a day: of this very plan, else those whose vCPUs are of the same kind."""
    own = tuple(noise for noise in plans.cpu_noises if noise.plan_id == plan.id)
    return own or tuple(noise for noise in plans.cpu_noises if noise.cpu == plan.limits.cpu_kind)


def steadiness_of(plan: Plan, there: CalibrationResult | None, plans: Catalog) -> Steadiness | None:
    """The slow hours by servers that were watched for a day, or by the calibration there if that was slower.

    None for a kind of vCPU of which no server was watched.
    """
    noises = noises_of(plan, plans)
    slow = statistics.median(noise.p5 for noise in noises) if noises else None
    seen = there.units_per_wall_s.p10 / there.units_per_wall_s.median if there is not None else None
    if slow is None:
        return None
    if seen is not None and seen < slow:
        return Steadiness(
            seen,
            f"In the calibration there, the slowest tenth of the half-seconds ran at {seen:.0%} of the usual speed.",
        )
    if noises[0].plan_id == plan.id:
        words = (
            f"One such server, watched for a day, ran at {slow:.0%} of its usual speed in the slowest twentieth of it."
        )
    else:
        speeds = [noise.p5 for noise in noises]
        words = (
            f"{len(noises)} other servers with {plan.limits.cpu_kind} vCPUs, watched for a day, ran at "
            f"{min(speeds):.0%} to {max(speeds):.0%} of their usual speed in the slowest twentieth of it; {slow:.0%} "
            "is the middle one."
        )
    return Steadiness(slow, words)
