"""Findings as JSON: the same facts under names that are a contract."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import PurePath
from typing import Any

from seatrial.advise.findings import Findings

__all__ = ["findings_json", "plain"]


def findings_json(findings: Findings) -> dict[str, Any]:
    """Every field of the findings as plain JSON values; a number that is not finite becomes null.

    `schema` comes first and changes when a name does; what is unknown is null, never 0.
    """
    document = plain(findings)
    return {"schema": document.pop("schema"), **document}


def plain(value: Any) -> Any:
    """The same in what JSON has: objects of dataclasses and mappings, lists of sequences; null for nan and infinity."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, PurePath):
        return str(value)
    if is_dataclass(value):
        value = {each.name: getattr(value, each.name) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [plain(each) for each in value]
    raise TypeError(f"there is a {type(value).__name__}, which has no form in JSON")
