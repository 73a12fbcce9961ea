"""Where the time of a request goes, in sentences; terminal and page speak through these."""

from collections.abc import Mapping

from seatrial.advise.findings import Findings
from seatrial.report.numbers import milliseconds, percent, rate, rounded

__all__ = [
    "PARTS",
    "database_sentence",
    "growth_sentence",
    "load_sentence",
    "middleware_sentence",
    "parts_named",
    "regression_sentence",
    "time_sentence",
]

PARTS = ("app_alone", "database_alone", "database_wait", "lock_wait", "external_wait", "unattributed")
"""The parts of a request's time alone, in the order in which they are told."""

SECONDS_PER_DAY = 86_400


def parts_named(findings: Findings) -> Mapping[str, str]:
    """What each part is called that some operation has."""
    named = {
        "app_alone": f"CPU of {findings.subject}",
        "database_alone": "CPU of PostgreSQL",
        "database_wait": "waiting for PostgreSQL",
        "lock_wait": "waiting for locks",
        "external_wait": "waiting elsewhere",
        "unattributed": "not attributed",
    }
    rows = findings.demand_ms.by_operation.values()
    return {part: name for part, name in named.items() if any(parts.get(part) for parts in rows)}


def time_sentence(findings: Findings) -> str:
    """The parts of the mean request alone, and the slowest operation's largest wait."""
    rows = {
        name: parts
        for name, parts in findings.demand_ms.by_operation.items()
        if parts.get("alone") is not None and parts.get("unattributed") is not None
    }
    shares = {name: parts.get("share") or 0.0 for name, parts in rows.items()}
    if not sum(shares.values()):
        return ""

    def mean(part: str) -> float:
        return sum(shares[name] * (rows[name].get(part) or 0.0) for name in rows) / sum(shares.values())

    named = parts_named(findings)
    known = list(named)
    # A part that no one operation shows a tenth of a millisecond of is no news.
    told = [f"{milliseconds(mean(part))} {named[part]}" for part in known if abs(mean(part)) >= 0.05]
    sentence = f"Alone, one takes {milliseconds(mean('alone'))} on average: {', '.join(told)}."
    if len(rows) == 1:
        return sentence
    slowest = max(rows, key=lambda name: rows[name].get("alone") or 0.0)
    largest = max(known, key=lambda part: rows[slowest].get(part) or 0.0)
    whole_ms, largest_ms = milliseconds(rows[slowest]["alone"]), milliseconds(rows[slowest].get(largest))
    return f"{sentence} The slowest is {slowest}: {whole_ms}, most of it {named[largest]} ({largest_ms})."


def load_sentence(findings: Findings) -> str:
    """How much dearer a request is when the server is full."""
    change = findings.inside.change
    if change is None:
        return ""
    half, saturated = milliseconds(change.half_ms), milliseconds(change.saturated_ms)
    words = f"At half load a request costs {half} of CPU, saturated {saturated}"
    if change.low_share is None or change.high_share is None:
        return f"{words}; one start cannot tell whether that is the load."
    span = f"{_percent(change.low_share)} to {_percent(change.high_share)}"
    if change.low_share <= 0.0 <= change.high_share:
        return f"{words}: no change that the starts agree on ({span})."
    return f"{words}: {_percent(change.share)} ({span} over starts)."


def database_sentence(findings: Findings) -> str:
    """What database connections are held for, at the loads that were watched."""
    loads = findings.inside.database
    if not loads:
        return ""
    told = "; ".join(
        f"at {percent(one.load)} load "
        + (f"{milliseconds(one.held_ms)} with a connection in use, " if one.held_ms is not None else "")
        + f"{_above(one.lock_wait_ms, one.grain_ms)} waiting for locks, "
        f"{_above(one.other_wait_ms, one.grain_ms)} for disk and the like"
        for one in loads
    )
    return f"In PostgreSQL a request spends {told}."


def middleware_sentence(findings: Findings) -> str:
    """What looking from inside costs."""
    inside = findings.inside
    if inside.middleware_ms is None or inside.middleware_error_ms is None:
        return ""
    cost, error = f"{inside.middleware_ms:.2f}", f"{max(0.01, inside.middleware_error_ms):.2f}"
    if abs(inside.middleware_ms) <= inside.middleware_error_ms:
        return (
            f"The measuring middleware costs less than can be told ({cost} +- {error} ms of CPU a request), and that "
            "is in no other figure."
        )
    return f"The measuring middleware cost {cost} +- {error} ms of CPU a request, in no other figure."


def regression_sentence(findings: Findings) -> str:
    """Whether the mixed load tells the same of each operation as it does alone."""
    check = findings.inside.regression
    if check is None:
        return ""
    if not check.identified:
        return (
            "By regression over windows of mixed load no operation's CPU can be told: their numbers rise and fall "
            "together."
        )
    unknown = f"; of {', '.join(check.unidentified)} the windows do not tell" if check.unidentified else ""
    if not check.apart:
        agreed = f"{len(check.identified)} operation" + ("s" if len(check.identified) != 1 else "")
        return f"By regression over windows of mixed load, {agreed} cost what they do alone, within the error{unknown}."
    told = ", ".join(
        f"{name} {milliseconds(by_ms)} +- {error_ms:.1f} against {milliseconds(alone_ms)}"
        for name, alone_ms, by_ms, error_ms in check.apart
    )
    return f"By regression over windows of mixed load these cost other than alone: {told}{unknown}."


def growth_sentence(findings: Findings) -> str:
    """What each request adds to the app's memory, when that is more than noise."""
    growth = findings.inside.growth
    if growth is None or not growth.is_above_noise or growth.low is None or growth.high is None:
        return ""
    at_rps = findings.worker_capacity.offered_rate_rps or 100.0
    per_day = growth.bytes_per_request * at_rps * SECONDS_PER_DAY
    grown, low, high = (_bytes(value) for value in (growth.bytes_per_request, growth.low, growth.high))
    return (
        f"The app grew by {grown} a request ({low} to {high}): at {rate(at_rps)}/s that would be {_bytes(per_day)} a "
        f"day, if it went on. It was seen over {growth.requests:,} requests only: caches that fill look the same as a "
        "leak."
    )


def _above(value_ms: float, grain_ms: float) -> str:
    return milliseconds(value_ms) if value_ms > grain_ms else f"less than {max(0.1, grain_ms):.1f} ms"


def _percent(share: float) -> str:
    return f"{100.0 * share:+.0f} %"


def _bytes(value: float) -> str:
    for unit, size in (("GB", 1024**3), ("MB", 1024**2), ("kB", 1024)):
        if abs(value) >= size:
            return f"{rounded(value / size, 2)} {unit}"
    return f"{value:.0f} bytes"
