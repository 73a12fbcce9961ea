"""One function per command; the only module that knows the whole pipeline."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from seatrial.errors import SpecError, StudyError
from seatrial.load.books.glance import Glance
from seatrial.load.generator.fleet import generate
from seatrial.load.generator.plan import LoadPlan
from seatrial.load.generator.reach import check_reachable
from seatrial.load.generator.result import LoadResult
from seatrial.measure.progress import Progress, Report
from seatrial.spec.trial_spec import MeasureSettings, TrialSpec

if TYPE_CHECKING:  # what only one command needs is imported by it: the others start sooner
    from seatrial.advise.advice import Advice
    from seatrial.advise.findings import Findings
    from seatrial.advise.growth.findings import Growth
    from seatrial.export.order import ExportOrder
    from seatrial.measure.calibration_result import CalibrationResult
    from seatrial.measure.conduct import Conductor
    from seatrial.spec.catalog import Catalog

__all__ = [
    "Measured",
    "advise_growth",
    "advise_plan",
    "calibrate",
    "export",
    "hand_out_calibration",
    "keep",
    "load",
    "measure",
    "plans",
    "report",
]


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
    from seatrial.measure.study_file import check_writable, earlier_checks, write_study, write_whole
    from seatrial.report.html import report_html
    from seatrial.spec.reading import read_trial_spec
    from seatrial.testbed.testbed import Testbed

    spec = read_trial_spec(path, allow_remote=allow_remote, sizes=sizes)
    if quick:
        spec = replace(spec, measure=_quicker(spec.measure))
    if results is not None:
        spec = replace(spec, results=results.resolve())
    study_path = spec.results / "study.json"
    check_writable(spec.results)
    earlier = earlier_checks(study_path, spec.subject.name)
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


def advise_plan(
    study_path: Path,
    *,
    users: float | None = None,
    rate_rps: float | None = None,
    headroom: float | None = None,
    habits: Mapping[str, tuple[float, float, float]] | None = None,
    access_logs: Sequence[Path] = (),
    own_plans: Path | None = None,
    calibration_here: Path | None = None,
    calibration_there: Path | None = None,
) -> "Advice":
    """Which plan is enough for so many people or such a rate, else what the plans carry; nothing is measured.

    habits: before those of the study and of the access logs. own_plans: rows beside the catalogue's.

    Raises:
        SpecError: a file or a number that cannot be used, or a calibration of another machine than the study's
            or of no plan that is known.
        StudyError: the study cannot be read, or does not identify what another plan would do.
    """
    from seatrial.advise.choice import choose_plan
    from seatrial.advise.log_summary import log_summary
    from seatrial.advise.need import habits_of, headroom_of, need_of
    from seatrial.discover.access_log import read_access_logs
    from seatrial.measure.calibration_result import check_same_machine, read_calibration
    from seatrial.measure.study_file import read_study
    from seatrial.model.carrying import check_plan_named
    from seatrial.model.log_habits import habits_seen

    study, catalog = read_study(study_path), plans(own_plans)
    here = None if calibration_here is None else read_calibration(calibration_here)
    there = None if calibration_there is None else read_calibration(calibration_there)
    if here is not None:
        check_same_machine(here, str(study.environment.get("cpu_model", "")), str(calibration_here))
    if there is not None:
        check_plan_named(there, catalog, str(calibration_there))
    facts = read_access_logs(access_logs) if access_logs else None
    seen = habits_seen(facts) if facts is not None else {}
    advice = choose_plan(
        study,
        need_of(study.spec, users=users, rate_rps=rate_rps, headroom=headroom, said=habits, seen=seen),
        catalog,
        here=here,
        there=there,
        habits=habits_of(study.spec, said=habits, seen=seen)[0],
        headroom=headroom_of(study.spec) if headroom is None else headroom,
    )
    return advice if facts is None else replace(advice, log=log_summary(facts))


def advise_growth(
    study_path: Path, users: Sequence[float] = (), assumptions: Mapping[str, tuple[float, float, float]] | None = None
) -> "Growth":
    """What each of these counts of daily users needs (1 thousand to 10 million, if none is given); nothing is measured.

    Raises:
        StudyError: the study cannot be read, or does not say what a request costs.
        SpecError: an assumption that is not known or cannot be.
    """
    from seatrial.advise.growth.assumptions import assumptions_with
    from seatrial.advise.growth.inputs import growth_inputs
    from seatrial.advise.growth.reckon import USERS, growth
    from seatrial.measure.study_file import read_study
    from seatrial.spec.catalog import catalog

    assumptions_with(assumptions or {})  # what cannot be is told before anything is reckoned
    return growth(growth_inputs(read_study(study_path)), catalog(), assumptions or {}, users or USERS)


def load(plan: LoadPlan, *, tell: Callable[[str], None], show: Callable[[Glance], None] | None = None) -> LoadResult:
    """Drives a load by itself, without a testbed. tell: gets a phrase for each step; show: a glance each second.

    Raises:
        SpecError, LoadError: the journeys cannot be used, nobody answers at the URL, people cannot sign in.
    """
    check_reachable(plan)
    return generate(plan, tell, show=show)


def export(order: "ExportOrder", folder: Path, *, overwrite: bool = False) -> tuple[Path, ...]:
    """Writes a workload for another load generator; the files, that which is started first.

    Raises:
        SpecError: the tool cannot do what the workload asks for, files are there that it would replace, or they cannot
        be written.
    """
    from seatrial.export.order import export_files

    files = {folder / name: content for name, content in export_files(order).items()}
    there = [path for path in files if path.exists()]
    if there and not overwrite:
        raise SpecError(
            f"{', '.join(map(str, there))} would be replaced.",
            where=str(folder),
            try_this="Name another folder with --out, or replace what is there with --overwrite.",
        )
    for path, content in files.items():
        keep(path, content, "Name another folder with --out.")
    return tuple(files)


def keep(path: Path, content: bytes, try_this: str = "Name another place.") -> None:
    """Writes a file, and its folder if need be. Raises `SpecError` when that cannot be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise SpecError(
            f"the file cannot be written: {error.strerror or error}.", where=str(path), try_this=try_this
        ) from error


