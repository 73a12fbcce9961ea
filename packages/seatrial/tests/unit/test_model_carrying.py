import itertools
import math
import statistics
from dataclasses import replace

import pytest

from seatrial.errors import SpecError
from seatrial.measure.calibration_result import CalibrationResult, CalibrationSlice, Speed
from seatrial.model.carrying import (
    BENCHMARK_RATIO,
    BENCHMARK_RATIO_ACROSS,
    MEASURED_THERE,
    PUBLISHED_BENCHMARK,
    REPEATABILITY,
    SAME_CPU_MODEL,
    SAME_MODEL_RATIO,
    UNKNOWN_SPEED,
    CarryFactor,
    carry,
    check_plan_named,
)
from seatrial.spec.catalog import catalog

SPEEDS = catalog().cpu_speeds

SAID_NOTHING = "this plan"

# What two runs on one machine may differ by, when the factor is 2.
LOW, HIGH = 2 * (1 - REPEATABILITY), 2 * (1 + REPEATABILITY)


def calibration(
    units_per_cpu_s: float, *, slow: float = 1.0, model: str = "A CPU", pieces: tuple[float, ...] = (1.0,) * 7
) -> CalibrationResult:
    """A machine of that speed; slow: the slowest tenth against it; pieces: CPU time of each piece, relative."""
    speed = Speed(units_per_cpu_s, units_per_cpu_s * slow)
    slices = (CalibrationSlice(round(units_per_cpu_s), 0.5, 0.5),) * 40
    return CalibrationResult(
        schema="seatrial.calibration/1",
        work_version=1,
        work_checksum=7,
        measured_at="2026-11-28T12:00:00Z",
        python_version="3.11.7",
        python_implementation="CPython",
        system="Linux",
        architecture="x86_64",
        cpu_model=model,
        cpus_seen=2,
        cpus_allowed=2,
        units_per_cpu_s=speed,
        units_per_wall_s=speed,
        part_cpu_s={f"piece {number}": cost / units_per_cpu_s / 7 for number, cost in enumerate(pieces)},
        slices=slices,
        plan_id=SAID_NOTHING,
    )


def carried(plan_id: str, here: CalibrationResult | None, there: CalibrationResult | None, **more: str) -> CarryFactor:
    """The factor to the plan; `there` is of this plan unless it says otherwise."""
    if there is not None and there.plan_id == SAID_NOTHING:
        there = replace(there, plan_id=plan_id)
    return carry(catalog().plan(plan_id), here, there, catalog(), **more)


def test_half_as_many_units_a_second_there_cost_twice_the_cpu_time() -> None:
    found = carried("hetzner-cx23", calibration(120), calibration(60))
    assert found.factor == pytest.approx(2)
    assert found.confidence == MEASURED_THERE
    assert found.warnings == ()
    # Nothing varied, so only what two runs may differ by is left.
    assert (found.low, found.high) == (pytest.approx(LOW), pytest.approx(HIGH))


def test_slow_slices_on_either_side_widen_the_interval_to_their_side() -> None:
    found = carried("hetzner-cx23", calibration(120), calibration(60, slow=0.5))
    assert (found.low, found.high) == (pytest.approx(LOW), pytest.approx(4))
    found = carried("hetzner-cx23", calibration(120, slow=0.5), calibration(60))
    assert (found.low, found.high) == (pytest.approx(1), pytest.approx(HIGH))


def test_pieces_that_differ_widen_it_but_not_the_cheapest_and_the_dearest_of_them() -> None:
    there = calibration(60, pieces=(0.1, 0.6, 1, 1, 1, 1.5, 40))
    found = carried("hetzner-cx23", calibration(120), there)
    assert (found.low, found.high) == (pytest.approx(2 * 0.6), pytest.approx(2 * 1.5))


def test_a_calibration_of_another_plan_counts_when_the_cpu_has_the_name_of_this_ones() -> None:
    # Two rows of the published data: a cx33 and a cx43 both had this CPU.
    rome = "AMD EPYC-Rome Processor"
    there = replace(calibration(60, model=rome), plan_id="hetzner-cx33")
    found = carried("hetzner-cx43", calibration(120), there)
    assert found.confidence == SAME_CPU_MODEL
    assert found.factor == pytest.approx(2)
    assert (found.low, found.high) == (pytest.approx(LOW / SAME_MODEL_RATIO), pytest.approx(HIGH * SAME_MODEL_RATIO))
    assert carried("hetzner-cx33", calibration(120), there).confidence == MEASURED_THERE
    assert carried("hetzner-cx23", calibration(120), there).confidence == UNKNOWN_SPEED


def test_a_calibration_of_one_plan_says_nothing_of_another_without_a_known_cpu() -> None:
    there = replace(calibration(60), plan_id="do-s-1vcpu-512mb-10gb")
    assert carried("do-s-1vcpu-512mb-10gb", calibration(120), there).confidence == MEASURED_THERE
    assert carried("do-s-1vcpu-1gb", calibration(120), there).confidence == UNKNOWN_SPEED


@pytest.mark.parametrize(
    ("plan_id", "says"), [("", "does not say of which plan"), ("hetzner_cx33", "Did you mean hetzner-cx33?")]
)
def test_a_calibration_of_no_plan_that_is_known_is_refused_with_what_to_do(plan_id: str, says: str) -> None:
    there = replace(calibration(60), plan_id=plan_id)
    with pytest.raises(SpecError, match=says.replace("?", r"\?")):
        carried("hetzner-cx33", calibration(120), there)
    with pytest.raises(SpecError, match=r"there\.json"):
        check_plan_named(there, catalog(), "there.json")


