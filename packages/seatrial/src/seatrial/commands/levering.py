"""`levers`: from a seatrial.toml to what each change of it is worth."""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from seatrial.errors import SpecError, StudyError
from seatrial.measure.progress import Progress, Report
from seatrial.spec.trial_spec import MeasureSettings

if TYPE_CHECKING:  # what only one command needs is imported by it: the others start sooner
    from seatrial.advise.levers.findings import LeverFindings
    from seatrial.measure.lever_trials import Effort
    from seatrial.spec.lever import Lever
    from seatrial.spec.reading import Declared

__all__ = ["Levered", "levers"]

PARTIAL = "levers.partial.json"

WARM_UP_MAX_S, QUICK_WARM_UP_MAX_S = 8.0, 3.0
"""On a noisy machine no warm-up looks steady; A and B then take equally long."""


@dataclass(frozen=True, slots=True)
class Levered:
    """Findings, and the files they were written to."""

    findings: "LeverFindings"
    json_path: Path
    page_path: Path


def levers(
    path: Path,
    *,
    tell: Callable[[Report], None],
    budget_s: float,
    only: Sequence[str] = (),
    quick: bool = False,
    results: Path | None = None,
    allow_noise: bool = False,
) -> Levered:
    """Tries the built-in levers and the app's own on it; writes levers.json and levers.html.

    only: the names of those to try. An interruption or a failure after the first start saves what was seen in
    levers.partial.json, then is raised again.

    Raises:
        SpecError, TestbedError, LoadError, StudyError: see `seatrial.errors`.
    """
    from seatrial.advise.levers.conclude import LeverJudge, conclude_levers
    from seatrial.load import event_loop
    from seatrial.measure.lever_trials import LeverTrials
    from seatrial.measure.study_file import check_writable, write_whole
    from seatrial.report.levers_page import levers_html
    from seatrial.spec.lever import most_hosts
    from seatrial.spec.reading import read_declared
    from seatrial.testbed.testbed import Testbed

    declared = read_declared(path)
    spec = declared.spec
    if spec.subject.url:
        raise SpecError(
            "levers are tried on fresh starts of the app, and one that is running already is not Seatrial's to start.",
            where=f"{spec.path}, subject.url",
            try_this="Give subject.app or server.command in its place.",
        )
    spec = replace(spec, measure=_settings(spec.measure, quick=quick, allow_noise=allow_noise))
    if results is not None:
        spec = replace(spec, results=results.resolve())
    declared = replace(declared, spec=spec)
    check_writable(spec.results)
    effort = _effort(budget_s, quick=quick)
    chosen = _chosen(_known(declared), only)
    trials = LeverTrials(declared, chosen, LeverJudge(), Progress(tell), effort)
    try:
        with Testbed(spec, varied_hosts=most_hosts(chosen)) as testbed:
            trials.prepare(testbed)
            event_loop.run(trials.conduct(testbed))
    except BaseException:
        if trials.record().starts:
            with contextlib.suppress(StudyError):  # the first error is the one to tell
                _written(conclude_levers(trials.record(), declared), spec.results / PARTIAL)
        raise
    findings = conclude_levers(trials.record(), declared)
    json_path, page_path = spec.results / "levers.json", spec.results / "levers.html"
    _written(findings, json_path)
    write_whole(page_path, levers_html(findings, spec.path.name).encode())
    (spec.results / PARTIAL).unlink(missing_ok=True)
    return Levered(findings, json_path, page_path)


def _known(declared: "Declared") -> "dict[str, Lever]":
    """All levers by name; one of the file takes the place of a built-in one."""
    from seatrial.discover.newer_python import newer_python
    from seatrial.spec.built_in_levers import built_in_levers, python_lever

    subject = declared.spec.subject
    newer = newer_python(subject.python, subject.directory)
    python = python_lever((newer.path, newer.version[:2]) if newer else None)
    return {lever.name: lever for lever in (*built_in_levers(declared.spec), python, *declared.levers)}


def _chosen(known: "dict[str, Lever]", only: Sequence[str]) -> "list[Lever]":
    from seatrial.spec.checking import did_you_mean

    for name in only:
        if name not in known:
            listing = f"There are {', '.join(sorted(known))}."
            raise SpecError(
                f"there is no lever {name!r}.", where="--only", try_this=did_you_mean(name, known) or listing
            )
    return [lever for name, lever in known.items() if not only or name in only]


def _settings(declared: MeasureSettings, *, quick: bool, allow_noise: bool) -> MeasureSettings:
    return replace(
        declared,
        allow_noise=allow_noise or declared.allow_noise,
        warm_up_max_s=min(QUICK_WARM_UP_MAX_S if quick else WARM_UP_MAX_S, declared.warm_up_max_s),
    )


def _effort(budget_s: float, *, quick: bool) -> "Effort":
    from seatrial.measure.experiment import Bounds
    from seatrial.measure.lever_trials import Effort

    if quick:
        return Effort(budget_s, Bounds(window_s=0.3, saturation_s=1.5, fixed_load_s=1.5, profile_s=1.0), rounds=1)
    return Effort(budget_s)


def _written(findings: "LeverFindings", path: Path) -> None:
    import json

    from seatrial.measure.study_file import write_whole
    from seatrial.report.levers_document import levers_json

    write_whole(path, json.dumps(levers_json(findings), indent=1).encode())