def plans(own: Path | None = None) -> "Catalog":
    """The catalogue of hosting plans, with the rows of the user's file when one is named.

    Raises:
        SpecError: that file cannot be used.
    """
    from seatrial.spec.catalog import catalog, catalog_with

    return catalog() if own is None else catalog_with(own)


def calibrate(python: Path, *, slices: int = 40, plan_id: str = "") -> "CalibrationResult":
    """Times web-like work on this machine with that Python, `slices` half-seconds long.

    plan_id: the plan that this machine is, when it is one; kept with the figures as it is said.

    Raises:
        TestbedError: the Python cannot be run.
    """
    from seatrial.measure.calibrating import run_calibration

    return replace(run_calibration(python, slices), plan_id=plan_id)


def hand_out_calibration(path: Path) -> None:
    """Writes the file that does the same on another machine.

    Raises:
        SpecError: something else is there, or it cannot be written.
    """
    from seatrial.measure.calibrating import work_file

    content = work_file()
    head = content.splitlines()[:2]
    if path.exists() and (path.is_dir() or path.read_bytes().splitlines()[:2] != head):
        raise SpecError(
            "there is something else, which would be replaced.", where=str(path), try_this="Name another file."
        )
    keep(path, content)


def _quicker(settings: MeasureSettings) -> MeasureSettings:
    """A first look in about a minute; the findings say that one start has no honest interval."""
    return replace(
        settings,
        restarts=1,
        brief_starts=0,
        plan_starts=0,
        inside=False,
        warm_up_max_s=6.0,
        half_load_s=2.0,
        saturation_s=3.0,
        confirm_s=5.0,
    )


def _save_partial(conductor: "Conductor", spec: TrialSpec) -> None:
    from seatrial.measure.study_file import write_study

    study = conductor.study()
    if study.measurements or study.operations:
        with contextlib.suppress(StudyError):  # the first error is the one to tell
            write_study(study, spec.results / PARTIAL)
