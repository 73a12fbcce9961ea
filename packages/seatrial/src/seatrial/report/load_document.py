"""A load as JSON: its figures under names that are a contract."""

from typing import Any

from seatrial.report.document import plain
from seatrial.report.load_figures import LoadFigures

__all__ = ["load_json"]


def load_json(figures: LoadFigures) -> dict[str, Any]:
    """Every figure as plain JSON values, `schema` first; a number that is not known is null, never 0."""
    document: dict[str, Any] = plain(figures)
    rows = [row._asdict() for row in figures.series]
    return {"schema": document.pop("schema"), **document, "series": rows}
