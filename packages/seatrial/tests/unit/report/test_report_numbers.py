"""Numbers as people read them."""

import math

import pytest

from seatrial.report import numbers


@pytest.mark.parametrize(
    ("value", "figures", "text"),
    [
        (143.24, 3, "143"),
        (1434.2, 3, "1,430"),
        (136_212.0, 2, "140,000"),
        (0.002137, 3, "0.00214"),
        (99.96, 3, "100"),
        (9.996, 3, "10.0"),
        (0, 3, "0"),
        (-12.34, 2, "-12"),
        (math.inf, 3, "unknown"),
    ],
)
def test_no_number_has_more_figures_than_asked_for(value, figures, text):
    assert numbers.rounded(value, figures) == text


def test_rates_below_a_hundred_keep_two_figures():
    assert [numbers.rate(value) for value in (143.24, 1434.0, 28.41, 3.96, 0.4321, None, math.nan)] == [
        "143",
        "1,430",
        "28",
        "4.0",
        "0.43",
        "unknown",
        "unknown",
    ]


def test_milliseconds_have_one_decimal_until_it_means_nothing():
    assert [numbers.milliseconds(value) for value in (6.913, 0.04, 99.94, 143.2, 1930.0, None)] == [
        "6.9 ms",
        "0.0 ms",
        "99.9 ms",
        "143 ms",
        "1,930 ms",
        "unknown",
    ]


def test_memory_is_in_the_megabytes_that_plans_are_sold_in():
    mebibyte = 1024 * 1024
    sizes = (31 * mebibyte, 512 * mebibyte, 1024 * mebibyte, 1500 * mebibyte, 15_900 * mebibyte, None)
    assert [numbers.megabytes(size) for size in sizes] == ["31 MB", "512 MB", "1 GB", "1,500 MB", "16 GB", "unknown"]


def test_an_interval_is_told_only_when_it_has_both_ends_and_never_goes_below_zero():
    assert numbers.rate_span(137.1, 149.3) == "137 to 149"
    assert numbers.rate_span(-3.0, 2.993) == "0 to 3.0"
    assert numbers.rate_span(None, 10.0) == numbers.rate_span(1.0, None) == numbers.rate_span(1.0, math.inf) == ""


def test_shares_money_and_times_read_naturally():
    assert [numbers.percent(value) for value in (0.953, 0.0013, 0.0, None)] == ["95 %", "0.1 %", "0 %", "unknown"]
    assert [numbers.money(value) for value in (4.0, 4.5, None)] == [
        "4 USD a month",
        "4.50 USD a month",
        "price unknown",
    ]
    assert [numbers.time_words(value) for value in (0.02, 0.5, 1.0, 1.93, 10.0, 0.0042)] == [
        "20 ms",
        "500 ms",
        "1 s",
        "1.9 s",
        "10 s",
        "4.2 ms",
    ]


def test_a_narrow_column_gets_two_figures_and_a_letter():
    given = (0.0, 0.004, 0.5, 9.96, 25.3, 997.0, 1_340.0, 25_000.0, 1.2e6, 7.2e10, None, math.inf)
    told = ["0", "~0", "0.5", "10", "25", "1k", "1.3k", "25k", "1.2M", "72G", "-", "-"]
    assert [numbers.compact(value) for value in given] == told
