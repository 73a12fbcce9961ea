"""Where an app and its database can be put: one machine for both, or one for each from the same provider. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from seatrial.model.burst import Burst, burst_of
from seatrial.spec.catalog import Catalog, is_database, is_machine
from seatrial.spec.plan import Plan

__all__ = ["Placement", "placements_apart", "placements_together"]

PLATFORMS = ("App Platform", "Dyno", "Web service", "Machine")
"""Products that run one program each and keep no files of their own, so that a database has to be somewhere else."""


@dataclass(frozen=True, slots=True)
class Placement:
    """A machine for the app, and one for the database where it has its own."""

    machine: Plan
    database: Plan | None = None

    @property
    def usd_month(self) -> float:
        """List price of both."""
        return (self.machine.price.usd_month or 0.0) + (
            (self.database.price.usd_month or 0.0) if self.database else 0.0
        )

    @property
    def id(self) -> str:
        """The plans' ids: `do-s-1vcpu-1gb`, or `do-s-1vcpu-1gb + do-pg-db-s-1vcpu-1gb`."""
        return f"{self.machine.id} + {self.database.id}" if self.database else self.machine.id

    @property
    def burst(self) -> Burst | None:
        """Of the app's machine: None when it has one speed only."""
        return burst_of(self.machine.limits)

    @property
    def lasting_cpus(self) -> float | None:
        """CPUs of the app's machine that may be used for ever; None when the provider does not say."""
        limits = self.machine.limits
        if limits.cpu_kind == "burst" and limits.cpu_baseline is None:
            return None
        return self.burst.sustained_cpus if self.burst else limits.cpus


def placements_together(plans: Catalog, *, has_database: bool) -> tuple[Placement, ...]:
    """Every plan with a price, CPUs and memory that the app can be put on with its database, cheapest first."""
    return _ordered(
        Placement(plan)
        for plan in plans.plans
        if is_machine(plan) and not (has_database and plan.product.startswith(PLATFORMS))
    )


def placements_apart(plans: Catalog) -> tuple[Placement, ...]:
    """Every machine with every managed database of its provider whose CPUs are known, cheapest first.

    One provider for both: a database far away is slow, and its traffic is paid for.
    """
    databases = [plan for plan in plans.plans if is_database(plan) and plan.limits.cpus > 0 and _is_lasting(plan)]
    return _ordered(
        Placement(machine, database)
        for machine in plans.plans
        if is_machine(machine)
        for database in databases
        if database.provider == machine.provider and database.price.usd_month
    )


def _is_lasting(plan: Plan) -> bool:
    return plan.limits.cpu_kind != "burst"


def _ordered(found: Iterator[Placement] | Sequence[Placement]) -> tuple[Placement, ...]:
    return tuple(sorted(found, key=lambda each: (each.usd_month, -each.machine.limits.memory_bytes, each.id)))
