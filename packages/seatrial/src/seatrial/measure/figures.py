"""Numbers with the figures that they are worth."""

import math

__all__ = ["UNKNOWN", "rounded"]

UNKNOWN = "unknown"


def rounded(value: float, figures: int = 3) -> str:
    """At most so many significant figures, thousands separated by commas: 143, 1,430, 0.00214."""
    if not math.isfinite(value):
        return UNKNOWN
    if value == 0:
        return "0"
    places = figures - 1 - math.floor(math.log10(abs(value)))
    kept = round(value, places)
    # 99.96 rounds to 100.0, one figure more than is meant.
    places = min(places, figures - 1 - math.floor(math.log10(abs(kept))))
    return f"{kept:,.{max(0, places)}f}"
