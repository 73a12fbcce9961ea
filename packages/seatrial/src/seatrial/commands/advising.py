"""`advise`: from a study to plans and to growth."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from seatrial.commands.catalog import plans

if TYPE_CHECKING:  # what only one command needs is imported by it: the others start sooner
    from seatrial.advise.advice import Advice
    from seatrial.advise.growth.findings import Growth
    from seatrial.measure.calibration_result import CalibrationResult
    from seatrial.measure.study import Study
    from seatrial.model.visits import LogFacts
    from seatrial.spec.catalog import Catalog

__all__ = ["advise_growth", "advise_plan"]


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
    from seatrial.measure.study_file import read_study
    from seatrial.model.log_habits import habits_seen

    study, catalog = read_study(study_path), plans(own_plans)
    here, there, facts = _evidence(study, catalog, calibration_here, calibration_there, access_logs)
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
    study_path: Path,
    users: Sequence[float] = (),
    assumptions: Mapping[str, tuple[float, float, float]] | None = None,
    *,
    headroom: float | None = None,
    access_logs: Sequence[Path] = (),
    own_plans: Path | None = None,
    calibration_here: Path | None = None,
    calibration_there: Path | None = None,
) -> "Growth":
    """What each of these counts of daily users needs (1 thousand to 10 million, if none is given); nothing is measured.

    Everything else as of `advise_plan`.

    Raises:
        StudyError: the study cannot be read, does not say what a request costs, or what another plan would do.
        SpecError: an assumption that is not known or cannot be, or a file that cannot be used.
    """
    from seatrial.advise.growth.assumptions import assumptions_with
    from seatrial.advise.growth.reckon import USERS, growth
    from seatrial.advise.log_summary import log_summary
    from seatrial.measure.study_file import read_study
    from seatrial.model.log_habits import habits_seen

    assumptions_with(assumptions or {})  # what cannot be is told before anything is reckoned
    study, catalog = read_study(study_path), plans(own_plans)
    here, there, facts = _evidence(study, catalog, calibration_here, calibration_there, access_logs)
    found = growth(
        study,
        catalog,
        assumptions or {},
        users or USERS,
        here=here,
        there=there,
        seen=habits_seen(facts) if facts is not None else {},
        headroom=headroom,
    )
    return found if facts is None else replace(found, log=log_summary(facts))


def _evidence(
    study: "Study", catalog: "Catalog", here_path: Path | None, there_path: Path | None, access_logs: Sequence[Path]
) -> tuple["CalibrationResult | None", "CalibrationResult | None", "LogFacts | None"]:
    """The calibrations here and there, if they are of the study's machine and of a plan, and what the logs show."""
    from seatrial.discover.access_log import read_access_logs
    from seatrial.measure.calibration_result import check_same_machine, read_calibration
    from seatrial.model.carrying import check_plan_named

    here = None if here_path is None else read_calibration(here_path)
    there = None if there_path is None else read_calibration(there_path)
    if here is not None:
        check_same_machine(here, str(study.environment.get("cpu_model", "")), str(here_path))
    if there is not None:
        check_plan_named(there, catalog, str(there_path))
    return here, there, read_access_logs(access_logs) if access_logs else None
