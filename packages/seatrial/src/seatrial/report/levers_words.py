"""Words and numbers that the terminal and the page use of levers alike."""

from seatrial.advise.levers.effect import BETTER, CANNOT_TELL, NO_EFFECT, WORSE, Effect
from seatrial.advise.levers.findings import Change, Combination, LeverFindings, LeverRow
from seatrial.measure.lever_record import Forecast
from seatrial.report.numbers import megabytes, milliseconds, rate, rounded

__all__ = [
    "change_words",
    "combination_words",
    "did_words",
    "forecast_words",
    "headline",
    "is_worth_telling",
    "now_words",
    "quantile_name",
    "side_words",
    "times",
    "times_words",
]

SAYS_NOTHING = 10.0
"""Times its lower end, the upper end of an interval from starts that differ wildly."""


def quantile_name(findings: LeverFindings) -> str:
    """The response time's quantile, as `p95`."""
    return f"p{findings.quantile * 100:g}"


def headline(findings: LeverFindings) -> str:
    """What was tried on what."""
    minutes = findings.spent_s / 60.0
    spent = f"{minutes:.0f} min" if minutes >= 1.5 else f"{findings.spent_s:.0f} s"
    count = len(findings.rows)
    return (
        f"What helps {findings.subject}, on {findings.plan}, with {findings.server}? {count} "
        f"lever{'s' if count != 1 else ''} tried, {findings.starts} starts, {spent}."
    )


def now_words(findings: LeverFindings) -> str:
    """The app as declared."""
    now = findings.now
    parts = [f"{rate(now.saturated_rps)} answers/s at most"]
    if now.cpu_ms is not None:
        parts.append(f"{milliseconds(now.cpu_ms)} of CPU each")
    if now.response_time_ms is not None and findings.fixed_rate_rps is not None:
        time = f"{quantile_name(findings)} {milliseconds(now.response_time_ms)}"
        parts.append(f"{time} at {rate(findings.fixed_rate_rps)}/s")
    if now.memory_mb is not None:
        parts.append(f"{now.memory_mb:,.0f} MB")
    return f"Now: {', '.join(parts)}."


def times(ratio: float) -> str:
    """A factor: `x3.9`, `x1.04`, `x12`."""
    return f"x{ratio:.2f}" if ratio < 2 else f"x{ratio:.1f}" if ratio < 10 else f"x{rounded(ratio, 3)}"


def times_words(effect: Effect | None) -> str:
    """The factor with its interval: `x3.9 (3.7-4.1)`; `x1.4 (?)` where that is so wide that it says nothing."""
    if effect is None:
        return "-"
    if effect.low is None or effect.high is None or effect.high > SAYS_NOTHING * effect.low:
        return f"{times(effect.ratio)} (?)"
    low, high = (times(each).removeprefix("x") for each in (effect.low, effect.high))
    return f"{times(effect.ratio)} ({low}-{high})"


def forecast_words(forecast: Forecast | None) -> str:
    """What the model said before."""
    return "-" if forecast is None else times(forecast.ratio)


def side_words(effect: Effect | None) -> str:
    """A change in per cent where it is sure, `=` where there is none, `?` where nobody can tell, `-` unseen."""
    if effect is None:
        return "-"
    if effect.outcome == NO_EFFECT:
        return "="
    if effect.outcome == CANNOT_TELL:
        return "?"
    return times(effect.ratio) if effect.ratio >= 2 else f"{(effect.ratio - 1.0) * 100:+.0f} %"


def did_words(row: LeverRow, findings: LeverFindings) -> str:
    """What it surely did, before and after: `41 -> 160 answers/s at most; p95 142 -> 88 ms at 29/s`."""
    told = {
        "saturated_rps": lambda value: f"{rate(value)}",
        "cpu_s": lambda value: milliseconds(1000.0 * value),
        "response_time_s": lambda value: milliseconds(1000.0 * value),
        "memory_bytes": megabytes,
    }
    labels = {
        "saturated_rps": "answers/s at most",
        "cpu_s": "of CPU each",
        "response_time_s": f"{quantile_name(findings)} at {rate(findings.fixed_rate_rps)}/s",
        "memory_bytes": "of memory",
    }
    parts = [
        f"{told[name](effect.before)} -> {told[name](effect.after)} {labels[name]}"
        for name, effect in row.effects.items()
        if effect is not None and effect.outcome in {BETTER, WORSE}
    ]
    return "; ".join(parts)


def change_words(change: Change, file_name: str) -> str:
    """One line to change and where: `seatrial.toml line 14, [server]: threads = 16 (was threads = 4)`."""
    place = f"{file_name} line {change.line}, {change.section}" if change.line else f"{file_name}, {change.section}"
    was = f" (was {change.before})" if change.before else ""
    return f"{place}: {change.after}{was}"


def combination_words(combination: Combination) -> str:
    """What was pulled together and what that gave."""
    names = " + ".join(combination.levers)
    total = combination.total["saturated_rps"]
    words = f"Best: {names}"
    if total is not None:
        words += f", {rate(total.before)} -> {rate(total.after)} answers/s at most, {times_words(total)}."
    else:
        words += ": each added to the one before; no time was left to measure all against none."
    added = [name for name in combination.tried if name not in combination.levers]
    if added:
        words += f" On top of that, {', '.join(added)} added nothing sure."
    return words


def is_worth_telling(row: LeverRow) -> bool:
    """Whether anything that it did is surely better."""
    return any(effect is not None and effect.outcome == BETTER for effect in row.effects.values())
