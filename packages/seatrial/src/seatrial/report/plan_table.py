"""Plans as a table for a terminal."""

from collections.abc import Iterable, Sequence
from datetime import date

from seatrial.report.numbers import megabytes
from seatrial.report.plan_words import NOT_KNOWN, age_warning, cpu_words, price_words
from seatrial.report.text_blocks import filled
from seatrial.spec.plan import Plan

__all__ = ["plan_table"]

HEADER = ("id", "vCPU", "memory", "USD/month", "as of")
ID_WIDTH_MAX = 34


def plan_table(plans: Sequence[Plan], *, of: int, today: date, width: int = 80) -> str:
    """One line a plan, none longer than `width`, and what to know about the table. of: how many plans there are."""
    if not plans:
        return f"None of the {of} plans is so. Ask for less, or see them all: seatrial plans list --all\n"
    rows = [_row(plan, today) for plan in plans]
    widths = [max(len(cell) for cell in column) for column in zip(HEADER, *rows, strict=True)]
    lines = [_line(cells, widths) for cells in (HEADER, *rows)]
    notes = [f"{len(plans)} of {of} plans. All that is known of one: seatrial plans show ID"]
    if any(cells[-1].endswith("*") for cells in rows):
        notes.append("* The price is more than a year old, or its day is not known: look it up.")
    notes.append("Prices are for a full month, before tax.")
    return "\n".join([*lines, "", *(filled(note, width) for note in notes)]) + "\n"


def _row(plan: Plan, today: date) -> tuple[str, ...]:
    name = plan.id if len(plan.id) <= ID_WIDTH_MAX else plan.id[: ID_WIDTH_MAX - 3] + "..."
    mark = "*" if age_warning(plan, today) else ""
    memory = megabytes(plan.limits.memory_bytes) if plan.limits.memory_bytes else NOT_KNOWN
    return name, cpu_words(plan), memory, price_words(plan), f"{plan.price.as_of}{mark}"


def _line(cells: Iterable[str], widths: Sequence[int]) -> str:
    name, cpu, memory, price, as_of = (
        f"{cell:>{width}}" if index in {2, 3} else f"{cell:<{width}}"
        for index, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return f"{name}  {cpu}  {memory}  {price}  {as_of}".rstrip()
