"""The best settings of a server, for a terminal: the answer, the table, the lines to change."""

from collections.abc import Iterator, Mapping

from seatrial.advise.tuning.conclude import ServerRow, TuneFindings
from seatrial.report.levers_words import change_words, times
from seatrial.report.numbers import UNKNOWN, megabytes, milliseconds, rate, rate_span
from seatrial.report.prose import ended
from seatrial.report.text_blocks import filled, labelled, listed

__all__ = ["tune_answer"]

COLUMNS = {"server": 17, "pool": 6, "capacity": 9, "95 %": 14, "told": 8, "p": 9, "memory": 9, "starts": 7}
"""Widths, 79 in all; "95 %" is the interval, "told" what the model said, "p" the response time."""

KINDS = {
    "gthread": "each of its threads takes one request at a time",
    "sync": "each worker takes one request at a time",
    "gevent": "a worker changes over to another request wherever one waits",
    "asgi": "a worker's event loop changes over wherever a request awaits",
}


def tune_answer(findings: TuneFindings, file_name: str = "seatrial.toml", width: int = 80) -> str:
    """The findings in words and a table, no line longer than `width` (at least 80), ending in a newline."""
    width = max(80, width)
    blocks = [
        filled(_headline(findings), width),
        filled(_against(findings), width),
        "" if findings.complete else "INTERRUPTED: this is what was seen until then.",
        _table(findings, width),
        _changes(findings, file_name, width),
        _not_tried(findings, width),
        listed(
            "What limits these numbers:", [f"{ended(c.text)} {c.next_step}".strip() for c in findings.caveats], width
        )
        if findings.caveats
        else "",
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _headline(findings: TuneFindings) -> str:
    best = findings.best
    if best is None:
        return (
            f"With no settings that were tried does {findings.subject} on {findings.plan} meet the objective: "
            f"{ended(findings.objective)}"
        )
    holds = [(best.threads, "thread"), (best.pool, "database connection")]
    held = " and ".join(f"{count} {what}{'s' if count > 1 else ''}" for count, what in holds if count)
    threads = f" with {held}{' each' if best.workers > 1 else ''}" if held else ""
    interval = rate_span(best.low_rps, best.high_rps)
    sure = f" (95 %: {interval})" if interval else ""
    return (
        f"Best for {findings.subject} on {findings.plan}: {best.workers} worker{'s' if best.workers != 1 else ''}"
        f"{threads} ({best.worker_class}: {KINDS[best.worker_class]}). That handles {rate(best.capacity_rps)} "
        f"requests/s{sure} with {ended(findings.objective)}"
    )


def _against(findings: TuneFindings) -> str:
    minutes = f"{findings.spent_s / 60:.0f} min" if findings.spent_s >= 90 else f"{findings.spent_s:.0f} s"
    spent = (
        f"Of {findings.combinations} combinations that fit, {len(findings.rows)} were started, "
        f"{findings.starts} times in {minutes}; the model chose which."
    )
    if findings.best is None or findings.ratio is None:
        return spent
    if not findings.changes:
        return f"That is what the file declares: change nothing. {spent}"
    low, high = findings.ratio_low, findings.ratio_high
    interval = "" if low is None or high is None else f" ({times(low)} to {times(high)})"
    gain = f"{times(findings.ratio)}{interval}"
    return f"The settings of the file handle {rate(_declared_rps(findings))}: the change gives {gain}. {spent}"


def _declared_rps(findings: TuneFindings) -> float | None:
    return next((row.capacity_rps for row in findings.rows if "as declared" in row.names), None)


def _table(findings: TuneFindings, width: int) -> str:
    if not findings.rows:
        return ""
    columns = dict(COLUMNS)
    if all(row.pool is None for row in findings.rows):
        del columns["pool"]
    quantile = f"p{findings.quantile * 100:g}"
    heads = {name: quantile if name == "p" else name for name in columns}
    rows = (line for row in findings.rows for line in _row(row, findings.best, columns))
    pool = "pool: database connections of each worker. " if "pool" in columns else ""
    note = (
        f"* the one to take. server: kind of worker, workers x threads. {pool}capacity: requests/s within the "
        f"objective. told: what the model said from the first start alone. {quantile}: response time at "
        f"{rate(findings.fixed_rate_rps)}/s, the same for all. Settings as good as the best, as far as so many starts "
        "can tell, count as equal: of those the declared ones are kept, otherwise the least memory decides."
    )
    return "\n".join([_line(heads, columns), *rows, filled(note, width)])


def _row(row: ServerRow, best: ServerRow | None, columns: Mapping[str, int]) -> Iterator[str]:
    cells = {
        "server": f"{'*' if row == best else ' '} {row.server}",
        "pool": UNKNOWN if row.pool is None else str(row.pool),
        "capacity": "failed" if row.failure else rate(row.capacity_rps),
        "95 %": rate_span(row.low_rps, row.high_rps).replace(" to ", "-"),
        "told": rate(row.promised_rps),
        "p": milliseconds(row.response_time_ms),
        "memory": UNKNOWN if row.memory_mb is None else megabytes(row.memory_mb * 1024 * 1024),
        "starts": str(row.starts),
    }
    yield _line(cells, columns)
    for name in row.names:
        yield f"    {name}"


def _line(cells: Mapping[str, str], columns: Mapping[str, int]) -> str:
    wide = [f"{cells[name]:>{width}}" for name, width in columns.items() if name != "server"]
    return (f"{cells['server']:<{columns['server']}}" + "".join(wide)).rstrip()


def _words(row: ServerRow) -> str:
    return row.server + ("" if row.pool is None else f", pool {row.pool}")


def _changes(findings: TuneFindings, file_name: str, width: int) -> str:
    lines = [labelled("change", change_words(change, file_name), width, 7) for change in findings.changes]
    live = " ".join(change.elsewhere.removeprefix("gunicorn ") for change in findings.changes if change.elsewhere)
    return "\n".join([*lines, *([labelled("live", f"gunicorn {live}", width, 7)] if live else [])])


def _not_tried(findings: TuneFindings, width: int) -> str:
    reasons = {
        **findings.not_tried,
        **{_words(row): row.failure for row in findings.rows if row.failure},
        **findings.refused,
    }
    return listed("Not possible here:", [f"{name}: {why}" for name, why in reasons.items()], width) if reasons else ""
