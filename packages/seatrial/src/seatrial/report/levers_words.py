"""Words and numbers that the terminal and the page use of levers alike."""

from seatrial.advise.levers.effect import BETTER, CANNOT_TELL, NO_EFFECT, WORSE, Effect
from seatrial.advise.levers.findings import Change, Combination, LeverFindings, LeverRow
from seatrial.advise.levers.hosts import HostLoad, HostsSeen
from seatrial.load.books.observation import HeardCounts
from seatrial.measure.lever_record import Forecast
from seatrial.report.numbers import megabytes, milliseconds, percent, rate, rounded

__all__ = [
    "change_words",
    "combination_words",
    "did_words",
    "forecast_words",
    "headline",
    "heard_words",
    "hosts_words",
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


def hosts_words(findings: LeverFindings) -> tuple[str, ...]:
    """Of the app as declared, of each lever that changes the hosts and of the best together: how full each host is."""
    combined = findings.combination.levers if findings.combination else ()
    told = {row.name for row in findings.rows if any(change.after.startswith("hosts = ") for change in row.changes)}
    wanted = [seen for seen in findings.hosts if seen.levers in {(), combined} or told & set(seen.levers)]
    return tuple(_hosts(seen) for seen in wanted)


def heard_words(findings: LeverFindings) -> str:
    """What held listeners heard at the fixed load, over all starts; "" without them."""
    heard = [seen.heard for seen in findings.seen if seen.heard is not None]
    if not heard:
        return ""
    total = sum(heard, HeardCounts())
    return (
        f"Listeners, at the fixed load of {len(heard)} starts: {total.events:,} events heard; of what was written, "
        f"{total.unheard:,} heard by nobody before the end. {total.missing:,} times one listener did not hear what "
        "another heard, as it should be where they follow different things."
    )


def _hosts(seen: HostsSeen) -> str:
    who = f"Saturated, with {' + '.join(seen.levers)}" if seen.levers else "Saturated, as it is"
    if len(seen.first) > 1:
        last = f"{', '.join(seen.first[:-1])} and {seen.first[-1]} give way together."
    elif seen.first:
        last = f"{seen.first[0]} gives way first."
    else:
        last = (
            "None of them is full: requests wait for something else, such as a free slot, or for a CPU that others use."
        )
    return f"{who}: {'; '.join(map(_host, seen.hosts))}. {last[0].upper()}{last[1:]}"


def _host(host: HostLoad) -> str:
    busy = "CPU not read" if host.cpu_utilization is None else f"{percent(host.cpu_utilization)} of its CPU"
    if host.memory_bytes is None:
        return f"{host.name} {busy}"
    limit = f" of {megabytes(host.limit_bytes)}" if host.limit_bytes else ""
    return f"{host.name} {busy}, {megabytes(host.memory_bytes)}{limit}"


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
