"""What one request costs, in the mix and by operation. Pure."""

from collections.abc import Mapping, Sequence
from statistics import fmean

from seatrial.advise.findings import DemandMs
from seatrial.measure.measurement import Measurement, OperationProfile, QueryProfile, Verdict
from seatrial.model.confidence import interval_over_starts

__all__ = ["demand_of", "mean_cpu", "queries_by_operation", "queries_per_request"]

LOADED = ("half load", "saturation", "confirm low", "confirm high")


def demand_of(
    profiles: Sequence[OperationProfile], starts: Sequence[Sequence[Measurement]], queries: Mapping[str, float]
) -> DemandMs:
    """CPU per request of the mix under load, with its interval over starts; by operation one at a time, scaled to it.

    starts: the intervals of each start of the declared server.
    """
    per_start = [mean for start in starts if (mean := mean_cpu(start)) is not None]
    is_read = any(p.cpu_s for p in profiles)
    # Without CPU readings, time that was neither CPU nor waiting cannot be told from the rest.
    wait_ms = 1000.0 * sum(p.share * p.wait_s for p in profiles) if is_read else None
    if not per_start:
        return DemandMs(None, None, None, wait=wait_ms, by_operation=_by_operation(profiles, None, queries, is_read))
    app_s, database_s = fmean(app for app, _ in per_start), fmean(database for _, database in per_start)
    _, low_s, high_s = interval_over_starts([app + database for app, database in per_start])
    alone_s = sum(p.share * p.cpu_s for p in profiles)
    services = [m.services_cpu_s for start in starts for m in _loaded(start) if m.services_cpu_s is not None]
    is_metered = all(m.database_cpu_s is not None for start in starts for m in start)
    return DemandMs(
        app=1000.0 * app_s,
        database=1000.0 * database_s if is_metered else None,
        total=1000.0 * (app_s + database_s),
        low_total=None if low_s is None else 1000.0 * max(0.0, low_s),
        high_total=None if high_s is None else 1000.0 * high_s,
        wait=wait_ms,
        alone_total=1000.0 * alone_s if alone_s else None,
        by_operation=_by_operation(profiles, (app_s + database_s) / alone_s if alone_s else None, queries, is_read),
        services=1000.0 * fmean(services) if services else None,
    )


def queries_by_operation(queries: Sequence[QueryProfile]) -> Mapping[str, float]:
    """Operation -> SQL statements per request."""
    return {q.operation: q.statements_per_request for q in queries}


def queries_per_request(queries: Sequence[QueryProfile], weights: Mapping[str, float]) -> float | None:
    """Statements per request of the whole mix; weights: operation -> its part of the arrivals. None: not counted."""
    requests = sum(weights.get(q.operation, 0.0) * q.requests_per_arrival for q in queries)
    statements = sum(weights.get(q.operation, 0.0) * q.requests_per_arrival * q.statements_per_request for q in queries)
    return statements / requests if requests else None


def mean_cpu(start: Sequence[Measurement]) -> tuple[float, float] | None:
    """(app, database) CPU seconds per request over a start's loaded intervals, weighted by their requests."""
    loaded = _loaded(start)
    requests = sum(m.requests for m in loaded)
    if not requests:
        return None
    app = sum((m.app_cpu_s or 0.0) * m.requests for m in loaded) / requests
    database = sum((m.database_cpu_s or 0.0) * m.requests for m in loaded) / requests
    return app, database


def _loaded(start: Sequence[Measurement]) -> list[Measurement]:
    return [m for m in start if m.label in LOADED and m.app_cpu_s is not None and m.verdict != Verdict.INVALID]


def _by_operation(
    profiles: Sequence[OperationProfile], scale: float | None, queries: Mapping[str, float], is_read: bool
) -> Mapping[str, Mapping[str, float | None]]:
    def cpu_ms(seconds: float) -> float | None:
        return None if scale is None else 1000.0 * seconds * scale

    return {
        p.operation: {
            "app": cpu_ms(p.app_cpu_s),
            "database": cpu_ms(p.database_cpu_s),
            "total": cpu_ms(p.cpu_s),
            "wait": 1000.0 * p.wait_s if is_read else None,
            "alone": 1000.0 * p.wall_s,
            "share": p.share,
            "queries": queries.get(p.operation),
            **_parts_alone(p, is_read),
        }
        for p in profiles
    }


def _parts_alone(p: OperationProfile, is_read: bool) -> Mapping[str, float | None]:
    def ms(seconds: float | None) -> float | None:
        return None if seconds is None or not is_read else 1000.0 * seconds

    return {
        "app_alone": ms(p.app_cpu_s),
        "database_alone": ms(p.database_cpu_s),
        "database_wait": ms(p.database_wait_s),
        "lock_wait": ms(p.lock_wait_s),
        "external_wait": ms(p.external_wait_s),
        "unattributed": ms(p.unattributed_s),
        "connection_hold": ms(p.connection_hold_s),
        "round_trips": p.round_trips,
        "rows": p.rows,
        "answer_bytes": p.answer_bytes,
    }
