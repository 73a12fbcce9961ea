"""What a request that was measured here costs on another CPU: a factor, how sure it is, and in words why."""

import statistics
from dataclasses import dataclass

from seatrial.errors import SpecError
from seatrial.measure.calibration_result import CalibrationResult
from seatrial.model.steadiness import Steadiness, steadiness_of
from seatrial.spec.catalog import Catalog, CpuSpeed
from seatrial.spec.checking import did_you_mean
from seatrial.spec.plan import Plan

__all__ = [
    "BENCHMARK_RATIO",
    "BENCHMARK_RATIO_ACROSS",
    "MEASURED_THERE",
    "PUBLISHED_BENCHMARK",
    "REPEATABILITY",
    "SAME_CPU_MODEL",
    "SAME_MODEL_RATIO",
    "UNKNOWN_SPEED",
    "CarryFactor",
    "calibration_warnings",
    "carry",
    "check_plan_named",
]

MEASURED_THERE = "measured there"
SAME_CPU_MODEL = "measured on the same CPU model"
PUBLISHED_BENCHMARK = "published benchmark"
UNKNOWN_SPEED = "unknown"

# Each of these is what 90 % of the pairs in cpu_speed.toml stay within (a test reckons them again from that file).
SAME_MODEL_RATIO = 1.29
"""Between two servers with a CPU of the same name: another generation, clock or neighbours."""
BENCHMARK_RATIO = 1.68
"""Between what PassMark and what Geekbench say of the ratio of two CPUs of one architecture; neither is Python."""
BENCHMARK_RATIO_ACROSS = 2.12
"""The same between an Arm and an x86 CPU."""

REPEATABILITY = 0.15
"""Two calibrations of one shared machine were seen to differ by a little less than this, see benchmarks/README.md."""

UNKNOWN_SLOWER, UNKNOWN_FASTER = 0.6, 1.4
"""Speed there when nothing is known: 40 % less or more than here."""

OTHERS_SHARE_MAX = 0.15
"""As in the trials: above it, what others do is too much of what is seen."""


@dataclass(frozen=True, slots=True)
class CarryFactor:
    """CPU seconds of a request there / CPU seconds here; only the CPU part of a request scales with it.

    low, high: where the factor lies in ordinary hours. steadiness: how much slower the bad hours of such a plan are,
    or None when nobody watched one. confidence: one of the four constants of this module. sentence: why, for a reader.
    warnings: what makes the figures worth less, each a sentence with what to do.
    """

    factor: float
    low: float
    high: float
    confidence: str
    sentence: str
    steadiness: Steadiness | None = None
    warnings: tuple[str, ...] = ()

    @property
    def bad_hours_factor(self) -> float | None:
        """The factor in the slowest twentieth of the day; None when nothing is known of it."""
        return None if self.steadiness is None else self.factor / self.steadiness.slow_speed


def carry(
    plan: Plan,
    here: CalibrationResult | None,
    there: CalibrationResult | None,
    plans: Catalog,
    *,
    here_cpu_model: str = "",
) -> CarryFactor:
    """The factor from the measuring machine to a plan, by the best evidence that there is.

    here: the measuring machine's calibration; without it, here_cpu_model names its CPU at least.
    there: a calibration of a server of the plan that it names: it counts for that plan, and for others whose CPU was
    seen to have the same name.

    Raises:
        SpecError: the two calibrations did different work or ended with different results, or `there` names no plan.
    """
    if there is not None:
        check_plan_named(there, plans)
    warnings = (*calibration_warnings(here, "here"), *calibration_warnings(there, "there"))
    if here is not None and there is not None:
        _check_comparable(here, there)
        found = _calibrated(plan, here, there, plans)
        if found is not None:
            return _with_steadiness(found, plan, there, plans, (*warnings, *_pair_warnings(plan, here, there)))
    speeds = [speed for speed in plans.cpu_speeds if speed.plan_id == plan.id]
    model = here.cpu_model if here is not None else here_cpu_model
    found = _published(speeds, model, plans)
    if here is None and there is not None:
        warnings = (
            *warnings,
            "A calibration there says nothing without one here: run seatrial calibrate --out here.json.",
        )
    return _with_steadiness(found, plan, None, plans, warnings)


