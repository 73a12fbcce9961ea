"""Numbers, times and pairs as they are written on a command line; what cannot be read is told with its option."""

import math
import re
from collections.abc import Mapping

from seatrial.errors import SpecError

__all__ = ["number", "seconds", "share", "weights", "whole_number", "whole_numbers"]

_UNITS_S = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_TIME = re.compile(r"([0-9]*\.?[0-9]+)\s*(ms|s|m|h|)")


def number(option: str, text: str, *, at_most: float, example: str) -> float:
    """A number above zero, no larger than at_most; SpecError otherwise."""
    try:
        value = float(text)
    except ValueError:
        raise _refused(option, text, "is not a number", example) from None
    if not (math.isfinite(value) and 0 < value <= at_most):
        raise _refused(option, text, f"is out of range: above 0, at most {at_most:,.0f}", example)
    return value


def share(option: str, text: str, *, example: str) -> float:
    """A number from 0 to 1; SpecError otherwise."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:
        raise _refused(option, text, "is not a share: a number from 0 to 1", example)
    return value


def whole_number(option: str, text: str, *, at_most: int, example: str, at_least: int = 1) -> int:
    """A whole number from at_least to at_most; SpecError otherwise."""
    try:
        value = int(text)
    except ValueError:
        raise _refused(option, text, "is not a whole number", example) from None
    if not at_least <= value <= at_most:
        raise _refused(option, text, f"is out of range: {at_least:,} to {at_most:,}", example)
    return value


def whole_numbers(option: str, text: str | None, *, at_most: int, example: str) -> tuple[int, ...]:
    """Whole numbers from 1 to at_most with commas between: `1000,10000`; none for None; SpecError otherwise."""
    parts = text.split(",") if text is not None else []
    return tuple(whole_number(option, part, at_most=at_most, example=example) for part in parts)


def seconds(option: str, text: str, *, at_most_s: float, example: str, at_least_s: float = 0.0) -> float:
    """A time in seconds: `20`, `20s`, `1.5m`, `1h`, `500ms`; above zero unless at_least_s says more; SpecError else."""
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise _refused(option, text, "is not a time: seconds, or a number with ms, s, m or h", example)
    value_s = float(found[1]) * _UNITS_S[found[2]]
    if not (0 < value_s <= at_most_s and value_s >= at_least_s):
        least = f"at least {at_least_s:g} s" if at_least_s else "above 0"
        raise _refused(option, text, f"is out of range: {least}, at most {at_most_s:,.0f} s", example)
    return value_s


def weights(option: str, text: str, *, example: str) -> Mapping[str, float]:
    """Names with weights: `home=40,public=10`; SpecError for what is not so."""
    found: dict[str, float] = {}
    for part in text.split(","):
        name, equals, weight = part.partition("=")
        if not name.strip() or not equals:
            raise _refused(option, text, f"has a part {part.strip()!r} that is not NAME=WEIGHT", example)
        try:
            value = float(weight)
        except ValueError:
            value = math.nan
        if not (math.isfinite(value) and value >= 0):
            raise _refused(option, text, f"gives {name.strip()} a weight that is no number from 0 on", example)
        if name.strip() in found:
            raise _refused(option, text, f"names {name.strip()} twice", example)
        found[name.strip()] = value
    if not sum(found.values()) > 0:
        raise _refused(option, text, "gives nothing a weight above 0", example)
    return found


def _refused(option: str, text: str, why: str, example: str) -> SpecError:
    return SpecError(f"{text!r} {why}.", where=option, try_this=f"Write it so: {option} {example}")
