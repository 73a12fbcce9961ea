"""A study -> findings. Pure: the same study gives the same findings on any machine, at any time."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

from seatrial.advise.bottleneck import bottleneck
from seatrial.advise.capacity import Start, capacity_of, capacity_of_plan, grouped
from seatrial.advise.caveats import caveats_of
from seatrial.advise.demand import demand_of, queries_by_operation, queries_per_request
from seatrial.advise.estimate import demands_under_load, saturation_of, system_seen
from seatrial.advise.faults import faults_of
from seatrial.advise.findings import (
    Capacity,
    DailyUsers,
    DemandMs,
    Findings,
    MemoryFindings,
    PlanFindings,
    WorkerPrediction,
)
from seatrial.advise.footprint import footprint
from seatrial.advise.inside import inside_of
from seatrial.advise.prediction import Predictor
from seatrial.advise.words import address_of, limits_of_this, server_words, verdict_words
from seatrial.errors import StudyError
from seatrial.measure.measurement import Caveat, Measurement, Verdict
from seatrial.measure.study import Study
from seatrial.model.capacity import response_curve
from seatrial.model.population import DEFAULT_HABITS, daily_users, habits_with, peak_rate_rps
from seatrial.spec.trial_spec import TrialSpec

__all__ = ["conclude"]

PREDICTED_WORKERS_MAX = 4
PREDICTED_REQUESTS = 6_000
"""Simulated for each rate of a worker count: a few per cent of chance cancel in the ratio that a prediction is."""

CURVE_REQUESTS = 6_000

DEAREST_QUERIES = 5


def conclude(study: Study) -> Findings:
    """Every conclusion of a study."""
    spec = study.spec
    starts = grouped(study)
    base = [start for start in starts if start.shape == spec.subject.shape]
    demand = demand_of(study.operations, [s.seen for s in base], queries_by_operation(study.queries))
    capacity = capacity_of(study, base)
    memory, memory_caveats, plan_capacity = _on_the_plan(study, starts, capacity)
    fit = memory.workers_that_fit if memory else None
    usable = plan_capacity or capacity
    verdict = _verdict(study, capacity, usable)
    predictor = _predictor(study, starts, capacity.offered_rate_rps)
    dearest = max(study.operations, key=lambda p: p.cpu_s or p.wall_s, default=None)
    return Findings(
        subject=spec.subject.name,
        server=server_words(spec, next((m.slots for m in reversed(study.measurements) if m.slots), None)),
        objective=spec.slo.words(),
        latency_max_s=spec.slo.latency_max_s,
        latency_quantile=spec.slo.latency_quantile,
        verdict=verdict,
        verdict_sentence=verdict_words(verdict, spec, usable),
        worker_capacity=capacity,
        plan_capacity=plan_capacity,
        demand_ms=demand,
        queries_per_request=queries_per_request(study.queries, _weights(spec)),
        memory_bytes=memory,
        workers_that_fit=fit,
        worker_predictions=() if predictor is None else _predictions(study, starts, fit, predictor),
        bottleneck=_gives_way(study, base, demand, memory),
        plan=_plan(spec) if plan_capacity else None,
        daily_users=_users(spec, usable.offered_rate_rps),
        caveats=caveats_of(study, base, memory_caveats),
        limits_of_this=limits_of_this(spec),
        points=tuple(_point(m) for m in study.measurements if m.mode == "open" and m.cpus is None),
        curve=_curve(study, base, capacity),
        inside=inside_of(study, [s.seen for s in base], _weights(spec)),
        faults=faults_of(study),
        dearest_operation=dearest.operation if dearest else "",
        dearest_queries=_dearest_queries(study),
        environment=study.environment,
        measured_at=study.created_at,
        complete=study.complete,
        address=address_of(spec),
        checks=study.checks,
        crowded_cost=None if predictor is None else predictor.dearness.ratio,
        fraction_cost=None if predictor is None else predictor.dearness.quota.ratio,
    )


def _on_the_plan(
    study: Study, starts: Sequence[Start], capacity: Capacity
) -> tuple[MemoryFindings | None, tuple[Caveat, ...], Capacity | None]:
    """Memory, what was assumed of it, and the plan's capacity: none of them for an app that no plan limited."""
    if study.spec.subject.url:
        return None, (), None
    subject, limits = study.spec.subject, study.spec.plan.limits
    memory, caveats = footprint(study.memory, subject, subject.server.threads, limits)
    return memory, caveats, capacity_of_plan(study, starts, capacity, memory.workers_that_fit)


def _gives_way(
    study: Study, base: Sequence[Start], demand: DemandMs, memory: MemoryFindings | None
) -> Mapping[str, Any]:
    if memory is None:
        sentence = "What gives way first is not known: the app's CPU and memory were not read."
        return {"station": "unknown", "utilization": None, "sentence": sentence}
    saturated = saturation_of([m for start in base for m in start.seen])
    return bottleneck(saturated, demand, memory, study.spec.subject.whole_server)


