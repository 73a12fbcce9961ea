"""`tune`: from a seatrial.toml to the best settings of its server on a plan."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from seatrial.commands.one_host import check_one_host
from seatrial.errors import SpecError, StudyError
from seatrial.measure.progress import Progress, Report
from seatrial.spec.trial_spec import TrialSpec

if TYPE_CHECKING:  # what only one command needs is imported by it: the others start sooner
    from seatrial.advise.tuning.conclude import TuneFindings
    from seatrial.measure.tune_record import TuneRecord
    from seatrial.measure.tune_trials import Patience

__all__ = ["Tuned", "tune"]

PARTIAL = "tune.partial.json"
WARM_UP_MAX_S, QUICK_WARM_UP_MAX_S = 8.0, 3.0
WSGI_CLASSES = ("gthread", "sync", "gevent")


@dataclass(frozen=True, slots=True)
class Tuned:
    """Findings, and the file they were written to."""

    findings: "TuneFindings"
    json_path: Path


def tune(
    path: Path,
    *,
    tell: Callable[[Report], None],
    budget_s: float,
    plan: str = "",
    quick: bool = False,
    results: Path | None = None,
    allow_noise: bool = False,
) -> Tuned:
    """Seeks kind of worker, workers and threads; writes tune.json. plan: an id of the catalogue, not the file's.

    An interruption or a failure after the first start saves what was seen in tune.partial.json, then is raised again.

    Raises:
        SpecError, TestbedError, LoadError, StudyError: see `seatrial.errors`.
    """
    from seatrial.advise.tuning.conclude import conclude_tuning
    from seatrial.advise.tuning.judge import TuneJudge
    from seatrial.load import event_loop
    from seatrial.measure.study_file import check_writable
    from seatrial.measure.tune_trials import TuneTrials
    from seatrial.spec.catalog import catalog
    from seatrial.spec.reading import read_declared
    from seatrial.testbed.testbed import Testbed

    declared = read_declared(path)
    spec = declared.spec
    if plan:
        spec = replace(spec, plan=catalog().plan(plan))
    check_one_host(spec)
    _check_server(spec)
    warm_up_s = min(QUICK_WARM_UP_MAX_S if quick else WARM_UP_MAX_S, spec.measure.warm_up_max_s)
    noise = allow_noise or spec.measure.allow_noise
    spec = replace(spec, measure=replace(spec.measure, warm_up_max_s=warm_up_s, allow_noise=noise))
    if results is not None:
        spec = replace(spec, results=results.resolve())
    check_writable(spec.results)
    progress = Progress(tell)
    with Testbed(spec, varied_hosts=1) as testbed:
        if testbed.placement.cpus < spec.plan.limits.cpus:
            limits = replace(spec.plan.limits, granted_cpus=testbed.placement.cpus)
            spec = replace(spec, plan=replace(spec.plan, limits=limits))
        declared, judge = replace(declared, spec=spec), TuneJudge(spec)
        trials = TuneTrials(declared, judge, _record(spec, budget_s), progress, _patience(budget_s, quick=quick))
        try:
            trials.prepare(testbed)
            event_loop.run(trials.conduct(testbed))
        except BaseException:
            if trials.record().tried:
                with contextlib.suppress(StudyError):  # the first error is the one to tell
                    _write(conclude_tuning(trials.record(), declared, judge), spec.results / PARTIAL)
            raise
    findings = conclude_tuning(trials.record(), declared, judge)
    json_path = spec.results / "tune.json"
    _write(findings, json_path)
    (spec.results / PARTIAL).unlink(missing_ok=True)
    return Tuned(findings, json_path)


def _check_server(spec: TrialSpec) -> None:
    if spec.subject.url or spec.subject.server.kind != "gunicorn":
        where = "subject.url" if spec.subject.url else "server.command"
        raise SpecError(
            "the settings of a server can only be sought where Seatrial starts it, which it does with gunicorn.",
            where=f"{spec.path}, {where}",
            try_this='Give subject.app, such as "shop:create_app()", and leave out what starts or names the server.',
        )


def _record(spec: TrialSpec, budget_s: float) -> "TuneRecord":
    from seatrial.advise.tuning.candidates import references
    from seatrial.measure.tune_record import Shape, TuneRecord

    server = spec.subject.server
    is_asgi = server.worker_class == "asgi"
    classes = ("asgi",) if is_asgi else WSGI_CLASSES
    pool = spec.subject.database.pool if spec.subject.is_told_its_pool else None
    declared = Shape(server.worker_class, server.workers, pool=pool)
    if declared.has_threads:
        declared = replace(declared, threads=server.threads)
    return TuneRecord(
        created_at="", declared=declared, budget_s=budget_s, classes=classes, references=references(spec, classes)
    )


def _patience(budget_s: float, *, quick: bool) -> "Patience":
    from seatrial.measure.experiment import Bounds
    from seatrial.measure.tune_trials import Patience

    if quick:
        bounds = Bounds(window_s=0.3, saturation_s=1.5, fixed_load_s=1.5, profile_s=1.0)
        return Patience(budget_s, bounds, searching_starts=8, rounds=1)
    return Patience(budget_s)


def _write(findings: "TuneFindings", path: Path) -> None:
    import json

    from seatrial.measure.study_file import write_whole
    from seatrial.report.tune_document import tune_json

    write_whole(path, json.dumps(tune_json(findings), indent=1).encode())
