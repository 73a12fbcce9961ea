"""What tuning found, as JSON: the same facts under names that are a contract."""

from typing import Any

from seatrial.advise.tuning.conclude import TuneFindings
from seatrial.report.document import plain

__all__ = ["tune_json"]


def tune_json(findings: TuneFindings) -> dict[str, Any]:
    """Every field as plain JSON values; `schema` comes first and changes when a name does; unknown is null, never 0."""
    document = plain(findings)
    return {"schema": document.pop("schema"), **document}
