"""The catalogue of hosting plans that comes with Seatrial, with where and when each price was read."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from seatrial.errors import SpecError
from seatrial.spec.checking import did_you_mean
from seatrial.spec.plan import Limits, Plan, Price

__all__ = ["Catalog", "CpuNoise", "CpuSpeed", "Source", "catalog", "is_machine", "price_age_days"]

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
    """Where rows were read. kind: provider-repo, provider-docs, third-party-transcript, competitor-repo or mixed."""

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


@dataclass(frozen=True, slots=True)
class Catalog:
    """All rows. as_of: the day the catalogue was put together.

    A plan whose provider does not say how many vCPUs or how much memory it has carries 0 for it: it cannot be rebuilt
    here, only compared by price (`is_machine` tells).
    """

    as_of: str
    by_id: Mapping[str, Plan]
    sources: Mapping[str, Source]
    cpu_speeds: tuple[CpuSpeed, ...]
    cpu_noises: tuple[CpuNoise, ...]

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
    database = "postgres" in plan.product.lower() or "database" in plan.product.lower()
    return not database and plan.limits.cpus > 0 and plan.limits.memory_bytes > 0 and bool(plan.price.usd_month)


@cache
def catalog() -> Catalog:
    """The catalogue carried inside the package, read once."""
    here = files("seatrial.spec")
    rows = tomllib.loads((here / "plans.toml").read_text(encoding="utf-8"))
    speed = tomllib.loads((here / "cpu_speed.toml").read_text(encoding="utf-8"))
    sources = {row["id"]: Source(**row) for row in rows["source"]}
    return Catalog(
        as_of=rows["meta"]["as_of"],
        by_id={row["id"]: _plan(row, sources[row["source"]]) for row in rows["plan"]},
        sources=sources,
        cpu_speeds=tuple(CpuSpeed(**row) for row in speed["cpu_speed"]),
        cpu_noises=tuple(CpuNoise(**row) for row in speed["cpu_noise"]),
    )


def price_age_days(plan: Plan, today: date) -> int | None:
    """Days since the plan's price was read; a bare year or month counts from its start. None when it is not known."""
    parts = plan.price.as_of.split("-")
    if not all(part.isdecimal() for part in parts):
        return None
    year, month, day = (int(part) for part in (*parts, "1", "1")[:3])
    return (today - date(year, month, day)).days


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
        ),
        price=Price(row.get("usd_month"), source.sentence(), row["as_of"]),
        product=row["product"],
        note=row.get("note", ""),
        disk_gb=row.get("disk_gb"),
        max_instances=row.get("max_instances"),
        extra={name: str(value) for name, value in row.items() if name not in KEPT_AS_FIELDS},
    )
