"""How much of what makes a request dearer when an app is saturated lasts at half load. Pure."""

__all__ = ["LASTING", "LASTING_ERROR", "lasting_share"]

LASTING, LASTING_ERROR = 0.5, 0.3
"""The share where nothing tells it, and its standard error: none of it and all of it lie at less than two."""


def lasting_share(change: float, at_half_load: float, variance: float) -> float:
    """change, at_half_load: of the logarithm of a request's CPU seconds when saturated, and at half load. variance: of
    either.

    A share that was seen is as sure as the change is large; it is weighed with `LASTING` by one over their variances.
    """
    known = variance / LASTING_ERROR**2
    if not change and not known:
        return LASTING
    return min(1.0, max(0.0, (at_half_load * change + known * LASTING) / (change**2 + known)))
