"""What is concluded of the parts of a request, of its load, and of memory, by arithmetic."""

from dataclasses import replace

import pytest

from seatrial.advise.faults import faults_of
from seatrial.advise.inside import growth_of, inside_caveats, inside_of
from seatrial.measure.demands import Demands, LoadedDemands, MemoryPoint, RegressionRow
from seatrial.measure.measurement import QueryProfile, TableScan

MEBIBYTE = 1024 * 1024


def readings(run: int, per_request: float, jump: int = 0) -> list[MemoryPoint]:
    """80 MB after the half load, then so much for each request; half a megabyte more before it, once."""
    points = [MemoryPoint(run, "warm-up", 500, 79 * MEBIBYTE)]
    for label, requests in (("half load", 1000), ("saturation", 2000), ("confirm low", 4000)):
        points.append(MemoryPoint(run, label, requests, 80 * MEBIBYTE + jump + int(per_request * (requests - 1000))))
    return points


def test_memory_that_grows_alike_in_every_start_is_told_in_bytes_per_request() -> None:
    found = growth_of([*readings(1, 1200.0), *readings(2, 1250.0, jump=MEBIBYTE), *readings(3, 1150.0)])
    assert found is not None
    assert found.bytes_per_request == pytest.approx(1200.0, abs=1.0)
    # Student's t for 3 starts: 1200 +- 4.303 x 50 / sqrt(3).
    assert (found.low, found.high) == (pytest.approx(1075.8, abs=1.0), pytest.approx(1324.2, abs=1.0))
    assert found.is_above_noise
    assert found.requests == 3000


def test_memory_that_rises_in_one_start_and_falls_in_another_is_noise() -> None:
    found = growth_of([*readings(1, 900.0), *readings(2, -700.0), *readings(3, 100.0)])
    assert found is not None
    assert not found.is_above_noise


def test_one_start_says_nothing_of_its_own_noise() -> None:
    found = growth_of(readings(1, 5000.0))
    assert found is not None
    assert (found.low, found.is_above_noise) == (None, False)
    assert growth_of([]) is None


def test_the_same_statement_once_for_each_row_is_named_with_its_count_and_time(a_study) -> None:
    often = (("SELECT name FROM authors WHERE id = ?", 20.0), ("SELECT id FROM posts", 1.0))
    dear = (("SELECT name FROM authors WHERE id = ?", 20.0, 0.004), ("SELECT id FROM posts", 1.0, 0.001))
    study = replace(a_study(), queries=(QueryProfile("read", 10, 1.0, 21.0, often, dear),))
    (found,) = faults_of(study)
    assert (found.code, found.operation, found.cost_ms) == ("n-plus-one", "read", 4.0)
    assert found.what == f"one request sends 20 times: {often[0][0]}"


def test_a_table_read_from_end_to_end_is_named_once_where_it_costs_most(a_study) -> None:
    def scanned(operation: str, seconds: float) -> QueryProfile:
        scan = TableScan("SELECT count(*) FROM orders WHERE customer_id = ?", "orders", 100_000, seconds)
        return QueryProfile(operation, 10, 1.0, 1.0, scans=(scan,))

    study = replace(a_study(), queries=(scanned("list", 0.004), scanned("detail", 0.009), scanned("rare", 0.0001)))
    (found,) = faults_of(study)
    assert (found.code, found.operation, found.cost_ms) == ("missing-index", "detail", 9.0)
    assert "all 100,000 rows of orders are read" in found.what


def test_a_connection_for_each_request_costs_what_opening_one_takes(a_study) -> None:
    def opening(operation: str, per_request: float, statements: float = 2.0) -> QueryProfile:
        return QueryProfile(operation, 10, 1.0, statements, connections_per_request=per_request, connect_s=0.005)

    study = replace(a_study(), queries=(opening("list", 2.0), opening("detail", 1.0), opening("static", 1.0, 0.0)))
    (found,) = faults_of(study)
    assert (found.code, found.operation, found.cost_ms) == ("connection-per-request", "list", 10.0)
    pooled = replace(a_study(), queries=(opening("list", 0.4),))
    assert faults_of(pooled) == ()


def test_the_dearest_statements_are_those_of_the_whole_mix(a_study) -> None:
    # 90 reads and 10 writes: 2 ms in nine of ten requests are more than 15 ms in one of ten.
    read = QueryProfile("read", 10, 1.0, 1.0, (), (("SELECT a", 2.0, 0.002),))
    write = QueryProfile("write", 10, 1.0, 1.0, (), (("UPDATE a", 1.0, 0.015),))
    found = inside_of(replace(a_study(), queries=(write, read)), [], {"read": 9.0, "write": 1.0}).statements
    assert [one.statement for one in found] == ["SELECT a", "UPDATE a"]
    assert [one.milliseconds for one in found] == pytest.approx([1.8, 1.5])
    assert [one.calls for one in found] == pytest.approx([1.8, 0.1])


def test_dearer_requests_under_load_are_told_with_an_interval_over_the_starts(a_study) -> None:
    study = a_study()
    dearer = [
        replace(m, app_cpu_s=(m.app_cpu_s or 0.0) * 1.1, database_cpu_s=(m.database_cpu_s or 0.0) * 1.1)
        if m.label == "saturation"
        else m
        for m in study.measurements
    ]
    change = inside_of(study, [[m for m in dearer if m.run == run] for run in (1, 2, 3)], {}).change
    assert change is not None
    assert change.share == pytest.approx(0.1)
    assert change.saturated_ms == pytest.approx(1.1 * change.half_ms)
    assert (change.low_share, change.high_share) == (pytest.approx(0.1), pytest.approx(0.1))


@pytest.mark.parametrize(("unattributed_s", "is_told"), [(0.0, False), (0.0004, False), (0.003, True), (-0.003, True)])
def test_parts_that_do_not_add_up_are_a_caveat_from_a_tenth_of_the_whole_on(a_study, unattributed_s, is_told) -> None:
    study = a_study()
    read, write = study.operations
    study = replace(study, operations=(read, replace(write, unattributed_s=unattributed_s)))  # of 23.5 ms
    codes = [caveat.code for caveat in inside_caveats(study)]
    assert ("unattributed" in codes) == is_told


def test_slots_that_contradict_littles_law_and_a_noisy_look_inside_are_caveats(a_study) -> None:
    # 50/s for 20 ms inside the app are one request inside it on average.
    good = LoadedDemands(0.5, 50.0, 50.0, 0.03, 0.02, inside_wall_s=0.02, busy_slots=1.03)
    assert inside_caveats(replace(a_study(), demands=Demands(loads=(good,)))) == ()
    bad = replace(good, busy_slots=1.6, others_share=0.4)
    found = inside_caveats(replace(a_study(), demands=Demands(loads=(bad,))))
    assert [caveat.code for caveat in found] == ["slots-apart", "noisy-inside"]
    assert "1.60 requests were seen" in found[0].text


def test_regression_names_what_differs_by_more_than_its_error_and_what_it_cannot_tell(a_study) -> None:
    rows = (
        RegressionRow("read", 900, 0.0070, 0.0072, 0.0002),
        RegressionRow("write", 100, 0.0200, 0.0260, 0.0010),
        RegressionRow("rare", 3, 0.0100, None, None),
    )
    check = inside_of(replace(a_study(), demands=Demands(regression=rows)), [], {}).regression
    assert check is not None
    assert check.identified == ("read", "write")
    assert check.unidentified == ("rare",)
    assert [row[0] for row in check.apart] == ["write"]
    assert check.apart[0][1:] == pytest.approx((20.0, 26.0, 2.0))
