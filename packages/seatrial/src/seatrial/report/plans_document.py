"""Plans as JSON: what is known of them, under names that are a contract."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from seatrial.model.burst import burst_of
from seatrial.model.steadiness import noises_of
from seatrial.report.plan_page import BENCHMARK_CREDIT
from seatrial.report.plan_words import age_warning
from seatrial.spec.catalog import Catalog, is_database, is_machine, price_age_days
from seatrial.spec.plan import Plan

__all__ = ["PLANS_SCHEMA", "plans_json"]

PLANS_SCHEMA = "seatrial.plans/1"


def plans_json(chosen: Iterable[Plan], plans: Catalog, *, today: date) -> dict[str, Any]:
    """The plans as plain values, `schema` first; what is not known is null, never 0."""
    return {
        "schema": PLANS_SCHEMA,
        "catalog_as_of": plans.as_of,
        "benchmark_credit": BENCHMARK_CREDIT,
        "plans": [_plan(plan, plans, today) for plan in chosen],
    }


def _plan(plan: Plan, plans: Catalog, today: date) -> dict[str, Any]:
    limits, source = plan.limits, plans.source_of[plan.id]
    return {
        "id": plan.id,
        "provider": plan.provider,
        "product": plan.product,
        "name": plan.name,
        "usd_month": plan.price.usd_month,
        "as_of": plan.price.as_of,
        "price_age_days": price_age_days(plan, today),
        "price_warning": age_warning(plan, today),
        "source": {"where": source.where, "kind": source.kind, "note": source.note},
        "own_keys": list(plans.own.get(plan.id, ())),
        "is_machine": is_machine(plan),
        "is_database": is_database(plan),
        "vcpus": limits.cpus or None,
        "cpu": limits.cpu_kind,
        "burst": _burst(plan),
        "memory_bytes": limits.memory_bytes or None,
        "disk_gb": plan.disk_gb,
        "max_instances": plan.max_instances,
        "connections_max": plan.connections_max,
        "note": plan.note,
        "more": {name: value for name, value in plan.extra.items() if name != "pg_max_connections"},
        "speeds": [
            {
                "server": speed.server,
                "cpu_model": speed.cpu_model,
                "measured": speed.measured,
                "passmark_st": speed.passmark_st,
                "geekbench6_st": speed.geekbench6_st,
            }
            for speed in plans.cpu_speeds
            if speed.plan_id == plan.id
        ],
        "steadiness": [
            {"server": noise.server, "of_this_plan": noise.plan_id == plan.id, "p5": noise.p5, "min": noise.min}
            for noise in noises_of(plan, plans)
        ],
    }


def _burst(plan: Plan) -> dict[str, float | None] | None:
    burst = burst_of(plan.limits)
    if burst is None:
        return None
    return {
        "baseline": plan.limits.cpu_baseline,
        "sustained_cpus": burst.sustained_cpus,
        "start_balance_cpu_s": burst.start_balance_s,
        "full_balance_cpu_s": burst.full_balance_s,
        "seconds_at_full_speed": burst.seconds_until_empty(burst.cpus, burst.full_balance_s),
    }
