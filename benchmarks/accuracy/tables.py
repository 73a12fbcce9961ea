"""The matrix as it is told: `matrix.json` and Markdown."""

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from itertools import combinations
from pathlib import Path

from books import Books, Unit, commit_now
from judging import Judged, judged, starts_rps
from scoring import GOALS, Row, are_different, relative_error, row_of, share_words

from seatrial.advise.prediction import Predictor
from seatrial.errors import StudyError
from seatrial.measure.environment import describe_environment
from seatrial.measure.study import Study

__all__ = ["write_tables"]

NAMED_GOAL, COVERED_LOW, COVERED_HIGH, DIFFERENT_GOAL = 0.90, 0.90, 0.98, 0.05

ENOUGH_TO_COVER_LESS = 50
"""Below so many cells, intervals that always hold the truth are not yet a sign that they are too wide."""


def write_tables(books: Books, wanted: Sequence[Unit], folder: Path) -> str:
    """Judge what has been measured; `matrix.json` and `matrix.md` in the folder, and the Markdown."""
    present = books.present(wanted)
    nears = [unit for app in {unit.app for unit in present} for unit in books.nears(app)]
    studies = {unit.name: books.study(unit) for unit in [*present, *nears]}
    rows, unpredicted = _judge(present, studies)
    differing = _differing(present, studies)
    failed = {name: words for name, words in books.failed().items() if name in {unit.name for unit in wanted}}
    text = "\n".join(_markdown(rows, unpredicted, differing, failed, len(wanted) - len(present)))
    record = {
        "commit": commit_now(),
        "commits_measured": sorted({str(line["commit"]) for line in books.lines()}),
        "environment": describe_environment(),
        "cells": [asdict(row) | {"error": row.error, "is_covered": row.is_covered} for row in rows],
        "goals": [asdict(row) for row in _goal_rows(rows)],
        "unpredicted": unpredicted,
        "not_measured": failed,
        "identical_called_different": differing,
    }
    (folder / "matrix.json").write_text(json.dumps(record, indent=1, default=str))
    (folder / "matrix.md").write_text(text)
    return text


def _judge(present: Sequence[Unit], studies: dict[str, Study]) -> tuple[list[Judged], dict[str, str]]:
    """Every unit but the first base of each app; and why an app's could not be predicted."""
    rows, unpredicted = [], {}
    for base in [unit for unit in present if unit.is_base and unit.repeat == 1]:
        study = studies[base.name]
        others = [
            each
            for name, each in studies.items()
            if name.startswith((f"{base.app.name}/base/", f"{base.app.name}/near/"))
        ]
        try:
            predictor = Predictor(study)
            rows += [
                judged(unit, studies[unit.name], study, predictor, others)
                for unit in present
                if unit.app == base.app and unit != base
            ]
        except StudyError as error:
            unpredicted[base.app.name] = " ".join(str(error).split())
    return rows, unpredicted


def _differing(present: Sequence[Unit], studies: dict[str, Study]) -> list[tuple[str, str, bool]]:
    """Pairs of studies of the same base, and whether their starts would be called different."""
    bases = [unit for unit in present if unit.is_base]
    pairs = [(a, b) for a, b in combinations(bases, 2) if a.app == b.app]
    told = ((a, b, are_different(starts_rps(studies[a.name]), starts_rps(studies[b.name]))) for a, b in pairs)
    return [(a.name, b.name, verdict) for a, b, verdict in told if verdict is not None]


def _goal_rows(rows: Sequence[Judged]) -> list[Row]:
    errors: dict[str, list[float]] = {goal.key: [] for goal in GOALS}
    for row in rows:
        if row.error is not None:
            errors[row.kind].append(row.error)
        if row.p95 and math.isfinite(row.p95[1]):
            errors["p95"].append(relative_error(row.p95[1], row.p95[2]))
        if row.memory:
            errors["memory"].append(relative_error(*row.memory))
    return [row_of(goal, errors[goal.key]) for goal in GOALS]


def _percent(value: float | None, *, signed: bool = False) -> str:
    return "-" if value is None else f"{100 * value:+.1f} %" if signed else f"{100 * value:.1f} %"


