"""What levers did, as one HTML file: nothing to fetch, no script, readable on a phone, in the dark and on paper."""

from collections.abc import Callable

from seatrial.advise.levers.effect import Effect
from seatrial.advise.levers.findings import LeverFindings
from seatrial.report import levers_words
from seatrial.report.numbers import megabytes, milliseconds, rate
from seatrial.report.page import template

__all__ = ["levers_html"]


def levers_html(findings: LeverFindings, file_name: str = "seatrial.toml") -> str:
    """The whole page; every text in it is escaped."""
    return template("levers.html.j2").render(
        f=findings,
        file_name=file_name,
        say=levers_words,
        quantile=levers_words.quantile_name(findings),
        change=levers_words.change_words,
        hosts=[words for words in (*levers_words.hosts_words(findings), levers_words.heard_words(findings)) if words],
        helping=[row for row in findings.rows if levers_words.is_worth_telling(row)],
        together=None if findings.combination is None else levers_words.combination_words(findings.combination),
        told={
            row.name: [
                _told(row.effects["saturated_rps"], rate),
                _told(row.effects["cpu_s"], lambda value: milliseconds(1000 * value)),
                _told(row.effects["response_time_s"], lambda value: milliseconds(1000 * value)),
                _told(row.effects["memory_bytes"], megabytes),
            ]
            for row in findings.rows
        },
    )


def _told(effect: Effect | None, words: Callable[[float], str]) -> tuple[str, str, str]:
    """Before and after; the factor with its interval; the outcome."""
    if effect is None:
        return "–", "", ""
    return _from_to(words(effect.before), words(effect.after)), levers_words.times_words(effect), effect.outcome


def _from_to(before: str, after: str) -> str:
    """Both, with the unit once where it is the same: `53.3 → 24.0 ms`, `999 MB → 2 GB`."""
    (number, gap, unit), own = before.partition(" "), after.partition(" ")[2]
    return f"{number} → {after}" if gap and unit == own else f"{before} → {after}"
