"""A row of bars."""

import pytest

from seatrial.report.sparkline import sparkline


def test_the_largest_value_has_the_tallest_bar_and_nothing_the_lowest() -> None:
    assert sparkline([0, 1, 2, 4], 10) == "▁▃▅█"


def test_more_values_than_places_share_bars_and_no_peak_is_lost() -> None:
    assert sparkline([1, 1, 1, 9, 1, 1], 3) == "▁█▁"


@pytest.mark.parametrize(("values", "drawn"), [([], ""), ([0.0, 0.0], "▁▁"), ([5.0], "█")])
def test_nothing_and_all_zeros_are_drawn_too(values: list[float], drawn: str) -> None:
    assert sparkline(values, 10) == drawn
