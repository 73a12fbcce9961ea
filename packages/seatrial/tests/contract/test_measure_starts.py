"""What a study does between its intervals and its starts, with a real gunicorn in the test bed."""

import asyncio
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from seatrial.load.driver import Driver
from seatrial.load.workload import Workload
from seatrial.measure.conduct import Conductor
from seatrial.measure.fresh_start import FreshStart
from seatrial.measure.machine_speed import MemoryWalk
from seatrial.measure.progress import Progress
from seatrial.spec.workload import OperationSpec, WorkloadSpec
from seatrial.testbed.testbed import Testbed

PLAIN = WorkloadSpec(operations=(OperationSpec("plain", "/"),), people=1)

BRIEF = {
    "restarts": 1,
    "brief_starts": 0,
    "inside": False,
    "warm_up_max_s": 2.0,
    "half_load_s": 1.0,
    "saturation_s": 1.0,
    "confirm_s": 1.0,
    "search_trial_s": 1.0,
    "allow_noise": True,
}


def of(trial):
    """In short: trials last as long as it takes to see the limit missed."""
    slo = replace(trial.slo, latency_max_s=0.1)
    return replace(trial, workload=PLAIN, slo=slo, measure=replace(trial.measure, **BRIEF))


@asynccontextmanager
async def loaded(trial, testbed, threads: int) -> AsyncIterator[FreshStart]:
    """One worker with so many threads, started, and whoever drives intervals on it."""
    testbed.prepare()
    testbed.start(1, threads, fresh_data=False)
    async with Driver(testbed.url, Workload.from_spec(trial.workload), seed=1, run_token="start") as driver:
        yield FreshStart(trial, testbed, driver, MemoryWalk(), run=1, workers=1, threads=threads)


def test_an_open_trial_begins_without_the_connections_of_the_saturation_before_it(trial_of) -> None:
    trial = of(trial_of())
    with Testbed(trial) as testbed:

        def ports() -> list[str]:
            with urllib.request.urlopen(f"{testbed.url}/ports", timeout=10) as answer:
                return answer.read().decode().split()

        async def measured() -> tuple[list[str], list[str]]:
            async with loaded(trial, testbed, threads=2) as one:
                await one.warm_up(window_s=0.2)
                await one.saturate(0.5)
                before = ports()
                await one.open_trial("half load", 50.0, 1.0)
                return before, ports()[len(before) :]

        before, during = asyncio.run(measured())
    assert len(during) > 20
    assert not set(before) & set(during)


@pytest.mark.quiet
def test_on_another_quota_a_server_is_loaded_within_it_and_afterwards_has_its_own_again(trial_of) -> None:
    spins = WorkloadSpec(operations=(OperationSpec("spin", "/spin?0.01"),), people=1)
    trial = replace(of(trial_of()), workload=spins)
    with Testbed(trial) as testbed:

        async def measured():
            async with loaded(trial, testbed, threads=1) as one:
                await one.saturate(1.5)
                await one.saturate_on(0.5, 1.5, 2.0)
                await one.saturate(1.5)
                return one.measurements

        before, held, half, after = asyncio.run(measured())
    assert [m.label for m in (before, held, half, after)] == [
        "saturation",
        "other quota",
        "other quota, half load",
        "saturation",
    ]
    assert [m.cpus for m in (before, held, half, after)] == [None, 0.5, 0.5, None]
    # Requests of 10 ms of CPU: a hundred a second on a whole one, fifty on half, and one that is half done.
    assert before.throughput_rps > 75
    assert 35 < held.throughput_rps < 55
    assert after.throughput_rps > 75
    # Half of what was answered there, and evenly: a request has what it needs of two periods.
    assert half.mode == "open"
    assert half.offered_rate_rps == pytest.approx(held.throughput_rps / 2, rel=0.25)
    # Of what it may have, not of the plan's.
    assert held.cpu_utilization > 0.8
    assert 0.3 < half.cpu_utilization < 0.75
    assert before.throttled_s == after.throttled_s == 0.0 < held.throttled_s


@pytest.mark.quiet
@pytest.mark.parametrize(
    ("app", "shown"),
    [
        pytest.param("hasty", ["saturation", "saturation"], id="it fails"),
        pytest.param("stuck", ["saturation", "other quota", "saturation"], id="nothing is answered in time"),
    ],
)
def test_an_app_that_fails_on_less_cpu_has_no_half_load_there_and_the_start_goes_on(trial_of, app, shown) -> None:
    trial = of(trial_of(app=f"testbed_app:{app}"))
    trial = replace(trial, workload=replace(trial.workload, timeout_s=0.5))
    with Testbed(trial) as testbed:

        async def measured():
            async with loaded(trial, testbed, threads=1) as one:
                await one.saturate(1.0)
                await one.saturate_on(0.5, 1.0, 1.0)
                await one.saturate(1.0)
                return one.measurements

        assert [m.label for m in asyncio.run(measured())] == shown


class FourWorkers:
    """Foresight that wants to see four workers, whatever the memory holds."""

    def capacity_rps(self, spec, profiles, seen):
        return 50.0

    def worth_trying(self, study):
        return None

    def worth_crowding(self, study):
        return (4, 1)

    def prediction(self, study, workers, threads, starts):
        return None


@pytest.mark.quiet
def test_a_crowd_that_does_not_fit_into_the_memory_is_a_caveat_and_the_study_goes_on(trial_of) -> None:
    trial = of(trial_of(app="testbed_app:heavy()", memory_mb=512))
    conductor = Conductor(trial, FourWorkers(), Progress(lambda _: None))
    with Testbed(trial) as testbed:
        testbed.prepare()
        asyncio.run(conductor.conduct(testbed))
    study = conductor.study()
    assert study.complete
    assert {m.workers for m in study.measurements} == {1}
    (told,) = (caveat for caveat in study.caveats if caveat.code == "crowd-not-seen")
    assert "What workers cost each other was not seen" in told.text
    assert "ran out of memory" in told.text
