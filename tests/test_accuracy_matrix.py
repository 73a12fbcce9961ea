"""The arithmetic of benchmarks/accuracy: which cells are tried, and what their errors amount to."""

import importlib
import importlib.util
import json
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
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


@pytest.fixture(scope="module")
def books() -> Iterator[ModuleType]:
    """Its modules import each other by their plain names, as scripts in one folder do."""
    names = ("apps", "design", "books", "scoring", "judging")
    before = {name: sys.modules.get(name) for name in names}
    sys.path.insert(0, str(FOLDER))
    try:
        yield importlib.import_module("books")
    finally:
        sys.path.remove(str(FOLDER))
        for name, module in before.items():
            sys.modules.pop(name, None)
            if module is not None:
                sys.modules[name] = module


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


def test_a_run_goes_on_with_what_is_missing_or_was_measured_with_other_code(books: ModuleType, tmp_path: Path) -> None:
    kept = books.Books(tmp_path)
    first, second, third, *_ = books.units(is_smoke=True)
    for unit in (first, second):
        kept.note(unit, seconds=1.0)
        kept.study_path(unit).write_text("{}")
    kept.note(third, seconds=1.0, problem="the rig spoiled it")
    assert kept.current() == {first.name, second.name}
    lines = [json.loads(line) for line in (tmp_path / "units.jsonl").read_text().splitlines()]
    lines[0]["code"] = "of another day"
    (tmp_path / "units.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines) + '{"unit": "cut o')
    assert kept.current() == {second.name}
    assert kept.done() == {first.name, second.name}  # a table still takes it
    kept.study_path(second).unlink()
    assert kept.current() == set()


def test_a_base_is_near_for_some_minutes_and_is_counted_on(books: ModuleType, tmp_path: Path) -> None:
    kept, base = books.Books(tmp_path), books.units(is_smoke=True)[0]
    app = base.app
    assert kept.minutes_since_base(app.name) == float("inf")
    kept.note(base, seconds=1.0)
    assert kept.minutes_since_base(app.name) < 1.0
    path = tmp_path / "units.jsonl"
    (line,) = [json.loads(text) for text in path.read_text().splitlines()]
    line["ended_at"] = (datetime.now(UTC) - timedelta(minutes=30)).isoformat()
    path.write_text(f"{json.dumps(line)}\n")
    assert kept.minutes_since_base(app.name) == pytest.approx(30.0, abs=0.5)
    near = kept.next_near(app)
    assert (near.name, near.role) == (f"{app.name}/near/1", "near")
    kept.note(near, seconds=1.0)
    assert kept.minutes_since_base(app.name) < 1.0
    assert [unit.name for unit in kept.nears(app)] == [near.name]
    assert kept.next_near(app).repeat == 2


@dataclass(frozen=True)
class Saturated:
    """As much of a study as drift is told by."""

    created_at: str
    rate_rps: float


def test_the_drift_is_that_of_the_base_nearest_in_time(books: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    judging = importlib.import_module("judging")
    monkeypatch.setattr(judging, "saturated_rps", lambda study: study.rate_rps)
    cell = next(unit for unit in books.units(is_smoke=True) if unit.role == "cell")
    base, near, late = (Saturated(f"2026-01-01T{at}:00+00:00", rate) for at, rate in BASES)
    study = Saturated("2026-01-01T10:33:00+00:00", 90.0)
    drift, minutes = judging.drift_of(cell, study, base, [base, near, late])
    assert (drift, minutes) == (pytest.approx(0.8), pytest.approx(3.0))
    again = replace(cell, setting=cell.app.base, repeat=2)
    assert judging.drift_of(again, study, base, [base, near, late]) == (1.0, None)


BASES = (("10:00", 125.0), ("10:30", 100.0), ("11:00", 150.0))
