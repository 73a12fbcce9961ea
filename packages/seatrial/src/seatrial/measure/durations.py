"""How long the parts of a study are expected to take, in seconds. Pure."""

from seatrial.measure.inside_pass import Lengths
from seatrial.measure.trial_rates import confirm_seconds, other_quota
from seatrial.spec.trial_spec import TrialSpec

__all__ = ["STARTING_S", "crowd_s", "inside_s", "start_s", "study_s"]

STARTING_S = 4.0 + 6.0
"""About what a fresh start takes until it is warm: signing people in, warming up."""


def study_s(spec: TrialSpec) -> float:
    """All of it, without what a contradicted estimate asks for."""
    measure = spec.measure
    repeated = measure.restarts * (start_s(spec) + 5) + measure.brief_starts * _brief_s(spec)
    if spec.subject.url:
        return 3 + 8 + repeated
    inside = inside_s(spec) if measure.inside else 0
    beyond = measure.plan_starts * start_s(spec) + bool(measure.plan_starts) * crowd_s(spec)
    return 22 + repeated + inside + 3 + beyond


def start_s(spec: TrialSpec) -> float:
    """A start whose estimate is confirmed."""
    measure = spec.measure
    confirm = 2 * confirm_seconds(measure.confirm_s, spec.slo.latency_max_s, 50.0)
    return STARTING_S + measure.half_load_s + measure.saturation_s + confirm


def inside_s(spec: TrialSpec) -> float:
    """The start that is watched from inside."""
    return 6 + Lengths.beside(spec.measure.half_load_s).all_s


def crowd_s(spec: TrialSpec) -> float:
    """The start of a crowd."""
    return _brief_s(spec) + spec.measure.half_load_s


def _brief_s(spec: TrialSpec) -> float:
    measure = spec.measure
    beside_s = 0.0 if other_quota(spec) is None else measure.saturation_s + measure.half_load_s
    return STARTING_S + measure.saturation_s + beside_s
