"""What a load showed, for a terminal."""

import math
from collections.abc import Mapping, Sequence

from seatrial.report.load_figures import LoadFigures, OperationFigures
from seatrial.report.load_words import ERROR_CAUSES, in_words
from seatrial.report.numbers import percent, rate, rounded, time_words
from seatrial.report.prose import capitalised, ended
from seatrial.report.sparkline import sparkline
from seatrial.report.text_blocks import filled, listed

__all__ = ["load_answer"]

_COLUMNS = {"p50": "p50", "p95": "p95", "p99": "p99", "p999": "p99.9", "max": "max"}
_FAILURES_SHOWN = 5
_OPERATIONS_SHOWN = 30
_LABEL_WIDTH = 13
_SPAN_WIDTH = 22
_NAIVE_RATIO, _NAIVE_LEAST_S = 1.25, 0.001
_WAITED_LEAST = 0.05


def load_answer(figures: LoadFigures, width: int = 80, *, styled: bool = False, blocks: bool = True) -> str:
    """The figures in words and tables, no line longer than `width` (at least 60), ending in a newline.

    styled: with bold type, as escape codes of a terminal. blocks: whether its characters hold more than ASCII's.
    """
    width = max(60, width)
    parts = [
        _headline(figures, width),
        _response_times(figures, width, styled=styled),
        _errors(figures, width),
        _operations(figures, width),
        _series(figures, width, blocks=blocks),
        "\n".join(
            row for row in (_sessions(figures, width), _heard(figures, width), _generator(figures, width)) if row
        ),
        _listed_caveats(figures, width),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _headline(figures: LoadFigures, width: int) -> str:
    warnings = []
    if not figures.generator.valid:
        warnings.append(f"NOT VALID, these figures say little about the server. {' '.join(figures.generator.reasons)}")
    if figures.interrupted:
        warnings.append(f"INTERRUPTED after {time_words(figures.duration_s)}: this is what was seen until then.")
    lines = [f"{figures.url}: {_offered(figures)}", _answered(figures)]
    blocks = ["\n".join(filled(line, width) for line in each) for each in (warnings, lines) if each]
    return "\n\n".join(blocks)


def _offered(figures: LoadFigures) -> str:
    lasting = f"for {time_words(figures.duration_s)}"
    if figures.concurrency is not None:
        return f"{in_words(figures.concurrency, 'request')} kept on their way {lasting} (a closed loop)."
    assert figures.offered_rate_rps is not None
    what = {"profile": "a profile of", "day": "a day's curve of", "replay": "a replay of"}.get(
        figures.arrivals or "", ""
    )
    how = {"poisson": ", at random (Poisson)", "constant": ", evenly spaced"}.get(figures.spacing or "", "")
    mean = " in the mean" if what else ""
    text = f"{what} {_rate(figures.offered_rate_rps)} requests/s{mean} offered {lasting}{how}.".strip()
    began = figures.arrival_rate_per_s
    if began and abs(began - figures.offered_rate_rps) > 0.005 * began:
        thing = "sessions" if figures.sessions is not None else "operations"
        each = rounded(figures.offered_rate_rps / began, 2)
        text += f" {_rate(began)} {thing} began per second, of {each} requests each."
    return text


def _answered(figures: LoadFigures) -> str:
    if not figures.requests:
        return "No request was sent."
    if figures.answered == figures.requests:
        share = "The request was" if figures.requests == 1 else f"All {figures.requests:,} were"
    else:
        share = f"{figures.answered:,} of {in_words(figures.requests, 'request')} were"
    return f"{share} answered rightly: {_rate(figures.throughput_rps)}/s."


def _response_times(figures: LoadFigures, width: int, *, styled: bool) -> str:
    if not figures.requests:
        return ""
    column = min(10, (width - 2 - _LABEL_WIDTH) // len(_COLUMNS))
    rows = [f"  {'':<{_LABEL_WIDTH}}" + "".join(f"{head:>{column}}" for head in _COLUMNS.values())]
    due = _time_row("response time", figures.response_time_s, column)
    rows.append(f"\x1b[1m{due}\x1b[0m" if styled else due)
    rows.append(_time_row("from the send", figures.time_from_send_s, column))
    if naive := _naive_sentence(figures):
        rows += ["", filled(naive, width, "  ", "  ")]
    return "\n".join(rows)


def _time_row(label: str, times: Mapping[str, float | None], column: int) -> str:
    return f"  {label:<{_LABEL_WIDTH}}" + "".join(f"{_time(times[name]):>{column}}" for name in _COLUMNS)


def _naive_sentence(figures: LoadFigures) -> str:
    """Where the two clocks part most, at the first quantile that shows it."""
    for name in ("p50", "p95", "p99", "p999"):
        honest, naive = figures.response_time_s[name], figures.time_from_send_s[name]
        if honest and naive and honest > _NAIVE_RATIO * naive and honest - naive > _NAIVE_LEAST_S:
            return (
                "Response time counts from when a request was due, as for a visitor. The usual clock, from the send, "
                f"would have said {time_words(naive)} instead of {time_words(honest)} ({_COLUMNS[name]})."
            )
    return ""


def _errors(figures: LoadFigures, width: int) -> str:
    if not figures.errors:
        return ""
    failed = figures.requests - figures.answered
    lines = [f"  failed: {failed:,} of {in_words(figures.requests, 'request')} ({percent(figures.error_ratio)})"]
    for cause, count in figures.errors.items():
        first = f"    {count:>9,}  {cause:<12}"
        lines.append(filled(ERROR_CAUSES.get(cause, ""), width, first, " " * len(first)))
    shown = figures.failures[:_FAILURES_SHOWN]
    if shown:
        lines += ["", listed("  The first failures of each kind:", shown, width)]
    return "\n".join(lines)


def _operations(figures: LoadFigures, width: int) -> str:
    if len(figures.operations) < 2:
        return ""
    by_count = sorted(figures.operations.items(), key=lambda pair: (-pair[1].requests, pair[0]))
    name_width = max(9, min(width - 51, max(len(name) for name, _ in by_count)))
    head = f"  {'operation':<{name_width}}{'requests':>11}{'failed':>8}{'p50':>10}{'p95':>10}{'p99':>10}"
    rows = [_operation_row(name, one, name_width) for name, one in by_count[:_OPERATIONS_SHOWN]]
    if len(by_count) > _OPERATIONS_SHOWN:
        rows.append(f"  and {len(by_count) - _OPERATIONS_SHOWN} more (--json has them all)")
    return "\n".join([head, *rows])


def _operation_row(name: str, one: OperationFigures, name_width: int) -> str:
    short = name if len(name) <= name_width else f"{name[: name_width - 3]}..."
    times = "".join(f"{_time(one.response_time_s[quantile]):>10}" for quantile in ("p50", "p95", "p99"))
    failed = one.requests - one.answered
    return f"  {short:<{name_width}}{one.requests:>11,}{f'{failed:,}' if failed else '-':>8}{times}"


def _series(figures: LoadFigures, width: int, *, blocks: bool) -> str:
    rows = [row for row in figures.series if row.starts_s < figures.duration_s]
    if len(rows) < 3:
        return ""
    row_s = rows[1].starts_s - rows[0].starts_s
    # The last one may be cut short by the end of the interval.
    whole = [row for row in rows if row.starts_s + row_s <= figures.duration_s + 1e-9]
    answered = [row.answered / row_s for row in whole]
    slowest = [row.worst_response_time_s for row in whole]
    lines = []
    for label, values, words in (
        ("answered/s", answered, _span([_rate(min(answered)), _rate(max(answered))])),
        ("slowest", slowest, _span([_time(min(filter(None, slowest), default=None)), _time(max(slowest))])),
    ):
        # As long for both, so that the same moments stand above each other.
        bars = sparkline(values, width - 2 - _LABEL_WIDTH - _SPAN_WIDTH) if blocks else ""
        lines.append(f"  {label:<{_LABEL_WIDTH}}{bars}{'  ' if bars else ''}{words}")
    every = "second by second" if row_s == 1 else f"in steps of {time_words(row_s)}"
    return "\n".join([f"  {every}:", *lines])


def _span(ends: Sequence[str]) -> str:
    return ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"


def _sessions(figures: LoadFigures, width: int) -> str:
    if (counts := figures.sessions) is None:
        return ""
    text = f"{counts.begun:,} begun, {counts.ended:,} ended rightly, {counts.failed:,} not; at most "
    return _labelled("sessions", f"{text}{counts.under_way_max:,} under way at once.", width)


def _heard(figures: LoadFigures, width: int) -> str:
    heard = figures.heard
    if not (heard.events or heard.dropped or heard.unheard):
        return ""
    text = f"{in_words(heard.events, 'event')} over open sockets"
    for count, what in (
        (heard.unknown, "of unknown cause"),
        (heard.dropped, "never taken up"),
        (heard.unheard, "sent but not heard of by the end"),
        (heard.missing, "heard by some listeners and missing at others"),
    ):
        text += f", {count:,} {what}" if count else ""
    return _labelled("heard", f"{text}.", width)


def _generator(figures: LoadFigures, width: int) -> str:
    generator = figures.generator
    parts = [f"used {time_words(generator.cpu_s)} of CPU ({percent(generator.busy)} of one"]
    parts[0] += f", the busiest of {figures.processes} processes)" if figures.processes > 1 else ")"
    if generator.waited >= _WAITED_LEAST:
        parts.append(f"waited for one {percent(generator.waited)} of the time")
    if generator.requests_per_cpu_s:
        parts.append(f"{rounded(generator.requests_per_cpu_s)} requests per CPU second")
    if (p99_s := figures.lateness_s["p99"]) is not None:
        parts.append(f"late by {_time(figures.lateness_s['p50'])} (p50), {_time(p99_s)} (p99)")
    sentences = [", ".join(parts)]
    if (check := figures.self_check) is not None:
        shared = " while it shares its CPU with the server" if check.shares_cpu else ""
        each = " in each process" if figures.processes > 1 else ""
        sentences.append(
            f"Against a server that does nothing it reaches {rounded(check.ceiling_rps, 2)} requests/s{each}{shared}"
        )
    sentences.append("Fit to measure" if generator.valid else "Not fit to measure: see above")
    if figures.in_flight_max:
        sentences.insert(1, f"At most {in_words(figures.in_flight_max, 'request')} on their way at once")
    return _labelled("generator", " ".join(ended(capitalised(each)) for each in sentences), width)


def _labelled(label: str, text: str, width: int) -> str:
    first = f"  {label:<{_LABEL_WIDTH}}"
    return filled(text, width, first, " " * len(first))


def _listed_caveats(figures: LoadFigures, width: int) -> str:
    # That it was interrupted stands at the top already.
    told = [each for each in figures.caveats if each.code != "interrupted"]
    items = [f"{ended(each.text)} {each.next_step}".strip() for each in told]
    return listed("What limits these numbers:", items, width) if items else ""


def _rate(value_rps: float) -> str:
    """A whole number as it is; else as precise as `numbers.rate`."""
    return f"{value_rps:,.0f}" if abs(value_rps - round(value_rps)) < 0.005 else rate(value_rps)


def _time(value_s: float | None) -> str:
    return "-" if value_s is None or not math.isfinite(value_s) else time_words(value_s)
