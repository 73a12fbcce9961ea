"""`measure` and `report`: from a seatrial.toml to a study, and from a study to its findings."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from seatrial.commands.one_host import check_one_host
from seatrial.errors import StudyError
from seatrial.measure.progress import Progress, Report
from seatrial.spec.trial_spec import MeasureSettings, TrialSpec

if TYPE_CHECKING:  # what only one command needs is imported by it: the others start sooner
    from seatrial.advise.findings import Findings
    from seatrial.measure.conduct import Conductor
    from seatrial.measure.study import Study

__all__ = ["Measured", "measure", "report"]

PARTIAL = "study.partial.json"


@dataclass(frozen=True, slots=True)
class Measured:
    """Findings, and the files they were written to."""

    findings: "Findings"
    study_path: Path
    report_path: Path


def measure(
    path: Path,
    *,
    tell: Callable[[Report], None],
    quick: bool = False,
    results: Path | None = None,
    allow_remote: bool = False,
    sizes: Sequence[int] = (),
    allow_noise: bool = False,
) -> Measured:
    """Measures what a seatrial.toml declares and writes study.json and report.html. sizes: before measure.sizes.

    An interruption or a failure after the first interval saves what was seen as a partial study, then is raised again.

    Raises:
        SpecError, TestbedError, LoadError, StudyError: see `seatrial.errors`.
    """
    from seatrial.advise.conclude import conclude
    from seatrial.advise.foresight import ModelForesight
    from seatrial.load import event_loop
    from seatrial.measure.conduct import Conductor
    from seatrial.measure.prediction_check import history
    from seatrial.measure.sizes import measure_sizes, told_size
    from seatrial.measure.study_file import check_writable, earlier_checks, earlier_study, write_study, write_whole
    from seatrial.report.html import report_html
    from seatrial.spec.reading import read_trial_spec
    from seatrial.testbed.testbed import Testbed

    spec = check_one_host(read_trial_spec(path, allow_remote=allow_remote, sizes=sizes))
    if quick:
        spec = replace(spec, measure=_quicker(spec.measure))
    if allow_noise:
        spec = replace(spec, measure=replace(spec.measure, allow_noise=True))
    if results is not None:
        spec = replace(spec, results=results.resolve())
    study_path = spec.results / "study.json"
    check_writable(spec.results)
    earlier, replaced = earlier_checks(study_path, spec.subject.name), earlier_study(study_path, spec.subject.name)
    progress = Progress(tell)
    with told_size(spec.subject.size):
        conductor = Conductor(spec, ModelForesight(), progress)
    try:
        with Testbed(spec) as testbed:
            conductor.prepare(testbed)
            event_loop.run(conductor.conduct(testbed))
            progress.step("cleaning up")
        profiled, caveats = measure_sizes(spec, progress)
    except BaseException:
        _save_partial(conductor, spec)
        raise
    progress.step("concluding", 5)
    study = conductor.study()
    study = _beside_earlier(replace(study, environment={**study.environment, **_sources(spec)}), replaced)
    study = replace(study, checks=history(earlier, study.checks), sizes=profiled, caveats=(*study.caveats, *caveats))
    write_study(study, study_path)
    (spec.results / PARTIAL).unlink(missing_ok=True)
    findings = conclude(study)
    report_path = spec.results / "report.html"
    write_whole(report_path, report_html(findings).encode())
    return Measured(findings, study_path, report_path)


def report(study_path: Path, html_path: Path | None = None) -> "Findings":
    """Draws every conclusion again from a study file alone; writes the page when `html_path` is given."""
    from seatrial.advise.conclude import conclude
    from seatrial.measure.study_file import read_study, write_whole
    from seatrial.report.html import report_html

    findings = conclude(read_study(study_path))
    if html_path is not None:
        write_whole(html_path, report_html(findings).encode())
    return findings


def _sources(spec: TrialSpec) -> Mapping[str, str]:
    """What the code was that is measured; nothing is known of an app that was running already."""
    from seatrial.discover.source_digest import source_digest
    from seatrial.measure.likeness import SOURCE_DIGEST

    journeys = () if spec.workload.journeys is None else (spec.workload.journeys,)
    return {} if spec.subject.url else {SOURCE_DIGEST: source_digest(spec.subject, *journeys)}


def _beside_earlier(study: "Study", replaced: "Study | None") -> "Study":
    """With what is kept of the studies of the same code that it replaces."""
    from seatrial.measure.likeness import earlier_of

    return replace(study, earlier=tuple(earlier_of(replaced, study)))


def _quicker(settings: MeasureSettings) -> MeasureSettings:
    """A first look in about a minute; the findings say that one start has no honest interval. Nothing gets longer."""
    return replace(
        settings,
        restarts=1,
        brief_starts=0,
        plan_starts=0,
        inside=False,
        faults=False,
        warm_up_max_s=min(6.0, settings.warm_up_max_s),
        half_load_s=min(2.0, settings.half_load_s),
        saturation_s=min(3.0, settings.saturation_s),
        confirm_s=min(5.0, settings.confirm_s),
        search_trial_s=min(5.0, settings.search_trial_s),
    )


def _save_partial(conductor: "Conductor", spec: TrialSpec) -> None:
    from seatrial.measure.study_file import write_study

    study = conductor.study()
    if study.measurements or study.operations:
        with contextlib.suppress(StudyError):  # the first error is the one to tell
            write_study(study, spec.results / PARTIAL)
