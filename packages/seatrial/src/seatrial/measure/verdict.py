"""Whether a trial met the objective, failed it, or says nothing because the rig was the limit. Pure."""

from collections.abc import Sequence

from seatrial.load.generator.validity import GENERATOR_BUSY_MAX, Fault, lateness_limit_s
from seatrial.measure.measurement import Caveat, Measurement, Verdict
from seatrial.spec.slo import SLO

__all__ = ["OTHERS_SHARE_MAX", "is_spoiled", "judge_closed", "judge_open", "rig_faults"]

OTHERS_SHARE_MAX = 0.15
"""Share of the subject's CPUs that others may take before the interval measures them too."""


def is_spoiled(seen: Sequence[Measurement]) -> bool:
    """Whether the rig spoiled the last of these intervals, but for those on another quota, which are beside."""
    own = [m for m in seen if m.cpus is None]
    return bool(own) and own[-1].verdict == Verdict.INVALID


def rig_faults(
    *,
    lateness_p99_s: float,
    generator_busy: float,
    refused_by_cap: int,
    refused_before: int = 0,
    others_share: float = 0.0,
    latency_max_s: float | None = None,
    journeys: Fault | None = None,
) -> tuple[Caveat, ...]:
    """What makes an interval the rig's measurement instead of the subject's; empty when nothing does.

    The limits of the generator are those of `load.validity`. refused_before: sessions, in the lead-in.
    latency_max_s: the objective's. journeys: their own fault.
    """
    faults = []
    if journeys is not None:
        faults.append(Caveat(journeys.code, journeys.what, journeys.try_this))
    lateness_max_s = lateness_limit_s(latency_max_s)
    if others_share > OTHERS_SHARE_MAX:
        faults.append(
            Caveat(
                "cpu-shared",
                f"Other programs took {others_share:.0%} of the subject's CPU (limit {OTHERS_SHARE_MAX:.0%}).",
                "Close them, or set measure.allow_noise = true to take pessimistic rates.",
            )
        )
    if lateness_p99_s > lateness_max_s:
        faults.append(
            Caveat(
                "generator-late",
                f"1 in 100 requests was sent {lateness_p99_s * 1000:.1f} ms late or more by the generator itself "
                f"(limit {lateness_max_s * 1000:.3g} ms).",
                "Close other programs, or give the generator a CPU of its own.",
            )
        )
    if generator_busy > GENERATOR_BUSY_MAX:
        faults.append(
            Caveat(
                "generator-busy",
                f"The generator used {generator_busy:.0%} of its CPU (limit {GENERATOR_BUSY_MAX:.0%}).",
                "The subject is faster than one generator process can drive on this machine.",
            )
        )
    if refused_by_cap:
        faults.append(
            Caveat(
                "in-flight-cap",
                f"{refused_by_cap} requests were not sent because too many were waiting already; they count as failed.",
                "",
            )
        )
    if refused_before:
        why = "because too many requests were waiting already: the load was less than it is said to be."
        faults.append(Caveat("lead-in-cap", f"{refused_before} sessions were not begun in the lead-in {why}", ""))
    return tuple(faults)


def judge_open(slo_quantile_s: float, error_ratio: float, slo: SLO, faults: tuple[Caveat, ...]) -> str:
    """The verdict on an interval with a held rate.

    What the in-flight cap refuses is the subject's failure (it let that many wait), so it never makes a trial invalid.
    What it refused in the lead-in would have been load of the interval, which then was not sustained.
    """
    codes = {fault.code for fault in faults}
    if codes - {"in-flight-cap", "lead-in-cap"}:
        return Verdict.INVALID
    met = "lead-in-cap" not in codes and slo_quantile_s <= slo.latency_max_s and error_ratio <= slo.error_ratio_max
    return Verdict.SUSTAINED if met else Verdict.VIOLATED


def judge_closed(error_ratio: float, slo: SLO, faults: tuple[Caveat, ...]) -> str:
    """The verdict on a closed loop: it holds no rate, so only the answers' rightness and the rig are judged."""
    if any(fault.code in {"generator-busy", "cpu-shared", "journey-raised"} for fault in faults):
        return Verdict.INVALID
    return Verdict.SUSTAINED if error_ratio <= slo.error_ratio_max else Verdict.VIOLATED
