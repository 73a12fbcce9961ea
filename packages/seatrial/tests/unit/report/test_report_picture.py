"""The picture's geometry: scales, ticks and labels."""

import math
from dataclasses import replace

import pytest

from seatrial.report.axis import Axis
from seatrial.report.labels import CHARACTER_PX
from seatrial.report.picture import description, draw, linear_ticks, log_ticks

SIZES = [(760, 430), (360, 400)]


def test_a_linear_axis_puts_half_the_value_at_half_the_way():
    axis = Axis(0.0, 200.0, 50.0, 750.0)
    assert [axis.at(value) for value in (0, 100, 200)] == [50.0, 400.0, 750.0]


def test_a_log_axis_puts_the_geometric_mean_at_half_the_way():
    axis = Axis(0.01, 1.0, 400.0, 40.0, log=True)
    assert [axis.at(value) for value in (0.01, 0.1, 1.0)] == [400.0, 220.0, 40.0]


@pytest.mark.parametrize("high", [0.03, 0.9, 7, 10, 23, 151.6, 1000, 48_000])
@pytest.mark.parametrize("most", [4, 5, 9])
def test_linear_ticks_are_round_few_and_span_most_of_the_axis(high, most):
    ticks = linear_ticks(high, most)
    assert 2 <= len(ticks) <= most
    assert ticks[0] == 0
    assert 0.5 * high < ticks[-1] <= high * 1.0000001
    mantissa = ticks[1] / 10 ** math.floor(math.log10(ticks[1]) + 1e-9)
    assert round(mantissa, 6) in {1, 2, 5}


def test_log_ticks_thin_out_as_the_span_grows():
    assert log_ticks(0.01, 3.0, 10) == (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
    assert log_ticks(0.0001, 20.0, 10) == (0.0001, 0.001, 0.01, 0.1, 1.0, 10.0)


@pytest.mark.parametrize("size", SIZES)
def test_every_trial_of_a_rate_is_a_mark_at_its_place(sample, size):
    picture = draw(sample(), *size)
    # 3 starts x (half load, two confirmations) and one search; no warm-up, no saturation, no other worker count.
    assert len(picture.marks) == 10
    assert {mark.shape for mark in picture.marks} == {"sustained", "violated", "invalid"}
    for mark in picture.marks:
        assert picture.left <= mark.x <= picture.right
        assert picture.top <= mark.y <= picture.bottom
        assert (mark.y < picture.objective_y) == (mark.shape != "sustained")


@pytest.mark.parametrize("size", SIZES)
def test_no_label_is_cut_off(sample, size):
    picture = draw(sample(), *size)
    for label in picture.labels:
        width = len(label.text) * CHARACTER_PX
        start = {"start": label.x, "middle": label.x - width / 2, "end": label.x - width}[label.anchor]
        assert start >= 0
        assert start + width <= picture.width
        assert 10 <= label.y <= picture.bottom


def test_the_wide_picture_names_the_trials_between_which_the_capacity_was_seen(sample):
    texts = [label.text for label in draw(sample(), *SIZES[0]).labels]
    assert texts == ["objective 500 ms", "capacity 143/s, 137 to 149", "model", "passed at 133/s", "failed at 162/s"]


def test_no_outcome_label_crosses_the_capacity(sample):
    for size in SIZES:
        picture = draw(sample(), *size)
        for label in (label for label in picture.labels if label.kind == "outcome"):
            width = len(label.text) * CHARACTER_PX
            start = label.x if label.anchor == "start" else label.x - width
            assert not start < picture.capacity_x < start + width


@pytest.mark.parametrize("size", SIZES)
def test_the_objective_is_named_where_the_capacity_does_not_cross_it(sample, size):
    far = {**sample().points[4], "offered_rate_rps": 900.0}
    picture = draw(sample(points=(*sample().points, far)), *size)
    label = next(label for label in picture.labels if label.kind == "objective")
    assert label.anchor == "end"
    assert label.x - len(label.text) * CHARACTER_PX > picture.capacity_x


def test_the_band_is_the_interval_and_holds_the_capacity(sample):
    picture = draw(sample(), *SIZES[0])
    start, width = picture.band
    assert start < picture.capacity_x < start + width
    unsure = replace(sample().worker_capacity, low_rps=None, high_rps=None)
    assert draw(sample(worker_capacity=unsure), *SIZES[0]).band is None


def test_nothing_to_show_is_no_picture(bare):
    assert draw(bare(), *SIZES[0]) is None


def test_rows_without_a_finite_time_are_left_out(sample):
    row = sample().points[1]
    broken = [{**row, "slo_quantile_s": value} for value in (None, math.inf, math.nan, 0.0)]
    assert draw(sample(points=tuple(broken), curve=()), *SIZES[0]) is None
    assert len(draw(sample(points=(*broken, row)), *SIZES[0]).marks) == 1


def test_one_trial_at_a_low_rate_is_picture_enough(sample, bare):
    row = {**sample().points[1], "offered_rate_rps": 0.5, "slo_quantile_s": 3.0, "verdict": "violated"}
    picture = draw(bare(points=(row,)), *SIZES[1])
    assert len(picture.marks) == 1
    assert picture.capacity_x is None


def test_the_picture_in_words_has_every_trial_and_the_capacity(sample):
    text = description(sample())
    assert "133 requests/s: 120 ms, passed." in text
    assert "158 requests/s: 840 ms, invalid." in text
    assert text.endswith("Capacity: 143 requests/s, 95 % interval 137 to 149.")
