"""Numbers as people read them: rounded to what they are worth, with their unit, and "unknown" where there is none."""

import math

from seatrial.measure.figures import UNKNOWN, rounded

__all__ = [
    "UNKNOWN",
    "compact",
    "megabytes",
    "milliseconds",
    "money",
    "people",
    "percent",
    "rate",
    "rate_span",
    "rounded",
]

MEBIBYTE = 1024 * 1024


def rate(value_rps: float | None) -> str:
    """Requests per second, without the unit: whole from 10 on, since no interval is narrower than that."""
    if value_rps is None or not math.isfinite(value_rps):
        return UNKNOWN
    return rounded(value_rps, 3 if value_rps >= 100 else 2)


def rate_span(low_rps: float | None, high_rps: float | None) -> str:
    """Both ends of an interval of rates as `137 to 149`; "" when either is missing. No rate is below 0."""
    if low_rps is None or high_rps is None or not (math.isfinite(low_rps) and math.isfinite(high_rps)):
        return ""
    return f"{rate(max(0.0, low_rps))} to {rate(high_rps)}"


def milliseconds(value_ms: float | None) -> str:
    """Milliseconds with one decimal, whole from 100 on: `6.9 ms`."""
    if value_ms is None or not math.isfinite(value_ms):
        return UNKNOWN
    return f"{value_ms:,.1f} ms" if value_ms < 100 else f"{rounded(value_ms, 3)} ms"


def megabytes(value_bytes: float | None) -> str:
    """Bytes as MB of 1,048,576, as hosting plans count them; GB when whole, or from 10 of them on."""
    if value_bytes is None:
        return UNKNOWN
    value_mb = value_bytes / MEBIBYTE
    in_gb = value_mb >= 10 * 1024 or (value_mb >= 1024 and value_mb % 1024 == 0)
    return f"{value_mb / 1024:,.0f} GB" if in_gb else f"{value_mb:,.0f} MB"


def people(value: float | None) -> str:
    """A head count to two figures: `28,000`."""
    return UNKNOWN if value is None or not math.isfinite(value) else rounded(value, 2)


def percent(share: float | None) -> str:
    """A share of 1 as whole per cent: `95 %`; below 1 % with one figure."""
    if share is None or not math.isfinite(share):
        return UNKNOWN
    return f"{share * 100:.0f} %" if share >= 0.01 or share == 0 else f"{rounded(share * 100, 1)} %"


def money(usd_month: float | None) -> str:
    """A month's price: `4 USD a month`, `4.50 USD a month`."""
    if usd_month is None:
        return "price unknown"
    return f"{usd_month:,.0f} USD a month" if usd_month == round(usd_month) else f"{usd_month:,.2f} USD a month"


def compact(value: float | None) -> str:
    """For a narrow column, two figures: `0.5`, `25`, `250`, `1.3k`, `25k`, `1.2M`; a dash where there is no number.

    Two decimals at most; `~0` is less than that.
    """
    if value is None or not math.isfinite(value):
        return "-"
    for unit, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= unit * 0.995:
            return f"{rounded(value / unit, 2).removesuffix('.0')}{letter}"
    if value < 1:
        return "0" if value == 0 else "~0" if value < 0.01 else f"{value:.2f}".rstrip("0").rstrip(".")
    return rounded(value, 2).removesuffix(".0")


def time_words(time_s: float) -> str:
    """A time in the unit that suits it, without needless zeros: `20 ms`, `500 ms`, `1.9 s`."""
    if time_s >= 1.0:
        return f"{rounded(time_s, 2 if time_s < 10 else 3).removesuffix('.0')} s"
    return f"{rounded(time_s * 1000.0, 3 if time_s >= 0.1 else 2).removesuffix('.0')} ms"
