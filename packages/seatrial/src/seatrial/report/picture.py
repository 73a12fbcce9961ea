"""The geometry of the picture: response time against offered rate. Pure; the page only draws what is here."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from seatrial.advise.findings import Findings
from seatrial.report.axis import Axis
from seatrial.report.labels import Label, place_labels
from seatrial.report.numbers import rate, rate_span, time_words

__all__ = ["Mark", "Picture", "Tick", "description", "draw", "linear_ticks", "log_ticks"]

NOT_AN_OFFERED_RATE = frozenset({"warm-up", "saturation", "other quota"})
"""Intervals that are no trial of a rate: the first is thrown away, the others have as many requests as fit."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis and what stands there."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Mark:
    """One trial. shape: "sustained", "violated" or "invalid"; title: its numbers in words."""

    x: float
    y: float
    shape: str
    title: str


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything to draw, in pixels from the top left. band: x and width of the capacity's interval."""

    width: int
    height: int
    left: float
    right: float
    top: float
    bottom: float
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    objective_y: float
    capacity_x: float | None
    band: tuple[float, float] | None
    curve: str
    marks: tuple[Mark, ...]
    labels: tuple[Label, ...]


def linear_ticks(high: float, most: int) -> tuple[float, ...]:
    """Round values from 0 to `high`, at most so many, in steps of 1, 2 or 5 times a power of ten."""
    step = 10.0 ** math.floor(math.log10(high / most))
    while high / step + 1 > most:
        mantissa = round(step / 10.0 ** math.floor(math.log10(step) + 1e-9))
        step *= 2.5 if mantissa == 2 else 2.0
    return tuple(round(step * count, 10) for count in range(math.floor(high / step + 1e-9) + 1))


def log_ticks(low: float, high: float, most: int) -> tuple[float, ...]:
    """Values 1, 2, 5 times powers of ten inside low..high; powers of ten alone when those are more than `most`."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for mantissas in ((1, 2, 5), (1, 3), (1,)):
        ticks = [mantissa * 10.0**power for power in powers for mantissa in mantissas]
        inside = tuple(float(f"{tick:.12g}") for tick in ticks if low * 0.999 <= tick <= high * 1.001)
        if len(inside) <= most:
            break
    return inside


def draw(findings: Findings, width: int, height: int) -> Picture | None:
    """The picture of one worker's trials and the model's curve; None when there is neither."""
    rows = _trials(findings)
    curve = [(x, y) for x, y in findings.curve if _drawable(x, y)]
    if not rows and not curve:
        return None
    left, right, top, bottom = 58.0, width - 14.0, 46.0, height - 46.0
    capacity = findings.worker_capacity
    narrow = width < 500
    rates = [row["offered_rate_rps"] for row in rows] + [x for x, _ in curve]
    rates += [value for value in (capacity.offered_rate_rps, capacity.high_rps) if value is not None]
    times = [row["slo_quantile_s"] for row in rows] + [y for _, y in curve] + [findings.latency_max_s]
    x_axis = Axis(0.0, max(rates) * (1.06 if narrow else 1.2), left, right)
    y_axis = Axis(min(times) / 1.8, max(max(times) * 1.5, findings.latency_max_s * 3.0), bottom, top, log=True)
    return Picture(
        width=width,
        height=height,
        left=left,
        right=right,
        top=top,
        bottom=bottom,
        x_ticks=tuple(Tick(x_axis.at(value), f"{value:,g}") for value in linear_ticks(x_axis.high, 5 if narrow else 9)),
        y_ticks=tuple(Tick(y_axis.at(value), time_words(value)) for value in log_ticks(y_axis.low, y_axis.high, 10)),
        objective_y=y_axis.at(findings.latency_max_s),
        capacity_x=None if capacity.offered_rate_rps is None else x_axis.at(capacity.offered_rate_rps),
        band=_band(findings, x_axis),
        curve=" ".join(f"{'L' if place else 'M'}{x_axis.at(x)} {y_axis.at(y)}" for place, (x, y) in enumerate(curve)),
        marks=tuple(_mark(row, x_axis, y_axis) for row in rows),
        labels=tuple(place_labels(findings, rows, curve, x_axis, y_axis)),
    )


def description(findings: Findings) -> str:
    """The picture in words, for who cannot see it."""
    quantile = f"{findings.latency_quantile * 100:g} %"
    text = f"Response time ({quantile} of answers are faster) against offered rate; the objective is "
    text += f"{time_words(findings.latency_max_s)}."
    for row in sorted(_trials(findings), key=lambda each: float(each["offered_rate_rps"])):
        text += f" {_trial_words(row)}."
    capacity = findings.worker_capacity
    if capacity.offered_rate_rps is not None:
        text += f" Capacity: {rate(capacity.offered_rate_rps)} requests/s"
        interval = rate_span(capacity.low_rps, capacity.high_rps)
        kind = "bracketed by trials," if capacity.is_bracket else "95 % interval"
        text += f", {kind} {interval}." if interval else "."
    return text


def _trials(findings: Findings) -> list[Mapping[str, Any]]:
    """Trials of an offered rate with as many workers as the capacity holds for."""
    return [
        row
        for row in findings.points
        if row.get("label") not in NOT_AN_OFFERED_RATE
        and row.get("workers", findings.worker_capacity.workers) == findings.worker_capacity.workers
        and _drawable(row.get("offered_rate_rps"), row.get("slo_quantile_s"))
    ]


def _drawable(rate_rps: float | None, time_s: float | None) -> bool:
    return (
        rate_rps is not None
        and time_s is not None
        and math.isfinite(rate_rps)
        and math.isfinite(time_s)
        and rate_rps > 0
        and time_s > 0
    )


def _band(findings: Findings, x_axis: Axis) -> tuple[float, float] | None:
    capacity = findings.worker_capacity
    if capacity.low_rps is None or capacity.high_rps is None:
        return None
    start = x_axis.at(max(0.0, capacity.low_rps))
    return start, round(max(1.0, x_axis.at(capacity.high_rps) - start), 1)


def _mark(row: Mapping[str, Any], x_axis: Axis, y_axis: Axis) -> Mark:
    return Mark(
        x_axis.at(row["offered_rate_rps"]), y_axis.at(row["slo_quantile_s"]), str(row["verdict"]), _trial_words(row)
    )


def _trial_words(row: Mapping[str, Any]) -> str:
    outcome = {"sustained": "passed", "violated": "failed", "invalid": "invalid"}.get(row["verdict"], row["verdict"])
    return f"{rate(row['offered_rate_rps'])} requests/s: {time_words(row['slo_quantile_s'])}, {outcome}"