def check_plan_named(there: CalibrationResult, plans: Catalog, where: str = "") -> None:
    """Refuses a calibration of a server that does not say of which plan, or names one that is not known.

    Taken for any plan's, it would make every plan of the catalogue as fast as that one server.

    Raises:
        SpecError: with the nearest plan when there is one.
    """
    again = 'Run it there with --plan ID, or write the id into the file: "plan_id": "ID".'
    if not there.plan_id:
        raise SpecError("the calibration does not say of which plan it is.", where=where, try_this=again)
    if there.plan_id not in plans.by_id:
        hint = did_you_mean(there.plan_id, plans.by_id) or again
        raise SpecError(
            f'the calibration is of a plan "{there.plan_id}", which is not known.', where=where, try_this=hint
        )


def _calibrated(plan: Plan, here: CalibrationResult, there: CalibrationResult, plans: Catalog) -> CarryFactor | None:
    """From two calibrations: of this plan, or of another server with a CPU that this plan was seen to have."""
    factor = here.units_per_cpu_s.median / there.units_per_cpu_s.median
    low, high = _calibrated_range(here, there, factor)
    if there.plan_id == plan.id:
        words = f"{_cost(factor, low, high)}: web-like work was timed on both machines."
        return CarryFactor(factor, low, high, MEASURED_THERE, words)
    models = {speed.cpu_model for speed in plans.cpu_speeds if speed.plan_id == plan.id}
    if there.cpu_model not in models:
        return None
    low, high = low / SAME_MODEL_RATIO, high * SAME_MODEL_RATIO
    words = (
        f"{_cost(factor, low, high)}: web-like work was timed on {there.plan_id}, whose CPU has the same name as that "
        f"of a {plan.id} ({there.cpu_model}); servers of one CPU model differ."
    )
    return CarryFactor(factor, low, high, SAME_CPU_MODEL, words)


def _calibrated_range(here: CalibrationResult, there: CalibrationResult, factor: float) -> tuple[float, float]:
    """The spread of the slices on both machines, and of the pieces of the work.

    An app is another mix than the work: its factor lies among those of the pieces. The cheapest and the dearest piece
    are left out, since no app consists of one of them.
    """
    slow_here = here.units_per_cpu_s.p10 / here.units_per_cpu_s.median
    slow_there = there.units_per_cpu_s.p10 / there.units_per_cpu_s.median
    pieces = sorted(there.part_cpu_s[name] / here.part_cpu_s[name] for name in here.part_cpu_s)
    inner = pieces[1:-1] if len(pieces) > 4 else pieces
    low = min(factor * slow_here, inner[0], factor * (1 - REPEATABILITY))
    high = max(factor / slow_there, inner[-1], factor * (1 + REPEATABILITY))
    return low, high


