"""What growth needs, for a terminal: a table of ranges, what changes first, and what all of it rests on."""

from collections.abc import Callable, Iterator, Sequence

from seatrial.advise.growth.assumptions import Assumption
from seatrial.advise.growth.findings import FleetCheck, Growth, GrowthRow, Span
from seatrial.report.advice_sentences import log_sentence
from seatrial.report.numbers import compact, people, percent
from seatrial.report.text_blocks import filled, listed

__all__ = ["growth_answer"]

LABEL_WIDTH = 16
HABITS_WIDTH = 7
COLUMN_LEAST = 11
NOTHING = Span(None, None, None)

NUMBERS: Sequence[tuple[str, str, Callable[[float | None], str]]] = (
    ("requests/s", "peak_rps", compact),
    ("app CPUs busy", "app_cpus", compact),
    ("app hosts", "hosts", compact),
    ("app workers", "workers", compact),
    ("job workers", "job_workers", compact),
    ("database shards", "shards", compact),
    ("replicas of each", "replicas", compact),
    ("or cache hits", "cache_hit_ratio", lambda value: "-" if value is None else percent(value).replace(" ", "")),
    ("  of so much", "cache_bytes", lambda value: compact(value) + ("B" if value is not None else "")),
    ("connections", "connections", compact),
    ("USD a month", "usd_month", compact),
)


def growth_answer(growth: Growth, width: int = 80) -> str:
    """The growth in words, no line longer than `width` (at least 60), ending in a newline."""
    width = max(60, width)
    blocks = [
        _headline(growth, width),
        *_tables(growth.rows, width),
        filled(_table_note(growth), width),
        _steps(growth, width),
        _in_words(growth.rows, width),
        _checks(growth.rows, width),
        filled(f"Data: {growth.data.sentence} {_extrapolated(growth)}".strip(), width),
        filled(f"Access log: {log_sentence(growth.log)}", width) if growth.log is not None else "",
        _assumed(growth.assumptions, width),
        listed("What limits these numbers:", growth.caveats, width),
        filled(f"A fleet is priced at {growth.provider}. Prices are from {'; '.join(growth.prices)}.", width),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _headline(growth: Growth, width: int) -> str:
    demand = growth.demand_ms
    first = growth.steps[0] if growth.steps else None
    words = f"{growth.subject}: what so many people a day need, at {growth.objective}."
    if first is not None:
        words += (
            f" Up to about {people(first.daily_users)} daily users ({people(first.low_users)} to "
            f"{people(first.high_users)}) the smallest machine does it: do not buy anything more until then."
        )
    cost = f"A request costs {demand.typical or 0:.1f} ms of CPU, and {percent(growth.write_share)} of them write."
    return f"{filled(words, width)}\n{filled(cost, width)}"


def _tables(rows: Sequence[GrowthRow], width: int) -> Iterator[str]:
    room = width - LABEL_WIDTH - HABITS_WIDTH
    at_once = max(1, room // COLUMN_LEAST)
    for first in range(0, len(rows), at_once):
        yield _table(rows[first : first + at_once], min(room // min(at_once, len(rows)), 14))


def _table(rows: Sequence[GrowthRow], column: int) -> str:
    heads = [compact(row.daily_users) + ("*" if row.extrapolated else "") for row in rows]
    lines = [_line("daily users", heads, "habits", column)]
    for label, name, told in NUMBERS:
        spans = [row.numbers.get(name, NOTHING) for row in rows]
        shares = [span.habits_share for span in spans if span.habits_share is not None]
        if all(span.high == 0 for span in spans):
            continue
        typical = [told(span.typical) for span in spans]
        lines.append(_line(label, typical, percent(shares[-1]) if shares else "", column))
        lines.append(_line("", [_range(span, told) for span in spans], "", column))
    return "\n".join(lines)


def _line(label: str, cells: Sequence[str], last: str, column: int) -> str:
    return f"{label:<{LABEL_WIDTH}}{''.join(f'{cell:>{column}}' for cell in cells)}{last:>{HABITS_WIDTH}}".rstrip()


def _range(span: Span, told: Callable[[float | None], str]) -> str:
    low, high = told(span.low), told(span.high)
    return "" if low == high else f"{low}..{high}"


def _table_note(growth: Growth) -> str:
    share = growth.habits_share_of_cost
    words = (
        "Under each number: 5 to 95 % of the cases drawn. habits: how much of that spread (of the variance of the "
        "logarithm, in the last column that has any) comes from people's habits and not from machines."
    )
    if share is not None:
        words += f" Of the cost's, {percent(share)}: who knows their own access log knows most of it."
    if any(row.numbers and row.numbers["cache_hit_ratio"].high is None for row in growth.rows):
        words += " A dash: no cache is enough."
    return words


def _steps(growth: Growth, width: int) -> str:
    items = [
        f"at about {people(step.daily_users)} daily users ({people(step.low_users)} to {people(step.high_users)}): "
        f"{step.sentence}"
        for step in growth.steps
    ]
    return listed("What changes first, and then:", items, width) if items else ""


def _in_words(rows: Sequence[GrowthRow], width: int) -> str:
    counts: dict[str, list[str]] = {}
    for row in rows:
        counts.setdefault(row.sentence, []).append(people(row.daily_users))
    items = [f"{' and '.join(users)} daily users: {sentence}" for sentence, users in counts.items()]
    return listed("What is typical:", items, width)


def _checks(rows: Sequence[GrowthRow], width: int) -> str:
    items = [f"{people(row.daily_users)} daily users: {_check(row.check)}" for row in rows if row.check is not None]
    return (
        listed("Formula against an event simulation of the fleet (the larger is told):", items, width) if items else ""
    )


def _check(check: FleetCheck) -> str:
    if check.simulated_hosts is None or check.difference is None:
        return f"{check.formula_hosts} hosts by the formula; in the simulation none are enough for the objective"
    side = "more" if check.difference > 0 else "fewer"
    words = f"{check.formula_hosts} hosts by the formula, {check.simulated_hosts} by the simulation"
    words += f" ({percent(abs(check.difference))} {side})" if check.difference else ""
    if check.formula_replicas or check.simulated_replicas:
        simulated = "none is enough" if check.simulated_replicas is None else str(check.simulated_replicas)
        words += f"; replicas {check.formula_replicas} and {simulated}"
    return words


def _extrapolated(growth: Growth) -> str:
    if not any(row.extrapolated for row in growth.rows):
        return ""
    if not growth.data.sizes:
        return "* extrapolated: all of it."
    return "* extrapolated: more than four times the data that was measured, or less than a quarter."


def _assumed(assumptions: Sequence[Assumption], width: int) -> str:
    """Names and ranges; where each comes from is in the JSON and in the documents."""
    sources = {"yours": ", yours", "study": ", from the study", "access log": ", from the access log"}

    def told(each: Assumption) -> str:
        span = f"{compact(each.low)} to {compact(each.high)}"
        return f"{each.name} {compact(each.typical)} ({span}{sources.get(each.source, '')})"

    lines = [
        f"Assumed of {who}: {', '.join(told(each) for each in assumptions if each.is_habit == is_habit)}."
        for who, is_habit in (("people", True), ("machines", False))
    ]
    lines.append("Whoever knows better says so: --assume sessions_per_day=2,4,9.")
    return "\n".join(filled(line, width) for line in lines)