def test_a_plan_seen_to_have_the_cpu_of_this_machine_costs_as_much_within_the_spread_of_such_servers() -> None:
    found = carried("hetzner-ccx13", None, None, here_cpu_model="AMD EPYC-Milan Processor")
    assert found.confidence == SAME_CPU_MODEL
    assert (found.low, found.factor, found.high) == (1 / SAME_MODEL_RATIO, 1, SAME_MODEL_RATIO)


def test_published_scores_are_used_by_their_ratio_and_with_their_known_error() -> None:
    # cx23: PassMark 1510. EPYC-Milan: 2866, 2897, 2897, 2932, so 2897 in the middle.
    found = carried("hetzner-cx23", calibration(99, model="AMD EPYC-Milan Processor"), None)
    assert found.confidence == PUBLISHED_BENCHMARK
    assert found.factor == pytest.approx(2897 / 1510)
    assert (found.low, found.high) == (
        pytest.approx(found.factor / BENCHMARK_RATIO),
        pytest.approx(found.factor * BENCHMARK_RATIO),
    )
    across = carried("hetzner-cax11", None, None, here_cpu_model="AMD EPYC-Milan Processor")
    assert across.factor == pytest.approx(2897 / 1308)
    assert across.high == pytest.approx(across.factor * BENCHMARK_RATIO_ACROSS)


@pytest.mark.parametrize("model", ["", "Apple M2", "AMD EPYC-Milan Processor"])
def test_a_provider_without_published_scores_is_unknown_by_forty_per_cent(model: str) -> None:
    found = carried("do-s-1vcpu-512mb-10gb", None, None, here_cpu_model=model)
    assert found.confidence == UNKNOWN_SPEED
    assert found.factor == 1
    # 40 % faster to 40 % slower.
    assert (1 / found.low, 1 / found.high) == (pytest.approx(1.4), pytest.approx(0.6))
    assert "assumption" in found.sentence


def test_a_calibration_there_without_one_here_is_not_used_and_the_answer_says_so() -> None:
    found = carried("do-s-1vcpu-512mb-10gb", None, calibration(60))
    assert found.confidence == UNKNOWN_SPEED
    assert any("seatrial calibrate --out here.json" in warning for warning in found.warnings)


def test_bad_hours_are_told_beside_the_interval_as_far_as_servers_were_watched() -> None:
    dedicated = carried("hetzner-ccx13", calibration(120), calibration(60))
    assert dedicated.bad_hours_factor == pytest.approx(2)
    own = carried("hetzner-cax11", calibration(120), calibration(60))
    assert own.bad_hours_factor == pytest.approx(2 / 0.29)
    # cx21, cax11 and cx22: 0.83, 0.29 and 0.23 of the usual speed; 0.29 is the one in the middle.
    shared = carried("do-s-1vcpu-512mb-10gb", calibration(120), calibration(60))
    assert shared.bad_hours_factor == pytest.approx(2 / 0.29)
    assert shared.steadiness is not None
    assert "23% to 83%" in shared.steadiness.sentence
    assert carried("render-starter", None, None).bad_hours_factor is None


def test_slices_that_were_slower_by_the_clock_than_any_watched_server_count_instead() -> None:
    there = replace(calibration(60), units_per_wall_s=Speed(60, 6))
    assert carried("hetzner-ccx13", calibration(120), there).bad_hours_factor == pytest.approx(2 / 0.1)


def test_another_python_another_number_of_cpus_and_a_short_or_disturbed_run_are_warned_of() -> None:
    there = replace(
        calibration(60),
        python_version="3.13.1",
        cpus_allowed=4,
        cpus_seen=4,
        slices=calibration(60).slices[:10],
        busy_share=0.9,
        steal_share=0.2,
        throttled_s=3.0,
    )
    words = "\n".join(carried("hetzner-cx23", calibration(120), there).warnings)
    for expected in (
        "3.11 here and CPython 3.13",
        "4 usable CPUs",
        "10 slices",
        "Other programs",
        "The host took 20%",
        "3.0 s",
    ):
        assert expected in words
    patch = replace(calibration(60), python_version="3.11.2")
    assert carried("hetzner-cx23", calibration(120), patch).warnings == ()


def test_different_work_or_a_different_result_of_it_is_refused() -> None:
    with pytest.raises(SpecError, match="versions 1 and 2"):
        carried("hetzner-cx23", calibration(120), replace(calibration(60), work_version=2))
    with pytest.raises(SpecError, match="different results"):
        carried("hetzner-cx23", calibration(120), replace(calibration(60), work_checksum=8))


def ninth_tenth(values: list[float]) -> float:
    return statistics.quantiles(values, n=10)[8]


def is_arm(model: str) -> bool:
    return "Neoverse" in model


def test_the_widths_are_what_nine_of_ten_pairs_of_the_published_figures_stay_within() -> None:
    alike, one_kind, across = [], [], []
    for one, other in itertools.combinations(SPEEDS, 2):
        passmark = math.log(one.passmark_st / other.passmark_st)
        if one.cpu_model == other.cpu_model:
            alike.append(math.exp(abs(passmark)))
        elif one.geekbench6_st is not None and other.geekbench6_st is not None:
            apart = math.exp(abs(passmark - math.log(one.geekbench6_st / other.geekbench6_st)))
            (across if is_arm(one.cpu_model) != is_arm(other.cpu_model) else one_kind).append(apart)
    assert (len(alike), len(one_kind), len(across)) == (134, 456, 217)
    assert ninth_tenth(alike) == pytest.approx(SAME_MODEL_RATIO, abs=0.02)
    assert ninth_tenth(one_kind) == pytest.approx(BENCHMARK_RATIO, abs=0.02)
    assert ninth_tenth(across) == pytest.approx(BENCHMARK_RATIO_ACROSS, abs=0.02)
