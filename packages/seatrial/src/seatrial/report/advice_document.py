"""Advice about plans as JSON: the same facts under names that are a contract, see docs/reference/advise-json.md."""

from typing import Any

from seatrial.advise.advice import Advice
from seatrial.report.document import plain

__all__ = ["advice_json"]


def advice_json(advice: Advice) -> dict[str, Any]:
    """Every field as plain JSON values, `schema` first; what is not known is null, never 0."""
    document: dict[str, Any] = plain(advice)
    for name in ("chosen", "runner_up", "probable", "best"):
        offer = getattr(advice, name)
        if offer is not None and offer.connections is not None:
            document[name]["connections"]["total"] = offer.connections.total
    if advice.need is not None:
        document["need"]["capacity_rps"] = advice.need.capacity_rps
    return {"schema": document.pop("schema"), **document}