def _verdict(is_met: bool | None) -> str:
    return "not measured" if is_met is None else "met" if is_met else "**missed**"


def _goal_words(row: Row) -> str:
    words = f"<= {100 * row.goal.p90:.0f} %"
    if row.goal.median is not None:
        words += f" (median <= {100 * row.goal.median:.0f} %)"
    return words if row.goal.under is None else f"{words}, never under by more than {100 * row.goal.under:.0f} %"


def _markdown(
    rows: Sequence[Judged],
    unpredicted: dict[str, str],
    differing: Sequence[tuple[str, str, bool]],
    failed: dict[str, str],
    missing: int,
) -> list[str]:
    lines = [
        "| prediction against measurement | goal, p90 | p90 | median | worst | cells | |",
        "|---|---|---:|---:|---:|---:|---|",
    ]
    for row in _goal_rows(rows):
        figures = (_percent(row.p90), _percent(row.median), _percent(row.worst, signed=True), str(row.count))
        lines.append(f"| {row.goal.words} | {_goal_words(row)} | {' | '.join(figures)} | {_verdict(row.is_met)} |")
    cells = [row for row in rows if row.kind != "again"]
    named = [row.is_named_rightly for row in cells if row.is_named_rightly is not None]
    covered = [row.is_covered for row in rows if row.is_covered is not None]
    covered_high = COVERED_HIGH if len(covered) >= ENOUGH_TO_COVER_LESS else 1.0
    different = [verdict for _, _, verdict in differing]
    lines += [
        _share_line("the station that gives way first is named rightly", ">= 90 %", named, NAMED_GOAL, 1.0),
        _share_line('intervals cover the truth, for "95 %"', "90-98 %", covered, COVERED_LOW, covered_high),
        _share_line("two identical trials called different", "<= 5 %", different, 0.0, DIFFERENT_GOAL),
        "",
        f"{missing} of the matrix's units are still to be measured." if missing else "Every unit was measured.",
        *(f"- {app}: nothing predicted: {words}" for app, words in unpredicted.items()),
        *(f"- {name}: not measured: {words}" for name, words in failed.items()),
        "",
        "| cell | measured | predicted (95 %) | error | base nearest: drift, min | machine | gave way: seen, named "
        "| p95 error | memory error |",
        "|---|---:|---:|---:|---:|---:|---|---:|---:|",
    ]
    lines += [_cell_line(row) for row in sorted(rows, key=lambda row: (row.app, row.unit))]
    return lines


def _share_line(words: str, goal: str, verdicts: Sequence[bool], low: float, high: float) -> str:
    count = Counter(verdicts)
    is_met = low <= count[True] / len(verdicts) <= high if verdicts else None
    return (
        f"| {words} | {goal} | {share_words(count[True], len(verdicts))} | | | {len(verdicts)} | {_verdict(is_met)} |"
    )


def _cell_line(row: Judged) -> str:
    interval = "" if row.low_rps is None or row.high_rps is None else f" ({row.low_rps:.0f}-{row.high_rps:.0f})"
    predicted = "none" if row.predicted_rps is None else f"{row.predicted_rps:.0f}{interval}"
    measured = "none" if row.measured_rps is None else f"{row.measured_rps:.0f}"
    error = _percent(row.error, signed=True) + (" outside" if row.is_covered is False else "")
    p95 = "-" if row.p95 is None else _percent(relative_error(row.p95[1], row.p95[2]), signed=True)
    memory = "-" if row.memory is None else _percent(relative_error(*row.memory), signed=True)
    named = f"{' + '.join(row.seen) or '?'}, {row.named or '?'}" + (
        "" if row.is_named_rightly in {None, True} else " (wrong)"
    )
    machine = _percent(None if row.machine is None else row.machine - 1.0, signed=True)
    near = "-" if row.minutes is None else f"{_percent(row.drift - 1.0, signed=True)}, {row.minutes:.0f}"
    return f"| {row.unit} | {measured} | {predicted} | {error} | {near} | {machine} | {named} | {p95} | {memory} |"
