"""What each operation costs, from windows of a mixed load: least squares that know no negative cost. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Regressed", "regress"]

ERROR_SHARE_MAX = 0.25
"""A cost known to no better than this share of itself (one standard error) is not said to be known."""

SPARE_WINDOWS = 5
"""More windows than operations, or the scatter around the fit says nothing."""

ROUNDS_MAX = 20_000
SMALL = 1e-9


@dataclass(frozen=True, slots=True)
class Regressed:
    """cost_s: CPU seconds per request; error_s: its standard error. None where the windows do not tell."""

    cost_s: float | None
    error_s: float | None


def regress(counts: Sequence[Sequence[float]], cpu_s: Sequence[float]) -> tuple[Regressed, ...]:
    """Non-negative least squares of the CPU seconds of each window on its counts of each operation.

    counts: a row per window, a column per operation. Each window is weighted by 1 / its number of requests, since the
    variance of a sum grows with its terms. Errors: the usual ones of least squares over all columns, since a cost held
    at zero must not make the others look surer. A column whose error is above `ERROR_SHARE_MAX` of its cost, or one
    held at zero, is not identified; where the columns are collinear, none is.
    """
    columns = len(counts[0]) if counts else 0
    unknown = (Regressed(None, None),) * columns
    if not columns or len(counts) < columns + SPARE_WINDOWS:
        return unknown
    weights = [1.0 / max(1.0, sum(row)) for row in counts]
    normal = [
        [sum(w * row[i] * row[j] for w, row in zip(weights, counts, strict=True)) for j in range(columns)]
        for i in range(columns)
    ]
    right = [sum(w * row[i] * c for w, row, c in zip(weights, counts, cpu_s, strict=True)) for i in range(columns)]
    inverse = _inverse(normal)
    if inverse is None:
        return unknown
    costs = _descend(normal, right)
    rest = sum(
        w * (c - sum(n * cost for n, cost in zip(row, costs, strict=True))) ** 2
        for w, row, c in zip(weights, counts, cpu_s, strict=True)
    )
    variance = rest / (len(counts) - columns)
    errors_s = [math.sqrt(max(0.0, variance * inverse[i][i])) for i in range(columns)]
    return tuple(
        Regressed(cost_s, error_s) if cost_s > SMALL and error_s <= ERROR_SHARE_MAX * cost_s else Regressed(None, None)
        for cost_s, error_s in zip(costs, errors_s, strict=True)
    )


def _descend(normal: Sequence[Sequence[float]], right: Sequence[float]) -> list[float]:
    """One coordinate after the other to its own best value, never below zero, until none moves: converges, as the
    problem is convex."""
    costs = [0.0] * len(right)
    for _ in range(ROUNDS_MAX):
        moved = 0.0
        for i, row in enumerate(normal):
            if row[i] <= 0.0:
                continue
            others = sum(value * costs[j] for j, value in enumerate(row) if j != i)
            best = max(0.0, (right[i] - others) / row[i])
            moved = max(moved, abs(best - costs[i]))
            costs[i] = best
        if moved < SMALL * max(*costs, SMALL):
            break
    return costs


def _inverse(matrix: Sequence[Sequence[float]]) -> list[list[float]] | None:
    """Gauss-Jordan with pivoting; None when a pivot vanishes beside its column: the columns are collinear."""
    size = len(matrix)
    rows = [[*row, *(float(i == j) for j in range(size))] for i, row in enumerate(matrix)]
    for column in range(size):
        pivot = max(range(column, size), key=lambda i: abs(rows[i][column]))
        if abs(rows[pivot][column]) <= SMALL * max(abs(value) for row in matrix for value in row):
            return None
        rows[column], rows[pivot] = rows[pivot], rows[column]
        scale = rows[column][column]
        rows[column] = [value / scale for value in rows[column]]
        for i in range(size):
            if i != column:
                factor = rows[i][column]
                rows[i] = [value - factor * other for value, other in zip(rows[i], rows[column], strict=True)]
    return [row[size:] for row in rows]
