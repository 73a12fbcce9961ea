"""Where one request's time goes: operations sent one at a time, with the CPU clocks read between them."""

import random
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, pvariance

from seatrial.errors import LoadError
from seatrial.load.books.histogram import quantile
from seatrial.load.books.observation import Observation
from seatrial.load.driver import Driver
from seatrial.measure.interval import Meters
from seatrial.measure.measurement import OperationProfile
from seatrial.testbed.readings import CpuSeconds

__all__ = ["FAILURES_TOLD", "ProfileSample", "profile_operations", "profile_sequence", "profiles_from"]

SETTLE_S = 0.001
"""What a worker still does after its last byte (closing, logging) belongs to the request; 1 ms lets it finish."""

SERIAL_REQUESTS = (8, 100)
"""Fewest and most requests per operation in one pass."""


FAILURES_TOLD = 3


@dataclass(frozen=True, slots=True)
class ProfileSample:
    """One request alone, and the CPU seconds both groups used for it (0 without readings)."""

    observation: Observation
    app_cpu_s: float
    database_cpu_s: float


def profile_sequence(weights: Mapping[str, float], expected_s: float, budget_s: float, seed: int) -> tuple[str, ...]:
    """Every operation equally often, in random order, as often as `budget_s` allows at `expected_s` each."""
    fewest, most = SERIAL_REQUESTS
    each = int(budget_s / max(1e-4, expected_s * len(weights)))
    sequence = [name for name in weights for _ in range(min(most, max(fewest, each)))]
    random.Random(seed).shuffle(sequence)
    return tuple(sequence)


async def profile_operations(driver: Driver, meters: Meters, sequence: Sequence[str]) -> tuple[ProfileSample, ...]:
    """Sends `sequence` one request at a time and attributes the CPU used between readings to each.

    Raises:
        LoadError: an operation fails even when it is alone; then no rate would mean anything.
    """
    samples: list[ProfileSample] = []

    def settled() -> CpuSeconds:
        time.sleep(SETTLE_S)
        return meters.cpu_seconds()

    def judged(observation: Observation, before: CpuSeconds, after: CpuSeconds) -> None:
        samples.append(
            ProfileSample(
                observation,
                app_cpu_s=(after.app_s or 0.0) - (before.app_s or 0.0),
                database_cpu_s=(after.database_s or 0.0) - (before.database_s or 0.0),
            )
        )

    record = await driver.serial(sequence, meters.cpu_seconds, settled, judged)
    meters.check_alive()
    _refuse_failures(samples, record.failures)
    return tuple(samples)


def _refuse_failures(samples: Sequence[ProfileSample], failures: Sequence[str]) -> None:
    sent: dict[str, int] = defaultdict(int)
    failed: dict[str, int] = defaultdict(int)
    for sample in samples:
        sent[sample.observation.operation] += 1
        failed[sample.observation.operation] += bool(sample.observation.error)
    wrong = [name for name in sent if failed[name] > 0.1 * sent[name]]
    if wrong:
        told = ", ".join(f"{name} ({failed[name]} of {sent[name]})" for name in wrong)
        raise LoadError(
            f"these operations fail even when nothing else is sent: {told}",
            where="workload",
            try_this="A wrong answer is not capacity, so nothing was measured. Open the page, or mend the journey:",
            details="\n".join(failures[:FAILURES_TOLD]),
        )


def profiles_from(samples: Sequence[ProfileSample], shares: Mapping[str, float]) -> tuple[OperationProfile, ...]:
    """One profile per operation, with its share of all requests; operations never seen alone are left out. Pure."""
    by_operation: dict[str, list[ProfileSample]] = defaultdict(list)
    for sample in samples:
        if not sample.observation.error:
            by_operation[sample.observation.operation].append(sample)
    known = sum(shares.get(name, 0.0) for name in by_operation) or 1.0
    return tuple(
        _profile(name, taken, shares.get(name, 0.0) / known)
        for name, taken in sorted(by_operation.items(), key=lambda item: -shares.get(item[0], 0.0))
    )


def _profile(name: str, taken: Sequence[ProfileSample], share: float) -> OperationProfile:
    walls = sorted(s.observation.done_s - s.observation.sent_s for s in taken)
    cpus = [s.app_cpu_s + s.database_cpu_s for s in taken]
    waits = [max(0.0, s.observation.done_s - s.observation.sent_s - s.app_cpu_s - s.database_cpu_s) for s in taken]
    return OperationProfile(
        operation=name,
        share=share,
        requests=len(taken),
        app_cpu_s=fmean(s.app_cpu_s for s in taken),
        database_cpu_s=fmean(s.database_cpu_s for s in taken),
        wait_s=fmean(waits),
        wall_s=fmean(walls),
        p95_wall_s=quantile(walls, 0.95),
        cpu_scv=_scv(cpus),
        wait_scv=_scv(waits),
    )


def _scv(values: Sequence[float]) -> float:
    mean = fmean(values)
    return pvariance(values, mean) / mean**2 if mean > 0 else 0.0
