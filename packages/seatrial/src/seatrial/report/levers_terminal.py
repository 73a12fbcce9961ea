"""What levers did, for a terminal: a ranked table, then what helps, with the lines to change."""

from collections.abc import Iterator, Mapping, Sequence

from seatrial.advise.levers.findings import Change, LeverFindings, LeverRow
from seatrial.report.levers_words import (
    change_words,
    combination_words,
    did_words,
    forecast_words,
    headline,
    heard_words,
    hosts_words,
    is_worth_telling,
    now_words,
    quantile_name,
    side_words,
    times_words,
)
from seatrial.report.numbers import percent, rate
from seatrial.report.prose import ended
from seatrial.report.text_blocks import filled, labelled, listed

__all__ = ["levers_answer"]

COLUMNS = (15, 13, 7, 18, 6, 7, 7, 7)
"""lever, outcome, answers per second, times with interval, foretold, CPU, response time, memory: 80 in all."""


def levers_answer(findings: LeverFindings, file_name: str = "seatrial.toml", width: int = 80) -> str:
    """The findings in words and a table, no line longer than `width` (at least 80), ending in a newline."""
    width = max(sum(COLUMNS), width)
    helping = [row for row in findings.rows if is_worth_telling(row)]
    blocks = [
        filled(headline(findings), width) + "\n" + filled(now_words(findings), width),
        "" if findings.complete else "INTERRUPTED: this is what was seen until then.",
        _table(findings, width),
        *(filled(words, width) for words in hosts_words(findings)),
        filled(heard_words(findings), width),
        *(_lever(row, findings, file_name, width) for row in helping),
        _together(findings, file_name, width),
        _not_tried(findings, width),
        listed(
            "What limits these numbers:", [f"{ended(c.text)} {c.next_step}".strip() for c in findings.caveats], width
        )
        if findings.caveats
        else "",
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _table(findings: LeverFindings, width: int) -> str:
    if not findings.rows:
        return "No lever was tried."
    heads = ("lever", "", "at most", "times (95 %)", "told", "CPU", quantile_name(findings), "memory")
    lines = [_line(heads), *(line for row in findings.rows for line in _row(row))]
    margins = findings.margins
    note = (
        "at most: answers/s with always something waiting. times: against now, with its interval; told: what the model "
        f"said before. CPU for each answer, {quantile_name(findings)} at {rate(findings.fixed_rate_rps)}/s, memory: "
        f"= means no effect (all of the interval within {percent(margins['saturated_rps'])}; of "
        f"{quantile_name(findings)}, {percent(margins['response_time_s'])}), ? that these starts cannot tell."
    )
    return "\n".join([*lines, filled(note, width)])


def _row(row: LeverRow) -> Iterator[str]:
    first = row.effects["saturated_rps"]
    cells = (
        row.name,
        row.outcome,
        "-" if first is None else rate(first.after),
        times_words(first),
        forecast_words(row.forecast),
        *(side_words(row.effects[name]).replace(" ", "") for name in ("cpu_s", "response_time_s", "memory_bytes")),
    )
    if len(row.name) >= COLUMNS[0]:
        yield row.name
        cells = ("", *cells[1:])
    yield _line(cells)


def _line(cells: Sequence[str]) -> str:
    left = f"{cells[0]:<{COLUMNS[0]}}{cells[1]:<{COLUMNS[1]}}"
    right = "".join(f"{cell:>{width}}" for cell, width in zip(cells[2:], COLUMNS[2:], strict=True))
    return f"{left}{right}".rstrip()


def _lever(row: LeverRow, findings: LeverFindings, file_name: str, width: int) -> str:
    lines = [filled(f"{row.name}: {row.about}" if row.about else row.name, width)]
    told = (("did", did_words(row, findings)), ("costs", row.costs), ("risk", row.risk))
    lines += [labelled(label, text, width, 7) for label, text in told if text]
    return "\n".join([*lines, *_changes(row.changes, file_name, width)])


def _changes(changes: Sequence[Change], file_name: str, width: int) -> Iterator[str]:
    for change in changes:
        yield labelled("change", change_words(change, file_name), width, 7)
        if change.elsewhere:
            yield labelled("live", change.elsewhere, width, 7)


def _together(findings: LeverFindings, file_name: str, width: int) -> str:
    combination = findings.combination
    if combination is None:
        return "" if not findings.rows or not findings.complete else "Nothing that was tried surely raises the rate."
    lines = [filled(combination_words(combination), width)]
    if len(combination.levers) > 1:
        lines += _changes(combination.changes, file_name, width)
    return "\n".join(lines)


def _not_tried(findings: LeverFindings, width: int) -> str:
    blocks = []
    if failed := {row.name: row.failure for row in findings.rows if row.failure}:
        blocks.append(_named("Did not work:", failed, width))
    if findings.left_out:
        names = ", ".join(findings.left_out)
        blocks.append(filled(f"Left out for want of time: {names}. Give more with --budget-minutes.", width))
    if findings.refused:
        blocks.append(_named("Not for this app:", findings.refused, width))
    return "\n\n".join(blocks)


def _named(title: str, reasons: Mapping[str, str], width: int) -> str:
    """Names with their reasons: a name is copied from here, so it stays as it is."""
    return "\n".join([title, *(filled(ended(f"{n}: {why}"), width, "  - ", "    ") for n, why in reasons.items())])
