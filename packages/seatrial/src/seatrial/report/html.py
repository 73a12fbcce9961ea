"""The report as one HTML file: nothing to fetch, no script, readable on a phone, in the dark and on paper."""

from collections.abc import Mapping
from typing import Any

from seatrial.advise.findings import Findings
from seatrial.model.population import HABIT_BASIS
from seatrial.report import inside_sentences, numbers, picture, prose, sentences
from seatrial.report.fault_sentences import fault_sentences
from seatrial.report.page import template
from seatrial.report.shares import memory_parts, operation_bars, time_bars, worker_bars

__all__ = ["report_html"]

WIDE_PX = (760, 430)
NARROW_PX = (360, 400)
PROPER_NAMES = {"cpu": "CPU", "cpus": "CPUs", "postgresql": "PostgreSQL", "cgroup": "control group", "url": "URL"}
TRIAL_WORDS = {"sustained": "passed", "violated": "failed", "invalid": "invalid"}


def report_html(findings: Findings) -> str:
    """The whole report; every text in it is escaped."""
    before, number, after = map(prose.kept_together, _headline(findings))
    return template("report.html.j2").render(
        f=findings,
        before=before,
        number=number,
        after=after,
        verdict=sentences.verdict_words(findings),
        say={
            name: prose.kept_together(getattr(words, name)(findings))
            for words in (sentences, inside_sentences)
            for name in words.__all__
            if name.endswith("_sentence") or words is sentences
        },
        faults=[prose.kept_together(text) for text in fault_sentences(findings)],
        pictures=[
            (name, drawn)
            for name, size in (("wide", WIDE_PX), ("narrow", NARROW_PX))
            if (drawn := picture.draw(findings, *size)) is not None
        ],
        description=picture.description(findings),
        operations=operation_bars(findings),
        times=time_bars(findings),
        parts=list(inside_sentences.parts_named(findings).items()),
        has_database=bool(findings.demand_ms.database),
        workers=worker_bars(findings),
        memory=memory_parts(findings),
        habits=[
            (_spaced(name), low, typical, high, HABIT_BASIS.get(name, ""))
            for name, (low, typical, high) in findings.daily_users.assumptions.items()
        ],
        environment=[
            (_spaced(name), text) for name, value in findings.environment.items() if (text := _words(name, value))
        ],
        trials=[_trial(row) for row in findings.points],
    )


def _headline(findings: Findings) -> tuple[str, str, str]:
    """The sentence of the answer, cut so that its number can be set apart; the number is "" when there is none."""
    sentence = sentences.capacity_sentence(findings)
    capacity = findings.worker_capacity.offered_rate_rps
    if capacity is None:
        return sentence, "", ""
    number = numbers.rate(capacity)
    before, _, after = sentence.partition(f" {number} request")
    return f"{before} ", number, f" request{after}"


def _trial(row: Mapping[str, Any]) -> Mapping[str, str]:
    def time(name: str) -> str:
        value = row.get(name)
        return "–" if value is None else numbers.milliseconds(float(value) * 1000.0)

    def share(name: str) -> str:
        value = row.get(name)
        return "–" if value is None else numbers.percent(float(value))

    verdict = str(row.get("verdict", ""))
    return {
        "label": str(row.get("label", "")),
        "run": str(row.get("run", "–")),
        "workers": str(row.get("workers") or "–"),
        "rate": numbers.rate(row.get("offered_rate_rps")),
        "quantile": time("slo_quantile_s"),
        "p50": time("p50_s"),
        "p99": time("p99_s"),
        "cpu": share("cpu_utilization"),
        "errors": share("error_ratio"),
        "verdict": TRIAL_WORDS.get(verdict, verdict),
        "shape": verdict,
    }


def _spaced(name: str) -> str:
    words = name.removesuffix("_bytes").split("_")
    return " ".join(PROPER_NAMES.get(word, word) for word in words)


def _words(name: str, value: Any) -> str:
    """One value of the environment in words; nested ones as `name value; name value`."""
    if isinstance(value, Mapping):
        inner = ((key, _words(str(key), each)) for key, each in value.items())
        return "; ".join(f"{_spaced(str(key))} {text}" for key, text in inner if text)
    if isinstance(value, list | tuple):
        return ", ".join(_words(name, each) for each in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return numbers.megabytes(value) if name.endswith("_bytes") else f"{value:.6g}"
    return "" if value is None else str(value)