def _published(speeds: list[CpuSpeed], model: str, plans: Catalog) -> CarryFactor:
    """From published figures of the plan's servers and of servers with the CPU of this machine."""
    alike = [speed for speed in plans.cpu_speeds if speed.cpu_model == model]
    if any(speed.cpu_model == model for speed in speeds):
        words = (
            f"{_cost(1.0, 1 / SAME_MODEL_RATIO, SAME_MODEL_RATIO)}: the plan was seen to have the CPU model of this "
            f"machine ({model}); servers of one CPU model differ."
        )
        return CarryFactor(1.0, 1 / SAME_MODEL_RATIO, SAME_MODEL_RATIO, SAME_CPU_MODEL, words)
    if speeds and alike:
        across = _is_arm(model) != _is_arm(speeds[0].cpu_model)
        width = BENCHMARK_RATIO_ACROSS if across else BENCHMARK_RATIO
        score_here = statistics.median(speed.passmark_st for speed in alike)
        score_there = statistics.median(speed.passmark_st for speed in speeds)
        factor = score_here / score_there
        words = (
            f"{_cost(factor, factor / width, factor * width)}: by the PassMark single-thread scores of such a server "
            f"({score_there:.0f}) and of CPUs with the name of this one ({score_here:.0f}). That is no Python: two "
            f"benchmarks of the same CPUs differ by up to {width:.1f} times."
        )
        return CarryFactor(factor, factor / width, factor * width, PUBLISHED_BENCHMARK, words)
    low, high = 1 / UNKNOWN_FASTER, 1 / UNKNOWN_SLOWER
    words = (
        f"{_cost(1.0, low, high)}: nothing is known of the CPU there. That is an assumption (40 % faster to 40 % "
        "slower than here), no measurement. Run the calibration there."
    )
    return CarryFactor(1.0, low, high, UNKNOWN_SPEED, words)


def _cost(factor: float, low: float, high: float) -> str:
    return f"A request costs {factor:.2f} times the CPU time there ({low:.2f} to {high:.2f})"


def _is_arm(cpu_model: str) -> bool:
    return any(word in cpu_model for word in ("Neoverse", "Ampere", "Altra", "Graviton", "Apple", "Cortex"))


def _with_steadiness(
    found: CarryFactor, plan: Plan, there: CalibrationResult | None, plans: Catalog, warnings: tuple[str, ...]
) -> CarryFactor:
    steadiness = steadiness_of(plan, there, plans)
    return CarryFactor(
        found.factor, found.low, found.high, found.confidence, found.sentence, steadiness, tuple(warnings)
    )


def _check_comparable(here: CalibrationResult, there: CalibrationResult) -> None:
    if (here.work_version, set(here.part_cpu_s)) != (there.work_version, set(there.part_cpu_s)):
        raise SpecError(
            f"the calibrations did different work (versions {here.work_version} and {there.work_version}).",
            try_this="Write the file again with seatrial calibrate --write calibrate.py, and run it on both machines.",
        )
    if here.work_checksum != there.work_checksum:
        raise SpecError(
            "the calibrations ended with different results, so they cannot be compared.",
            try_this="Was the file changed on its way? Write it again with seatrial calibrate --write calibrate.py.",
        )


def _pair_warnings(plan: Plan, here: CalibrationResult, there: CalibrationResult) -> list[str]:
    found = []
    if here.python != there.python:
        found.append(
            f"Python is {here.python} here and {there.python} there, and that is in the factor: run both with the "
            "version that the app will have."
        )
    if plan.limits.cpus >= 1 and there.usable_cpus != plan.limits.cpus:
        found.append(
            f"The calibration there saw {there.usable_cpus:g} usable CPUs, {plan.id} has {plan.limits.cpus:g}: was it "
            "taken on that plan?"
        )
    return found


def calibration_warnings(result: CalibrationResult | None, where: str) -> list[str]:
    """What makes a calibration worth less, with what to do. where: "here" or "there"."""
    if result is None:
        return []
    found = []
    if result.is_short:
        found.append(f"The calibration {where} was a short one ({len(result.slices)} slices): run it in full.")
    if (result.others_share or 0) > OTHERS_SHARE_MAX:
        found.append(
            f"Other programs used {result.others_share:.0%} of the CPUs {where} meanwhile: run it again in quiet."
        )
    if (result.steal_share or 0) > OTHERS_SHARE_MAX:
        found.append(
            f"The host took {result.steal_share:.0%} of the CPU time {where} meanwhile: other customers were busy."
        )
    if (result.throttled_s or 0) > 0.5:
        found.append(
            f"A CPU quota stopped the work {where} for {result.throttled_s:.1f} s meanwhile: by the clock it is slower "
            "than the factor says."
        )
    return found