def _verdict(study: Study, capacity: Capacity, plan_capacity: Capacity) -> str:
    trials = [m for m in study.measurements if m.label in {"confirm low", "confirm high", "search"}]
    if not any(m.verdict != Verdict.INVALID for m in trials):
        return Verdict.INVALID
    if capacity.offered_rate_rps is None or plan_capacity.offered_rate_rps is None:
        return Verdict.VIOLATED
    target = study.spec.target_rps
    if target is None and study.spec.target_daily_users is not None:
        # The same reserve as for the users that are told.
        peak_rps = peak_rate_rps(study.spec.target_daily_users, _habits(study.spec))[1]
        target = peak_rps / (1.0 - _headroom(study.spec))
    if target is not None and target > plan_capacity.offered_rate_rps:
        return Verdict.VIOLATED
    return Verdict.SUSTAINED


def _users(spec: TrialSpec, rate_rps: float | None) -> DailyUsers:
    habits = habits_with(_habits(spec))
    headroom = _headroom(spec)
    if rate_rps is None:
        return DailyUsers(None, None, None, headroom, habits)
    low, typical, high = daily_users(rate_rps, habits, headroom)
    return DailyUsers(low, typical, high, headroom, habits)


def _headroom(spec: TrialSpec) -> float:
    return spec.habits.get("headroom", (0.3, 0.3, 0.3))[1]


def _habits(spec: TrialSpec) -> Mapping[str, tuple[float, float, float]]:
    return {name: span for name, span in spec.habits.items() if name in DEFAULT_HABITS}


def _weights(spec: TrialSpec) -> Mapping[str, float]:
    return {**{o.name: o.weight for o in spec.workload.operations}, **spec.workload.mix}


def _predictor(study: Study, starts: Sequence[Start], rate_rps: float | None) -> Predictor | None:
    """What tells of other worker counts; None where there are none, and where the study cannot tell."""
    if rate_rps is None or not study.spec.subject.server.can_vary:
        return None
    try:
        return Predictor(study, starts=starts, requests=PREDICTED_REQUESTS)
    except StudyError:
        return None


def _predictions(
    study: Study, starts: Sequence[Start], fit: int | None, predictor: Predictor
) -> tuple[WorkerPrediction, ...]:
    """The model's rate for each worker count, with the measured one where it was tried."""
    server = study.spec.subject.server
    tried = {
        workers: fmean(rates)
        for workers in {start.workers for start in starts if start.workers is not None}
        if (
            rates := [
                s.estimate.capacity_rps or 0.0
                for s in starts
                if s.shape == (workers, server.threads) and s.estimate is not None
            ]
        )
    }

    def told(workers: int) -> WorkerPrediction | None:
        there = replace(predictor.declared, workers=workers)
        # What was tried is told beside what was predicted before.
        predicted = predictor.predict(there, from_declared=workers in tried)
        if predicted.capacity_rps is None:
            return None
        return WorkerPrediction(
            workers=workers,
            threads=server.threads,
            predicted_rps=predicted.capacity_rps,
            measured_rps=tried.get(workers),
            fits_memory=fit is None or workers <= fit,
            low_rps=predicted.low_rps,
            high_rps=predicted.high_rps,
        )

    counts = sorted({*range(1, PREDICTED_WORKERS_MAX + 1), *tried})
    return tuple(found for workers in counts if (found := told(workers)) is not None)


def _plan(spec: TrialSpec) -> PlanFindings:
    plan = spec.plan
    return PlanFindings(
        id=plan.id,
        name=plan.name,
        provider=plan.provider,
        product=plan.product,
        cpus=plan.limits.cpus,
        cpu_kind=plan.limits.cpu_kind,
        memory_bytes=plan.limits.memory_bytes,
        usd_month=plan.price.usd_month,
        price_source=plan.price.source,
        price_as_of=plan.price.as_of,
    )


def _point(m: Measurement) -> Mapping[str, Any]:
    return {
        "offered_rate_rps": m.offered_rate_rps,
        "throughput_rps": m.throughput_rps,
        "slo_quantile_s": m.slo_quantile_s,
        "p50_s": m.response_time_s.get("p50"),
        "p99_s": m.response_time_s.get("p99"),
        "error_ratio": m.error_ratio,
        "verdict": m.verdict,
        "label": m.label,
        "workers": m.workers,
        "run": m.run,
        "requests": m.requests,
        "duration_s": m.duration_s,
        "cpu_utilization": m.cpu_utilization,
        "lateness_p99_s": m.lateness_p99_s,
        "generator_busy": m.generator_busy,
    }


def _curve(study: Study, base: Sequence[Start], capacity: Capacity) -> tuple[tuple[float, float], ...]:
    seen = [m for start in base for m in start.seen]
    if capacity.offered_rate_rps is None or not study.operations or not seen:
        return ()
    spec, system = study.spec, system_seen(study.spec, seen)
    demands = demands_under_load(study.operations, seen, system)
    top = capacity.offered_rate_rps * 1.02
    rates = tuple(top * share for share in (0.1, 0.3, 0.5, 0.65, 0.75, 0.85, 0.9, 0.94, 0.97, 1.0))
    return response_curve(demands, system, spec.slo.latency_quantile, rates, spec.measure.seed, requests=CURVE_REQUESTS)


def _dearest_queries(study: Study) -> tuple[tuple[str, str, float], ...]:
    rows = [(q.operation, text, count) for q in study.queries for text, count in q.often]
    return tuple(sorted(rows, key=lambda row: -row[2])[:DEAREST_QUERIES])
