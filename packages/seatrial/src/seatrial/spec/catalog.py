"""The catalogue of hosting plans, with where and when each price was read; a file of the user's may change it."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from seatrial.errors import SpecError
from seatrial.spec.checking import did_you_mean
from seatrial.spec.own_plans import own_rows
from seatrial.spec.plan import Limits, Plan, Price
from seatrial.spec.plan_keys import first_day

__all__ = [
    "Catalog",
    "CpuNoise",
    "CpuSpeed",
    "Source",
    "catalog",
    "catalog_with",
    "is_database",
    "is_machine",
    "price_age_days",
]

MEBIBYTE = 1024 * 1024

# Facts of a row that only some plans have; they travel in `Plan.extra` as text.
KEPT_AS_FIELDS = frozenset(
    {
        "id",
        "provider",
        "product",
        "name",
        "usd_month",
        "vcpus",
        "cpu",
        "cpu_baseline",
        "burst_start_s",
        "burst_max_s",
        "ram_mb",
        "disk_gb",
        "max_instances",
        "note",
        "source",
        "as_of",
    }
)


@dataclass(frozen=True, slots=True)
class Source:
    """Where rows were read.

    kind: provider-repo, provider-docs, third-party-transcript, competitor-repo, mixed, or own-file.
    """

    id: str
    where: str
    as_of: str
    kind: str
    note: str = ""

    def sentence(self) -> str:
        """Where, how near to the provider, and when."""
        return f"{self.where} ({self.kind.replace('-', ' ')}, as of {self.as_of})"


@dataclass(frozen=True, slots=True)
class CpuSpeed:
    """What one server of a type scored; CC BY-SA 4.0, see cpu_speed.toml. measured: ISO date."""

    provider: str
    server: str
    cpu_model: str
    measured: str
    passmark_st: float
    plan_id: str = ""
    geekbench6_st: float | None = None
    geekbench6_mt: float | None = None


@dataclass(frozen=True, slots=True)
class CpuNoise:
    """How steadily one server ran for a day, as ratios to its own median; CC BY-SA 4.0, see cpu_speed.toml."""

    provider: str
    server: str
    cpu: str
    p1: float
    p5: float
    min: float
    p95: float
    cv_percent: float
    plan_id: str = ""


@dataclass(frozen=True, slots=True)
class Catalog:
    """All rows. as_of: the day the catalogue was put together.

    source_of: plan id -> where its price was read. own: plan id -> the keys that come from the user's own file.

    A plan whose provider does not say how many vCPUs or how much memory it has carries 0 for it: it cannot be rebuilt
    here, only compared by price (`is_machine` tells).
    """

    as_of: str
    by_id: Mapping[str, Plan]
    sources: Mapping[str, Source]
    cpu_speeds: tuple[CpuSpeed, ...]
    cpu_noises: tuple[CpuNoise, ...]
    source_of: Mapping[str, Source]
    own: Mapping[str, tuple[str, ...]]

    @property
    def plans(self) -> tuple[Plan, ...]:
        """Every row, in the catalogue's order."""
        return tuple(self.by_id.values())

    def plan(self, plan_id: str) -> Plan:
        """The plan of that id. Raises `SpecError`, with the nearest id, when there is none."""
        if plan_id not in self.by_id:
            hint = did_you_mean(plan_id, self.by_id) or f"The cheapest whole server is {self.cheapest().id}."
            raise SpecError(f'there is no plan "{plan_id}" in the catalogue.', try_this=hint)
        return self.by_id[plan_id]

    def machines(self) -> tuple[Plan, ...]:
        """Plans an app and its database can be put on together, cheapest first."""
        known = [plan for plan in self.plans if is_machine(plan)]
        return tuple(sorted(known, key=lambda plan: (plan.price.usd_month or 0, -plan.limits.memory_bytes, plan.id)))

    def cheapest(self) -> Plan:
        """The least expensive machine with 512 MB and a whole vCPU that may be used all day, so not a burst plan."""
        return next(
            plan
            for plan in self.machines()
            if plan.limits.memory_bytes >= 512 * MEBIBYTE
            and plan.limits.cpus >= 1
            and plan.limits.cpu_kind in {"shared", "dedicated"}
        )


