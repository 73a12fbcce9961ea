"""The bars of the page, by arithmetic."""

import pytest

from seatrial.report.shares import memory_parts, operation_bars, worker_bars


def test_the_dearest_operation_comes_first_and_fills_its_bar(sample):
    bars = operation_bars(sample())
    assert [bar.operation for bar in bars][:2] == ["home timeline", "public timeline"]
    assert bars[0].app_width + bars[0].database_width == pytest.approx(100.0, abs=0.02)
    assert bars[1].app_width == pytest.approx(4.93 / 9.15 * 100, abs=0.01)


def test_the_memory_bar_is_the_whole_plan(sample):
    parts = memory_parts(sample())
    assert [(part.kind, part.amount) for part in parts] == [
        ("system", "120 MB"),
        ("database", "92 MB"),
        ("first", "74 MB"),
        ("further", "217 MB"),
        ("free", "9 MB"),
    ]
    assert sum(part.width for part in parts) == pytest.approx(100.0, abs=0.05)
    assert parts[3].name == "7 further workers"


def test_the_longest_worker_bar_is_the_highest_rate(sample):
    bars = worker_bars(sample())
    assert max(bar.width for bar in bars) == 100.0
    assert bars[1].measured_at == pytest.approx(148.0 / 150.9 * 100, abs=0.01)
    assert bars[2].measured_at is None


def test_what_was_not_read_has_no_bar(bare):
    assert operation_bars(bare()) == memory_parts(bare()) == worker_bars(bare()) == ()
