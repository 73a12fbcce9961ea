"""Findings as JSON: the same facts under names that are a contract."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import PurePath
from typing import Any

from seatrial.advise.findings import Findings

__all__ = ["findings_json"]


def findings_json(findings: Findings) -> dict[str, Any]:
    """Every field of the findings as plain JSON values; a number that is not finite becomes null.

    `schema` comes first and changes when a name does; what is unknown is null, never 0.
    """
    document = _plain(findings)
    return {"schema": document.pop("schema"), **document}


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, PurePath):
        return str(value)
    if is_dataclass(value):
        value = {each.name: getattr(value, each.name) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [_plain(each) for each in value]
    raise TypeError(f"findings hold a {type(value).__name__}, which has no form in JSON")
