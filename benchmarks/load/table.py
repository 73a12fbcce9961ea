"""A table of results, and how it is written in Markdown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

__all__ = ["Table", "count", "markdown", "median_and_range", "ratio"]


@dataclass(frozen=True, slots=True)
class Table:
    """What one part of the comparison found. facts: the same and more for the record, as JSON takes it."""

    title: str
    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    notes: Sequence[str] = ()
    facts: Mapping[str, object] = field(default_factory=dict)


def markdown(table: Table) -> str:
    """The table under its title, its notes after it."""
    numbers = "|".join("---" if index == 0 else "---:" for index in range(len(table.header)))
    lines = [f"### {table.title}", "", f"| {' | '.join(table.header)} |", f"|{numbers}|"]
    lines += [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in table.rows]
    lines += ["", *(f"- {note}" for note in table.notes)] if table.notes else []
    return "\n".join(lines) + "\n"


def count(value: float) -> str:
    """A large number as people read it: three digits that count."""
    if abs(value) < 100:
        return f"{value:.2g}" if abs(value) < 10 else f"{value:.0f}"
    digits = len(str(int(abs(value)))) - 3
    return f"{round(value, -digits):,.0f}"


def median_and_range(values: Sequence[float]) -> str:
    """The median, and the smallest and largest where there are several."""
    middle = count(median(values))
    return f"{middle} ({count(min(values))}-{count(max(values))})" if len(values) > 1 else middle


def ratio(value: float, ours: float | None) -> str:
    """How many times as much as Seatrial."""
    return f"{value / ours:.2f}" if ours else "-"
