"""Where the picture's direct labels stand, so that none is cut off or crosses the capacity."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seatrial.advise.findings import Findings
from seatrial.report.axis import Axis
from seatrial.report.numbers import rate, rate_span, time_words

__all__ = ["Label", "place_labels"]

CHARACTER_PX = 7.2
"""Width of an average character of a 13 px label, for keeping labels inside."""


@dataclass(frozen=True, slots=True)
class Label:
    """A direct label; anchor: "start", "middle" or "end" of the text is at x."""

    x: float
    y: float
    text: str
    anchor: str
    kind: str


def place_labels(
    findings: Findings,
    rows: Sequence[Mapping[str, Any]],
    curve: Sequence[tuple[float, float]],
    x_axis: Axis,
    y_axis: Axis,
) -> list[Label]:
    """The objective, the capacity, the curve, and the two trials between which the capacity was seen."""
    labels = [_objective_label(findings, x_axis, y_axis)]
    capacity = findings.worker_capacity
    if capacity.offered_rate_rps is not None:
        interval = rate_span(capacity.low_rps, capacity.high_rps)
        text = f"capacity {rate(capacity.offered_rate_rps)}/s" + (f", {interval}" if interval else "")
        half = len(text) * CHARACTER_PX / 2
        x = min(max(x_axis.at(capacity.offered_rate_rps), x_axis.start + half), x_axis.end + 10 - half)
        labels.append(Label(round(x, 1), y_axis.end - 12, text, "middle", "capacity"))
    labels += _curve_label(rows, curve, x_axis, y_axis)
    return labels + _outcome_labels(findings, rows, x_axis, y_axis)


def _objective_label(findings: Findings, x_axis: Axis, y_axis: Axis) -> Label:
    """On its line, at the left; at the right when the capacity's line would go through it."""
    text = f"objective {time_words(findings.latency_max_s)}"
    capacity = findings.worker_capacity.offered_rate_rps
    crossed = capacity is not None and x_axis.at(capacity) < x_axis.start + 10 + len(text) * CHARACTER_PX
    x, anchor = (x_axis.end - 4, "end") if crossed else (x_axis.start + 6, "start")
    return Label(x, round(y_axis.at(findings.latency_max_s) - 7, 1), text, anchor, "objective")


def _curve_label(
    rows: Sequence[Mapping[str, Any]], curve: Sequence[tuple[float, float]], x_axis: Axis, y_axis: Axis
) -> list[Label]:
    """Under the flat part of the curve, as far right as no mark is in the way."""
    marks = [(x_axis.at(row["offered_rate_rps"]), y_axis.at(row["slo_quantile_s"])) for row in rows]
    half = len("model") * CHARACTER_PX / 2
    for rate_rps, time_s in reversed(curve):
        x, y = x_axis.at(rate_rps), y_axis.at(time_s) + 20
        flat = rate_rps <= min(x_axis.high * 0.3, curve[-1][0] * 0.6)
        free = all(abs(mark_x - x) > half + 10 or not y - 22 < mark_y < y + 12 for mark_x, mark_y in marks)
        if flat and free and x - half > x_axis.start:
            return [Label(x, round(y, 1), "model", "middle", "curve")]
    return []


def _outcome_labels(findings: Findings, rows: Sequence[Mapping[str, Any]], x_axis: Axis, y_axis: Axis) -> list[Label]:
    """The highest rate that passed and the lowest that failed, named beside their marks where there is room."""
    passed = [row for row in rows if row["verdict"] == "sustained"]
    failed = [row for row in rows if row["verdict"] == "violated"]
    ends = []
    if passed:
        ends.append((max(passed, key=lambda row: float(row["offered_rate_rps"])), "passed at"))
    if failed:
        ends.append((min(failed, key=lambda row: float(row["offered_rate_rps"])), "failed at"))
    places = [(x_axis.at(row["offered_rate_rps"]), y_axis.at(row["slo_quantile_s"])) for row in rows]
    capacity = findings.worker_capacity.offered_rate_rps
    kept_clear = None if capacity is None else x_axis.at(capacity)
    labels = []
    for row, words in ends:
        x, y = x_axis.at(row["offered_rate_rps"]), y_axis.at(row["slo_quantile_s"])
        beside = [at for at, height in places if abs(at - x) < 60 and abs(height - y) < 18]
        text = f"{words} {rate(row['offered_rate_rps'])}/s"
        place = _beside(len(text) * CHARACTER_PX, (min(beside), max(beside)), x_axis, kept_clear)
        if place is not None:
            lifted = -4.0 if place[1] == "end" else 4.5  # on the left, over the rising curve
            labels.append(Label(place[0], round(y + lifted, 1), text, place[1], "outcome"))
    return labels


def _beside(
    width: float, marks: tuple[float, float], x_axis: Axis, kept_clear: float | None
) -> tuple[float, str] | None:
    """x and anchor of a text right or left of the marks; None when it would leave the picture or cross the capacity."""
    first, last = marks
    for start, x, anchor in ((last + 12, last + 12, "start"), (first - 12 - width, first - 12, "end")):
        inside = x_axis.start <= start and start + width <= x_axis.end + 10
        crosses = kept_clear is not None and start - 4 < kept_clear < start + width + 4
        if inside and not crosses:
            return round(x, 1), anchor
    return None