def is_machine(plan: Plan) -> bool:
    """Whether an app and its database can be put on it together: CPU, memory and a price above zero are known."""
    known = plan.limits.cpus > 0 and plan.limits.memory_bytes > 0 and bool(plan.price.usd_month)
    return known and not is_database(plan)


def is_database(plan: Plan) -> bool:
    """Whether it is a database service, which no app can be put on."""
    product = plan.product.lower()
    return "postgres" in product or "database" in product or plan.connections_max is not None


@cache
def catalog() -> Catalog:
    """The catalogue carried inside the package, read once."""
    rows = _carried().rows
    return _catalog(rows, _sources_of(rows), {})


def catalog_with(path: Path) -> Catalog:
    """The catalogue with the rows of the user's file: known ids replaced key by key, new ids added.

    Raises:
        SpecError: the file or a row of it cannot be used; with its line.
    """
    carried = _carried().rows
    rows, source_of, own = dict(carried), _sources_of(carried), {}
    for row in own_rows(path, carried):
        plan_id = row["id"]
        own[plan_id] = tuple(name for name in row if name != "id")
        if plan_id not in carried or "as_of" in row:
            source_of[plan_id] = Source(
                path.name, str(path), row.get("as_of", "unknown"), "own-file", row.get("source", "")
            )
        fresh = {"product": "", "name": plan_id, "as_of": "unknown"}
        rows[plan_id] = {**carried.get(plan_id, fresh), **row}
    return _catalog(rows, source_of, own)


class _Carried(NamedTuple):
    """What lies inside the package: rows and sources by id."""

    as_of: str
    rows: dict[str, dict[str, Any]]
    sources: dict[str, Source]
    cpu_speeds: tuple[CpuSpeed, ...]
    cpu_noises: tuple[CpuNoise, ...]


@cache
def _carried() -> _Carried:
    here = files("seatrial.spec")
    plans = tomllib.loads((here / "plans.toml").read_text(encoding="utf-8"))
    speed = tomllib.loads((here / "cpu_speed.toml").read_text(encoding="utf-8"))
    return _Carried(
        as_of=plans["meta"]["as_of"],
        rows={row["id"]: row for row in plans["plan"]},
        sources={row["id"]: Source(**row) for row in plans["source"]},
        cpu_speeds=tuple(CpuSpeed(**row) for row in speed["cpu_speed"]),
        cpu_noises=tuple(CpuNoise(**row) for row in speed["cpu_noise"]),
    )


def _sources_of(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, Source]:
    return {plan_id: _carried().sources[row["source"]] for plan_id, row in rows.items()}


def _catalog(
    rows: Mapping[str, Mapping[str, Any]], source_of: Mapping[str, Source], own: Mapping[str, tuple[str, ...]]
) -> Catalog:
    carried = _carried()
    return Catalog(
        as_of=carried.as_of,
        by_id={plan_id: _plan(row, source_of[plan_id]) for plan_id, row in rows.items()},
        sources=carried.sources,
        cpu_speeds=carried.cpu_speeds,
        cpu_noises=carried.cpu_noises,
        source_of=source_of,
        own=own,
    )


def price_age_days(plan: Plan, today: date) -> int | None:
    """Days since the plan's price was read; a bare year or month counts from its start. None when it is not known."""
    since = first_day(plan.price.as_of)
    return None if since is None else (today - since).days


def _plan(row: Mapping[str, Any], source: Source) -> Plan:
    return Plan(
        id=row["id"],
        provider=row["provider"],
        name=row["name"],
        limits=Limits(
            cpus=float(row.get("vcpus", 0)),
            memory_bytes=int(row.get("ram_mb", 0) * MEBIBYTE),
            cpu_kind=row["cpu"],
            cpu_baseline=row.get("cpu_baseline"),
            burst_start_s=row.get("burst_start_s"),
            burst_max_s=row.get("burst_max_s"),
        ),
        price=Price(row.get("usd_month"), source.sentence(), row["as_of"]),
        product=row["product"],
        note=row.get("note", ""),
        disk_gb=row.get("disk_gb"),
        max_instances=row.get("max_instances"),
        extra={name: str(value) for name, value in row.items() if name not in KEPT_AS_FIELDS},
    )
