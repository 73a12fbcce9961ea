"""A study made by arithmetic: an app of 6 ms CPU, a database of 2 ms, on one CPU."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from seatrial.advise import appraising, conclude, estimate
from seatrial.advise.growth import check, figures
from seatrial.measure.measurement import Measurement, MemoryReading, OperationProfile, QueryProfile, Verdict
from seatrial.measure.study import Study
from seatrial.spec.plan import Limits, Plan, Price
from seatrial.spec.subject import Server, Subject
from seatrial.spec.trial_spec import TrialSpec
from seatrial.spec.workload import WorkloadSpec

MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="session", autouse=True)
def _short_simulations() -> Iterator[None]:
    """Conclusions simulate for seconds; how precise the model is has tests of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conclude, "PREDICTED_REQUESTS", 1_000)
        patch.setattr(conclude, "CURVE_REQUESTS", 500)
        patch.setattr(estimate, "ESTIMATE_REQUESTS", 4_000)
        patch.setattr(appraising, "REQUESTS", 1_500)
        patch.setattr(check, "REQUESTS", 2_000)
        patch.setattr(figures, "DRAWS", 40)
        patch.setattr(figures, "CACHE_DRAWS", 10)
        yield


def a_measurement(
    label: str, offered_rps: float, *, run: int, workers: int = 1, saturated_rps: float = 125.0
) -> Measurement:
    """An interval of 8 s on a subject of 8 ms CPU per request: saturates at 125/s."""
    mode = "open" if label != "saturation" else "closed"
    answered = min(offered_rps, saturated_rps)
    quantile_s = 0.05 if offered_rps < saturated_rps else 1.2
    return Measurement(
        run=run,
        label=label,
        mode=mode,
        workers=workers,
        threads=4,
        started_at="2026-01-01T00:00:00+00:00",
        duration_s=8.0,
        offered_rate_rps=offered_rps,
        throughput_rps=answered,
        requests=int(answered * 8),
        error_ratio=0.0,
        response_time_s={"p50": quantile_s / 3, "p95": quantile_s, "p99": quantile_s * 1.5, "max": quantile_s * 2},
        slo_quantile_s=quantile_s,
        verdict=Verdict.SUSTAINED if quantile_s < 0.5 or mode == "closed" else Verdict.VIOLATED,
        concurrency=8 if mode == "closed" else None,
        app_cpu_s=0.75 / saturated_rps,
        database_cpu_s=0.25 / saturated_rps,
        cpu_utilization=min(1.0, answered / saturated_rps),
        answered_by_second=tuple(int(answered) for _ in range(8)),
    )


def one_start(run: int, workers: int = 1, saturated_rps: float = 125.0) -> tuple[Measurement, ...]:
    rates = {"half load": 0.5, "saturation": 1.3, "confirm low": 0.88, "confirm high": 1.13}
    return tuple(
        a_measurement(label, share * saturated_rps, run=run, workers=workers, saturated_rps=saturated_rps)
        for label, share in rates.items()
    )


@pytest.fixture(scope="session")
def a_study() -> Callable[..., Study]:
    def make(saturated: tuple[float, ...] = (123.0, 125.0, 127.0), plan_saturated: float | None = 128.0) -> Study:
        measurements = [m for run, rate in enumerate(saturated, 1) for m in one_start(run, 1, rate)]
        memory = [
            MemoryReading(
                run, "saturation", 1, 4, 74 * MEBIBYTE, (20 * MEBIBYTE, 54 * MEBIBYTE), 92 * MEBIBYTE, 392 * MEBIBYTE
            )
            for run in (1, 2, 3)
        ]
        if plan_saturated is not None:
            measurements += one_start(9, 2, plan_saturated)
            memory.append(
                MemoryReading(
                    9,
                    "saturation",
                    2,
                    4,
                    105 * MEBIBYTE,
                    (20 * MEBIBYTE, 43 * MEBIBYTE, 42 * MEBIBYTE),
                    92 * MEBIBYTE,
                    392 * MEBIBYTE,
                )
            )
        return Study(
            created_at="2026-01-01T00:00:00+00:00",
            spec=TrialSpec(
                path=Path("seatrial.toml"),
                subject=Subject(
                    "shop", "shop:app", Path("/srv/shop"), Path("/srv/shop/.venv/bin/python"), server=Server()
                ),
                plan=Plan(
                    "tiny", "Host", "Tiny", Limits(1.0, 512 * MEBIBYTE), Price(4.0, "host.example", "2026-01-01")
                ),
                workload=WorkloadSpec(mix={"read": 9.0, "write": 1.0}, journeys=Path("journeys.py")),
            ),
            environment={"cpu_model": "test"},
            operations=(
                OperationProfile("read", 0.9, 40, 0.005, 0.0015, 0.0005, 0.007, 0.008, 0.1, 0.1),
                OperationProfile("write", 0.1, 40, 0.015, 0.0065, 0.002, 0.0235, 0.03, 0.1, 0.1),
            ),
            queries=(QueryProfile("read", 10, 1.0, 3.0, (("SELECT 1", 3.0),)), QueryProfile("write", 20, 2.0, 4.0)),
            measurements=tuple(measurements),
            memory=tuple(memory),
        )

    return make


@pytest.fixture(scope="session")
def saturation_of() -> Callable[..., Measurement]:
    """A saturated interval of a server with these settings, for each request so much CPU."""

    def make(throughput_rps: float, workers: int, threads: int, cpu_s: float) -> Measurement:
        seen = a_measurement("saturation", throughput_rps, run=1, workers=workers, saturated_rps=throughput_rps)
        return replace(seen, threads=threads, throughput_rps=throughput_rps, app_cpu_s=cpu_s, database_cpu_s=0.0)

    return make
