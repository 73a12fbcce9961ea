"""One interval of load: drive it, read the meters around it, and say what was seen."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from seatrial.load.books.histogram import quantile
from seatrial.load.books.observation import HeardCounts, LoadRecord, Observation
from seatrial.load.generator.validity import journey_fault
from seatrial.measure.evenness import idle_workers_caveat, worker_shares
from seatrial.measure.measurement import Caveat, HostUse, Measurement
from seatrial.measure.neighbours import busy_s, others_share
from seatrial.measure.verdict import judge_closed, judge_open, rig_faults
from seatrial.spec.slo import SLO
from seatrial.testbed.readings import CpuSeconds, HostReading, Readings

__all__ = ["AFTER_SHARE_MAX", "Conditions", "CpuUse", "Meters", "run_interval", "summarize"]

AFTER_SHARE_MAX = 0.05
"""Requests due after the end, and journeys ended then, per request: above it the load was another."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """Under which an interval runs; they stay with its numbers.

    requests_per_arrival: requests that one arrival causes on average (steps and redirects are requests too).
    workers, threads, slots: as in Measurement. is_database_apart: it uses none of the subject's CPUs. is_other_quota:
    `cpus` are not the plan's.
    """

    run: int
    label: str
    mode: str
    workers: int | None
    threads: int | None
    slo: SLO
    timeout_s: float
    cpus: float
    subject_cpus: tuple[int, ...] = ()
    allow_noise: bool = False
    requests_per_arrival: float = 1.0
    concurrency: int | None = None
    slots: int | None = None
    is_database_apart: bool = False
    is_other_quota: bool = False

    def own_s(self, app_s: float, database_s: float) -> float:
        """Of CPU seconds used, those on the subject's CPUs: a database that is apart uses others."""
        return app_s if self.is_database_apart else app_s + database_s


@dataclass(frozen=True, slots=True)
class CpuUse:
    """CPU seconds used by the app and the database between two readings `wall_s` apart.

    throttled_s: held back by a quota. others_share: of the subject's CPUs, used by neither of the two. services_s: of
    app_s, as in CpuSeconds. hosts: each of several, before and after. worker_shares: as in Measurement.
    """

    app_s: float
    database_s: float | None
    wall_s: float
    throttled_s: float
    others_share: float = 0.0
    services_s: float | None = None
    hosts: tuple[tuple[HostReading, HostReading], ...] = ()
    worker_shares: tuple[float, ...] = ()


class Meters(Protocol):
    """What an interval needs from a testbed."""

    def cpu_seconds(self) -> CpuSeconds:
        """App's and database's CPU seconds so far."""

    def readings(self) -> Readings:
        """Every meter at once."""

    def check_alive(self) -> None:
        """Raises SubjectExited when the subject is gone or ran out of memory."""


async def run_interval(
    meters: Meters,
    drive: Callable[[], Awaitable[LoadRecord]],
    conditions: Conditions,
    *,
    clock: Callable[[], float],
    spin_ratio: float = 1.0,
) -> tuple[Measurement, LoadRecord]:
    """Drives one interval and reads the meters before and after it.

    Raises:
        SubjectExited: the subject ended, or its memory limit killed a process of it, during the interval.
    """
    started_at = datetime.now(UTC).isoformat(timespec="seconds")
    first = meters.readings()
    busy = busy_s(conditions.subject_cpus)
    before, since_s = meters.cpu_seconds(), clock()
    record = await drive()
    after, until_s = meters.cpu_seconds(), clock()
    busy_after = busy_s(conditions.subject_cpus)
    meters.check_alive()
    use = None
    if before.app_s is not None and after.app_s is not None:
        app_s = after.app_s - before.app_s
        is_metered = after.database_s is not None and before.database_s is not None
        database_s = (after.database_s or 0.0) - (before.database_s or 0.0) if is_metered else None
        wall_s = until_s - since_s
        used = None if busy is None or busy_after is None else busy_after - busy
        last = meters.readings()
        use = CpuUse(
            app_s=app_s,
            database_s=database_s,
            wall_s=wall_s,
            throttled_s=last.throttled_s - first.throttled_s,
            # A database of the user's own, which nothing meters here, would count as somebody else's work.
            others_share=others_share(
                used, conditions.own_s(app_s, database_s), wall_s, max(1, len(conditions.subject_cpus))
            )
            if database_s is not None
            else 0.0,
            services_s=None if after.services_s is None else after.services_s - (before.services_s or 0.0),
            hosts=tuple(zip(first.hosts, last.hosts, strict=True)),
            worker_shares=worker_shares(first.process_cpu_s, last.process_cpu_s, conditions.workers or 1),
        )
    return summarize(record, conditions, use, started_at=started_at, spin_ratio=spin_ratio), record


