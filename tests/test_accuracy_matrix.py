"""The arithmetic of benchmarks/accuracy: which cells are tried, and what their errors amount to."""

import importlib.util
import random
import sys
from itertools import combinations, product
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).parent.parent / "benchmarks" / "accuracy"


def module_of(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"accuracy_{name}", FOLDER / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


design = module_of("design")
scoring = module_of("scoring")


@pytest.mark.parametrize("machine_cpus", [2, 4])
def test_every_two_levels_of_every_two_settings_meet_in_a_fraction_of_the_grid(machine_cpus: int) -> None:
    levels = design.levels(machine_cpus, has_threads=True, has_database=True)
    rows = design.covering(levels)
    for first, second in combinations(levels, 2):
        met = {(row[first], row[second]) for row in rows}
        assert met == set(product(levels[first], levels[second]))
    # No fewer than 5 worker counts x 3 pools are possible; the whole grid has 120 or more.
    assert 15 <= len(rows) <= 20


def test_two_cpus_are_only_asked_for_where_the_generator_has_another_one() -> None:
    assert 2.0 not in design.levels(2, has_threads=True, has_database=True)["cpus"]
    assert 2.0 in design.levels(4, has_threads=True, has_database=True)["cpus"]


def test_an_app_without_threads_or_database_is_not_asked_for_them() -> None:
    for cell in design.cells(2, has_threads=False, has_database=False):
        assert (cell.threads, cell.pool, cell.round_trip_ms) == (None, None, 0.0)


def test_the_base_is_no_cell_of_the_matrix() -> None:
    assert design.BASE not in design.cells(2, has_threads=True, has_database=True)


@pytest.mark.parametrize(("quantile", "expected"), [(0.9, 9.0), (0.91, 10.0), (0.5, 5.0), (0.05, 1.0)])
def test_the_nearest_rank_of_one_to_ten_is_counted_and_not_interpolated(quantile: float, expected: float) -> None:
    assert scoring.nearest_rank([float(n) for n in range(10, 0, -1)], quantile) == expected


def test_a_promise_of_a_tenth_too_much_is_an_error_above_zero() -> None:
    assert scoring.relative_error(110.0, 100.0) == pytest.approx(0.1)


def goal(**more: float) -> object:
    return scoring.Goal("x", "x", 0.10, **more)


def test_one_miss_in_ten_leaves_the_ninetieth_percentile_met_and_two_do_not() -> None:
    assert scoring.row_of(goal(), [0.01] * 9 + [0.5]).is_met
    assert not scoring.row_of(goal(), [0.01] * 8 + [0.5, -0.5]).is_met


def test_a_goal_with_a_median_is_missed_by_the_median_alone() -> None:
    assert not scoring.row_of(goal(median=0.05), [0.06, -0.06, 0.06]).is_met


def test_memory_promised_too_low_is_a_miss_that_too_high_is_not() -> None:
    assert scoring.row_of(goal(under=0.05), [0.08, 0.0]).is_met
    assert not scoring.row_of(goal(under=0.05), [-0.08, 0.0]).is_met


def test_nothing_measured_is_neither_met_nor_missed() -> None:
    assert scoring.row_of(goal(), []).is_met is None


# Two threes of variance 1: t = difference / sqrt(2/3), 4 degrees of freedom, of which 2.776 is the 97.5 % quantile, so
# the difference that is just told apart is 2.267.
@pytest.mark.parametrize(("apart", "expected"), [(2.2, False), (2.3, True)])
def test_two_studies_differ_from_where_welchs_t_says_so(apart: float, expected: bool) -> None:
    assert scoring.are_different([1.0, 2.0, 3.0], [1.0 + apart, 2.0 + apart, 3.0 + apart]) is expected


def test_a_single_start_differs_from_nothing_that_could_be_said() -> None:
    assert scoring.are_different([1.0], [2.0, 3.0]) is None


def test_identical_trials_are_called_different_in_about_one_of_twenty() -> None:
    chance = random.Random(7)

    def starts() -> list[float]:
        return [chance.gauss(100.0, 3.0) for _ in range(5)]

    told = sum(scoring.are_different(starts(), starts()) for _ in range(2000))
    # 5 % of 2,000 are 100; four standard deviations of the count are 39. Welch's test errs a little low.
    assert 50 <= told <= 139
