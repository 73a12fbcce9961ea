import math

import pytest

from seatrial.model.burst import burst_of
from seatrial.spec.catalog import catalog
from seatrial.spec.plan import Limits


def test_the_five_dollar_lightsail_may_use_a_tenth_of_a_cpu_for_ever() -> None:
    burst = burst_of(catalog().plan("lightsail-5").limits)
    assert burst is not None
    # AWS documents 5 % of each of 2 vCPUs; a request of 20 ms CPU then comes 0.1 / 0.02 times a second.
    assert burst.sustained_cpus == pytest.approx(0.10)
    assert burst.rates_rps(0.020) == (pytest.approx(100), pytest.approx(5))
    assert burst.seconds_until_empty(1.0, burst.full_balance_s) is None


def test_a_full_balance_of_a_shared_fly_machine_lasts_533_seconds_as_its_documentation_says() -> None:
    for plan_id in ("fly-shared-cpu-1x-256mb", "fly-shared-cpu-2x-4gb", "fly-shared-cpu-4x-8gb"):
        burst = burst_of(catalog().plan(plan_id).limits)
        assert burst is not None
        assert burst.seconds_until_empty(burst.cpus, burst.full_balance_s) == pytest.approx(500 / (1 - 0.0625))
        assert burst.seconds_until_empty(burst.cpus, burst.start_balance_s) == pytest.approx(5 / (1 - 0.0625))


def test_a_load_below_the_baseline_never_empties_the_balance_and_no_load_uses_more_than_there_is() -> None:
    burst = burst_of(Limits(2, 2**29, "burst", cpu_baseline=0.25, burst_start_s=0, burst_max_s=30))
    assert burst is not None
    assert burst.seconds_until_empty(0.5, burst.full_balance_s) == math.inf
    assert burst.seconds_until_empty(0.5, None) == math.inf
    # 60 CPU seconds saved; 1 CPU asked for, half of it sustained.
    assert burst.seconds_until_empty(1.0, burst.full_balance_s) == pytest.approx(120)
    assert burst.seconds_until_empty(9.0, burst.full_balance_s) == pytest.approx(60 / 1.5)
    assert burst.seconds_until_empty(9.0, burst.start_balance_s) == 0


def test_plans_without_a_baseline_or_with_a_whole_one_have_one_speed_only() -> None:
    for plan_id in ("hetzner-ccx13", "fly-performance-2x-4gb", "render-starter", "ec2-t3.micro", "cloudrun-request"):
        assert burst_of(catalog().plan(plan_id).limits) is None
