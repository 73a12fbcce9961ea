"""What a study's appraisals of plans start from: its predictor, its memory, the factor to each plan's CPU. Pure."""

from collections.abc import Callable
from functools import cache

from seatrial.advise.appraisal import Appraiser
from seatrial.advise.footprint import memory_seen
from seatrial.advise.inside import growth_of
from seatrial.advise.prediction import Predictor
from seatrial.measure.calibration_result import CalibrationResult
from seatrial.measure.study import Study
from seatrial.model.carrying import CarryFactor, carry
from seatrial.model.memory import MemoryModel
from seatrial.spec.catalog import Catalog
from seatrial.spec.plan import Plan
from seatrial.spec.trial_spec import TrialSpec

__all__ = ["REQUESTS", "appraiser_of", "at_once_of", "memory_of_study"]

REQUESTS = 8_000
"""Simulated at each rate that is tried; dozens of plans are looked at."""


def appraiser_of(
    study: Study,
    plans: Catalog,
    *,
    here: CalibrationResult | None = None,
    there: CalibrationResult | None = None,
    carried: Callable[[Plan], CarryFactor] | None = None,
    at_once: float = 1.0,
) -> Appraiser:
    """What appraises the plans of a catalogue for the app of one study, whoever asks.

    carried: the factor to a plan's CPU, in place of what is known of it. at_once: as of `at_once_of`.

    Raises:
        StudyError: the study does not identify what another plan would do.
        SpecError: the calibrations cannot be compared.
    """
    model = str(study.environment.get("cpu_model", ""))

    @cache
    def known(plan_id: str) -> CarryFactor:
        return carry(plans.by_id[plan_id], here, there, plans, here_cpu_model=model)

    predictor = Predictor(study, requests=REQUESTS)
    factor = carried or (lambda plan: known(plan.id))
    return Appraiser(study, predictor, memory_of_study(study), factor, at_once)


def at_once_of(spec: TrialSpec, at_once: float) -> float:
    """Requests that a page sends in the same moment and that the trial did not: `at_once` where the workload is plain
    operations, each sent by itself. Journeys send what their pages send, so nothing is added to those.
    """
    return 1.0 if spec.workload.mix else max(1.0, at_once)


def memory_of_study(study: Study) -> MemoryModel | None:
    """Of app and database, with what each request leaves behind; None where memory could not be read."""
    growth = growth_of(study.memory_growth)
    return memory_seen(
        study.memory,
        study.spec.subject,
        growth_bytes_per_request=growth.bytes_per_request if growth is not None and growth.is_above_noise else 0.0,
    )
