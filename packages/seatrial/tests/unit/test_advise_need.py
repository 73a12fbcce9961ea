"""What is asked for: people or a rate, and where the habits in between come from."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from seatrial.advise.need import ASSUMED, FROM_LOG, OWN, need_of
from seatrial.errors import SpecError
from seatrial.measure.study import Study
from seatrial.spec.trial_spec import TrialSpec

CERTAIN = {
    "sessions_per_day": (3.0, 3.0, 3.0),
    "requests_per_session": (20.0, 20.0, 20.0),
    "peak_factor": (3.0, 3.0, 3.0),
}


@pytest.fixture
def spec(a_study: Callable[..., Study]) -> TrialSpec:
    return a_study().spec


def test_people_become_a_rate_that_is_a_range_and_keeps_the_headroom_free(spec: TrialSpec) -> None:
    need = need_of(spec, users=20_000)
    assert need is not None
    # The published figure: 2.5 (0.5 to 16) requests/s at the peak for a thousand people.
    assert (need.low_rps, need.rate_rps, need.high_rps) == (
        pytest.approx(20 * 0.51, rel=0.05),
        pytest.approx(20 * 2.5, rel=0.05),
        pytest.approx(20 * 16, rel=0.05),
    )
    assert need.capacity_rps == pytest.approx(need.rate_rps / 0.7)
    assert next(iter(need.shares)) == "sessions_per_day"


def test_a_rate_is_taken_as_it_is_and_told_as_people(spec: TrialSpec) -> None:
    need = need_of(spec, rate_rps=50, headroom=0.5, said=CERTAIN)
    assert need is not None
    assert (need.low_rps, need.rate_rps, need.high_rps, need.capacity_rps) == (50, 50, 50, 100)
    # 50 x 86,400 / (3 x 20 x 3) people.
    assert need.people == tuple(pytest.approx(24_000) for _ in range(3))
    assert need.log_variance == 0.0


def test_the_studys_own_target_is_asked_for_when_nobody_says_otherwise(spec: TrialSpec) -> None:
    assert need_of(spec) is None
    of_users = need_of(replace(spec, target_daily_users=5000.0))
    of_rate = need_of(replace(spec, target_rps=7.0, target_daily_users=5000.0))
    assert of_users is not None
    assert of_users.daily_users == 5000
    assert of_rate is not None
    assert of_rate.rate_rps == 7


def test_what_is_said_goes_before_what_is_declared_and_that_before_the_log(spec: TrialSpec) -> None:
    declared = replace(spec, habits={"peak_factor": (2.0, 2.0, 2.0), "sessions_per_day": (9.0, 9.0, 9.0)})
    need = need_of(
        declared,
        users=1000,
        said={"sessions_per_day": (1.0, 1.0, 1.0)},
        seen={"requests_per_session": (5.0, 5.0, 5.0), "peak_factor": (4.0, 4.0, 4.0)},
    )
    assert need is not None
    assert need.rate_rps == pytest.approx(1000 * 1 * 5 * 2 / 86_400)
    assert [need.sources[name] for name in ("sessions_per_day", "requests_per_session", "peak_factor")] == [
        OWN,
        FROM_LOG,
        OWN,
    ]
    assert need.sources["peak_minute"] == ASSUMED


@pytest.mark.parametrize(
    ("asked", "where"),
    [
        ({"users": -5}, "--users"),
        ({"users": 0}, "--users"),
        ({"users": 2e10}, "--users"),
        ({"users": float("nan")}, "--users"),
        ({"rate_rps": -1}, "--rps"),
        ({"rate_rps": float("inf")}, "--rps"),
        ({"users": 10, "headroom": 1.0}, "--headroom"),
        ({"users": 10, "said": {"sesions_per_day": (1, 1, 1)}}, "--assume"),
        ({"users": 10, "said": {"peak_factor": (3, 2, 1)}}, "--assume"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_with_its_option(spec: TrialSpec, asked: dict, where: str) -> None:
    with pytest.raises(SpecError) as refused:
        need_of(spec, **asked)
    assert refused.value.where == where
    assert refused.value.try_this
