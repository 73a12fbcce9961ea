"""A row of bars as tall as values, in characters."""

from collections.abc import Sequence

__all__ = ["sparkline"]

_BARS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float], width: int) -> str:
    """A bar for each value, the tallest for the largest, none lower than zero; several become one where space lacks.

    A bar of several shows the largest of them, so that no peak is lost.
    """
    per_bar = max(1, -(-len(values) // width))
    heights = [max(values[start : start + per_bar]) for start in range(0, len(values), per_bar)]
    top = max(heights, default=0.0)
    if top <= 0:
        return _BARS[0] * len(heights)
    return "".join(_BARS[min(len(_BARS) - 1, int(height / top * len(_BARS)))] for height in heights)
