"""From checked values to the frozen ones: a `TrialSpec` and all it holds."""

from pathlib import Path

from seatrial.spec.catalog import Catalog
from seatrial.spec.checking import Checked
from seatrial.spec.places import absolute, catalog_of, python_of
from seatrial.spec.plan import Limits, Plan, Price
from seatrial.spec.rules import database_kind
from seatrial.spec.server_rules import worker_class_of
from seatrial.spec.services import Services
from seatrial.spec.slo import SLO
from seatrial.spec.subject import EVENT_LOOP, EVENT_LOOP_SLOTS, Database, Server, Subject, slots_per_process
from seatrial.spec.subject_keys import CHEAPEST_PLAN_ID
from seatrial.spec.trial_spec import MeasureSettings, TrialSpec
from seatrial.spec.workload import OperationSpec, WorkloadSpec

__all__ = ["trial_spec"]

MEBIBYTE = 1024 * 1024
ROUND_TRIP_MS = 1.0
"""To a database of its own in the same data centre, when the file does not say."""


def trial_spec(path: Path, checked: Checked, *, allow_remote: bool) -> TrialSpec:
    """The frozen values. `checked` must be free of problems."""
    values, folder = checked.values, path.parent
    measure = {key.removeprefix("measure."): value for key, value in values.items() if key.startswith("measure.")}
    results = measure.pop("results")
    habits = {key.removeprefix("habits."): value for key, value in values.items() if key.startswith("habits.")}
    return TrialSpec(
        path=path,
        subject=_subject(folder, checked),
        plan=_plan(path, checked, catalog_of(folder, checked)),
        workload=_workload(folder, checked),
        slo=SLO(values["slo.latency_quantile"], values["slo.latency_max_ms"] / 1000, values["slo.error_ratio_max"]),
        measure=MeasureSettings(**measure),
        habits={name: value for name, value in habits.items() if value is not None},
        target_rps=values["target.rate_rps"],
        target_daily_users=values["target.daily_users"],
        results=absolute(folder / results),
        allow_remote=allow_remote,
    )


def _subject(folder: Path, checked: Checked) -> Subject:
    values = checked.values
    directory = absolute(folder / values["subject.directory"])
    return Subject(
        name=values["subject.name"] or directory.name or "app",
        app=values["subject.app"],
        directory=directory,
        python=python_of(folder, checked),
        health_path=values["subject.health_path"],
        headers=dict(values["workload.headers"]),
        environment=dict(values["subject.environment"]),
        prepare=values["subject.prepare"],
        server=_server(checked),
        database=_database(checked),
        services=_services(folder, checked),
        url=values["subject.url"].rstrip("/"),
        start_timeout_s=values["subject.start_timeout_s"],
        prepare_timeout_s=values["subject.prepare_timeout_s"],
        is_copied=values["subject.copied"],
        size=values["subject.size"],
    )


def _server(checked: Checked) -> Server:
    values = checked.values
    worker_class, threads = worker_class_of(checked), values["server.threads"]
    if worker_class in EVENT_LOOP and "server.threads" not in checked.given:
        threads = EVENT_LOOP_SLOTS
    return Server(
        kind="command" if values["server.command"] else values["server.kind"],
        command=values["server.command"],
        worker_class=worker_class,
        workers=values["server.workers"],
        threads=slots_per_process(worker_class, threads),
        keep_alive_s=values["server.keep_alive_s"],
        preload=values["server.preload"],
        freeze_gc=values["server.freeze_gc"],
    )


def _database(checked: Checked) -> Database:
    values = checked.values
    placement, round_trip_ms = values["database.placement"], values["database.round_trip_ms"]
    if round_trip_ms is None:
        round_trip_ms = ROUND_TRIP_MS if placement == "apart" else 0.0
    return Database(
        kind=database_kind(checked),
        url=values["database.url"],
        placement=placement,
        round_trip_s=round_trip_ms / 1000,
        pool=values["database.pool"],
        overflow=values["database.overflow"],
        background_connections=values["database.background_connections"],
        settings={name.lower(): value for name, value in values["database.settings"].items()},
    )


def _services(folder: Path, checked: Checked) -> Services:
    values = {
        key.removeprefix("services."): value for key, value in checked.values.items() if key.startswith("services.")
    }
    static = {prefix: absolute(folder / place) for prefix, place in values.pop("static").items()}
    return Services(**values, static=static)


def _plan(path: Path, checked: Checked, plans: Catalog) -> Plan:
    values = checked.values
    cpus, memory_mb, usd_month = (values[f"plan.{name}"] for name in ("cpus", "memory_mb", "usd_month"))
    own = any(f"plan.{name}" in checked.given for name in ("cpus", "memory_mb", "usd_month", "name"))
    row = plans.by_id.get(values["plan.id"] or ("" if own else CHEAPEST_PLAN_ID))
    memory_bytes = None if memory_mb is None else int(memory_mb * MEBIBYTE)
    own_price = Price(usd_month, f"your own figure in {path.name}", "")
    if row is None:
        limits = Limits(cpus, memory_bytes or 0, cpu_kind="own")
        return Plan("own", "", values["plan.name"] or "your own plan", limits, own_price)
    return Plan(
        id=row.id,
        provider=row.provider,
        name=values["plan.name"] or row.name,
        limits=Limits(
            cpus or row.limits.cpus,
            memory_bytes or row.limits.memory_bytes,
            row.limits.cpu_kind,
            row.limits.cpu_baseline,
            burst_start_s=row.limits.burst_start_s,
            burst_max_s=row.limits.burst_max_s,
        ),
        price=row.price if usd_month is None else own_price,
        product=row.product,
        note=row.note,
        disk_gb=row.disk_gb,
        max_instances=row.max_instances,
        extra=row.extra,
    )


def _workload(folder: Path, checked: Checked) -> WorkloadSpec:
    values = checked.values
    journeys = values["workload.journeys"]
    return WorkloadSpec(
        operations=tuple(OperationSpec(**row) for row in values["workload.operations"]),
        journeys=absolute(folder / journeys) if journeys else None,
        mix=dict(values["workload.mix"]),
        sign_in=values["workload.sign_in"],
        people=values["workload.people"],
        arrivals=values["workload.arrivals"],
        timeout_s=values["workload.timeout_s"],
        keep_alive=values["workload.keep_alive"],
        arrivals_are=values["workload.arrivals_are"],
        returning=values["workload.returning"],
        order=values["workload.order"],
        listeners=values["workload.listeners"],
        listener=values["workload.listener"],
        headers=dict(values["workload.headers"]),
    )