def summarize(
    record: LoadRecord, conditions: Conditions, cpu: CpuUse | None, *, started_at: str = "", spin_ratio: float = 1.0
) -> Measurement:
    """What a record says, with its conditions. Pure.

    A failed request counts with its response time or the timeout, whichever is longer: no failure looks fast.
    """
    duration_s = record.ended_s - record.started_s
    seen = record.requests
    within = [o for o in seen if o.done_s <= record.ended_s]
    judged = seen if conditions.mode == "open" else within
    times = sorted(_counted_s(o, conditions.timeout_s) for o in judged)
    lateness_p99_s = _lateness_p99_s(seen) if conditions.mode == "open" else 0.0
    slo_quantile_s = quantile(times, conditions.slo.latency_quantile) if times else conditions.timeout_s
    error_ratio = sum(1 for o in judged if o.error) / len(judged) if judged else 1.0
    others = 0.0 if cpu is None or conditions.allow_noise else cpu.others_share
    faults = _faults(record, conditions, lateness_p99_s=lateness_p99_s, others_share=others)
    if conditions.mode == "open":
        offered = record.arrivals * conditions.requests_per_arrival / duration_s
        verdict = judge_open(slo_quantile_s, error_ratio, conditions.slo, faults)
    else:
        offered = len(within) / duration_s
        verdict = judge_closed(error_ratio, conditions.slo, faults)
    sent, part_per_s = max(1, _inside(seen)), _inside(within) / duration_s
    return Measurement(
        run=conditions.run,
        label=conditions.label,
        mode=conditions.mode,
        workers=conditions.workers,
        threads=conditions.threads,
        started_at=started_at,
        duration_s=duration_s,
        offered_rate_rps=offered,
        throughput_rps=sum(1 for o in within if not o.error) / duration_s,
        requests=len(judged),
        error_ratio=error_ratio,
        response_time_s=_quantiles(times),
        slo_quantile_s=slo_quantile_s,
        verdict=verdict,
        concurrency=conditions.concurrency,
        slots=conditions.slots,
        errors=dict(Counter(o.error for o in seen if o.error)),
        app_cpu_s=cpu.app_s / sent if cpu else None,
        database_cpu_s=cpu.database_s / sent if cpu and cpu.database_s is not None else None,
        services_cpu_s=cpu.services_s / sent if cpu and cpu.services_s is not None else None,
        cpu_utilization=None if cpu is None else _utilization(cpu, conditions, part_per_s / sent),
        throttled_s=cpu.throttled_s if cpu else 0.0,
        lateness_p99_s=lateness_p99_s,
        generator_busy=record.generator_busy,
        spin_ratio=spin_ratio,
        answered_by_second=_by_second([o.done_s - record.started_s for o in within if not o.error], duration_s),
        failures=record.failures,
        others_share=cpu.others_share if cpu else 0.0,
        heard=record.heard if record.heard != HeardCounts() else None,
        hosts=tuple(_use(*pair, part_per_s / sent) for pair in cpu.hosts) if cpu else (),
        worker_shares=cpu.worker_shares if cpu else (),
        cpus=conditions.cpus if conditions.is_other_quota else None,
        caveats=faults + _outlasting(record, conditions) + _idle(conditions, cpu) + _noise(spin_ratio),
    )


