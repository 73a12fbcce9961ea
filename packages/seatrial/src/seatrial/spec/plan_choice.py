"""Which plans of the catalogue are asked for."""

import re
from dataclasses import dataclass

from seatrial.errors import SpecError
from seatrial.spec.catalog import Catalog, is_database, is_machine
from seatrial.spec.checking import did_you_mean
from seatrial.spec.plan import Plan

__all__ = ["PlanChoice", "chosen"]


@dataclass(frozen=True, slots=True)
class PlanChoice:
    """Conditions; all must hold, and a plan of which one is not known does not meet it.

    Without `databases` or `every`, only plans that an app can be put on; of the user's own file also those without a
    price. usd_month_max in US dollars.
    """

    provider: str = ""
    cpu_kind: str = ""
    usd_month_max: float | None = None
    memory_min_bytes: float | None = None
    databases: bool = False
    every: bool = False


def chosen(plans: Catalog, choice: PlanChoice) -> tuple[Plan, ...]:
    """The plans that meet the choice, cheapest first; those without a price last.

    Raises:
        SpecError: no plan is of such a provider; with the nearest name.
    """
    providers = _providers(plans, choice.provider)
    found = [plan for plan in plans.plans if plan.provider in providers and _meets(plan, choice, plans)]

    def order(plan: Plan) -> tuple[bool, float, int, str]:
        usd = plan.price.usd_month
        return usd is None, usd or 0.0, -plan.limits.memory_bytes, plan.id

    return tuple(sorted(found, key=order))


def _meets(plan: Plan, choice: PlanChoice, plans: Catalog) -> bool:
    usable = is_machine(plan) or (plan.id in plans.own and not is_database(plan))
    wanted = is_database(plan) if choice.databases else usable
    usd, usd_max, memory_min = plan.price.usd_month, choice.usd_month_max, choice.memory_min_bytes
    return (
        (choice.every or wanted)
        and choice.cpu_kind in {"", plan.limits.cpu_kind}
        and (usd_max is None or (usd is not None and usd <= usd_max))
        and (memory_min is None or plan.limits.memory_bytes >= memory_min)
    )


def _providers(plans: Catalog, asked: str) -> set[str]:
    known = {plan.provider for plan in plans.plans}
    found = {provider for provider in known if _letters(asked) in _letters(provider)}
    if found and (_letters(asked) or not asked):
        return found
    by_letters = {provider.lower(): provider for provider in known}
    raise SpecError(
        f'no plan is of a provider "{asked}".',
        where="--provider",
        try_this=did_you_mean(asked.lower(), by_letters) or f"There are {', '.join(sorted(known))}.",
    )


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