def _utilization(cpu: CpuUse, conditions: Conditions, part_per_s: float) -> float:
    """The law of it, U = X D / c, over the interval itself: the readings also span its preparation and its drain."""
    return part_per_s * conditions.own_s(cpu.app_s, cpu.database_s or 0.0) / conditions.cpus


def _use(first: HostReading, last: HostReading, part_per_s: float) -> HostUse:
    """By the utilization law, as of all. part_per_s: of all sent, the part answered within, over its seconds."""
    used_s = None if first.cpu_s is None or last.cpu_s is None else last.cpu_s - first.cpu_s
    return HostUse(
        name=last.name,
        cpu_utilization=None if used_s is None else used_s * part_per_s / last.cpus,
        memory_bytes=last.memory_bytes,
        limit_bytes=last.limit_bytes,
        throttled_s=last.throttled_s - first.throttled_s,
    )


def _faults(
    record: LoadRecord, conditions: Conditions, *, lateness_p99_s: float, others_share: float
) -> tuple[Caveat, ...]:
    seen = record.requests
    raised = sum(1 for o in seen if o.error == "journey" and o.status < 400)
    return rig_faults(
        lateness_p99_s=lateness_p99_s,
        generator_busy=record.generator_busy,
        refused_by_cap=sum(1 for o in seen if o.error == "cap"),
        refused_before=record.refused_before,
        others_share=others_share,
        latency_max_s=conditions.slo.latency_max_s,
        journeys=journey_fault(raised, len(seen), record.failures, error_ratio_max=conditions.slo.error_ratio_max),
    )


def _outlasting(record: LoadRecord, conditions: Conditions) -> tuple[Caveat, ...]:
    seen = record.requests
    after = sum(1 for o in seen if o.due_s >= record.ended_s)
    if conditions.mode != "open" or after + record.curtailed <= AFTER_SHARE_MAX * len(seen):
        return ()
    text = (
        f"{after} of {len(seen)} requests were due after the end, when the load fell, and {record.curtailed} journeys "
        "were ended before all was sent: they outlast the interval, so that its load was less than it is said to be."
    )
    return (Caveat("outlasting-journeys", text, "Measure for longer, or let sessions arrive instead of operations."),)


def _idle(conditions: Conditions, cpu: CpuUse | None) -> tuple[Caveat, ...]:
    """Only where every slot could have been taken: below that, idle workers are as it should be."""
    if cpu is None or conditions.label != "saturation":
        return ()
    return idle_workers_caveat(cpu.worker_shares)


def _inside(seen: Sequence[Observation]) -> int:
    """How many were really sent."""
    return sum(1 for o in seen if o.error != "cap")


def _lateness_p99_s(seen: Sequence[Observation]) -> float:
    late_s = sorted(o.lateness_s for o in seen if o.is_arrival)
    return quantile(late_s, 0.99) if late_s else 0.0


def _counted_s(observation: Observation, timeout_s: float) -> float:
    return max(observation.response_time_s, timeout_s) if observation.error else observation.response_time_s


def _quantiles(times: Sequence[float]) -> dict[str, float]:
    if not times:
        return {}
    named = {f"p{q * 100:g}": quantile(times, q) for q in (0.5, 0.75, 0.9, 0.95, 0.99)}
    return {**named, "max": times[-1]}


def _by_second(done_s: Sequence[float], duration_s: float) -> tuple[int, ...]:
    counts = Counter(int(second) for second in done_s)
    return tuple(counts[second] for second in range(int(duration_s)))


def _noise(spin_ratio: float) -> tuple[Caveat, ...]:
    if spin_ratio <= 1.05:
        return ()
    text = f"A fixed piece of CPU work took {spin_ratio:.2f} times its own CPU time just before: others used the CPU."
    return (Caveat("noisy-interval", text, "Close other programs, or measure on a quieter machine."),)
