"""What is known of a plan, in words: its CPU, its price, how far the source of the price can be trusted."""

from datetime import date

from seatrial.model.burst import burst_of
from seatrial.report.numbers import rate, time_words
from seatrial.spec.catalog import Source, price_age_days
from seatrial.spec.plan import Plan

__all__ = [
    "EXAMPLE_CPU_S",
    "MORE",
    "NOT_KNOWN",
    "TRUST",
    "age_warning",
    "burst_sentences",
    "cpu_words",
    "price_words",
    "trust_words",
]

NOT_KNOWN = "not known"

OLD_DAYS = 365

MORE = {
    "pooler": ("pooler", "{}"),
    "arch": ("processor", "{}"),
    "cpu_source": ("CPU says", "{}"),
    "cores_source": ("cores says", "{}"),
    "transfer_gb": ("traffic", "{} GB a month in the price"),
    "egress_usd_gb": ("traffic", "{} USD for each GB that goes out"),
    "storage_usd_gb_month": ("storage", "{} USD a month for each GB on top"),
    "eur_month": ("in euros", "{} a month"),
    "usd_per_vcpu_month": ("by use", "{} USD for a vCPU used for a month"),
    "usd_per_gb_ram_month": ("by use", "{} USD for a GB of memory used for a month"),
    "usd_per_vcpu_second": ("by use", "{} USD for a vCPU used for a second"),
    "usd_per_gib_second": ("by use", "{} USD for a GiB of memory used for a second"),
    "usd_per_million_requests": ("by use", "{} USD for a million requests"),
    "free_vcpu_seconds": ("free", "{} vCPU seconds a month"),
    "free_gib_seconds": ("free", "{} GiB seconds a month"),
    "free_requests": ("free", "{} requests a month"),
    "cpu_seconds_per_day": ("CPU", "{} CPU seconds a day in the price"),
}
"""What only some plans have: the key of a row -> how it is told."""

EXAMPLE_CPU_S = 0.02
"""CPU time of the request in examples: 20 ms."""

TRUST = {
    "own-file": "your own file",
    "provider-repo": "a public repository of the provider's own: as good as the provider's word",
    "provider-docs": "the provider's own documentation: as good as the provider's word",
    "third-party-transcript": "copied from the provider by somebody else: may hold a slip",
    "mixed": "put together from several places, not all of them dated",
    "competitor-repo": "another provider's page about this one: compare it with the provider's own",
}
"""Kind of source -> how far to trust it."""


def cpu_words(plan: Plan) -> str:
    """`2 shared`, `0.5 fraction`; "not known" for what is not said."""
    cpus = f"{plan.limits.cpus:g}" if plan.limits.cpus else "?"
    return f"{cpus} {plan.limits.cpu_kind}"


def price_words(plan: Plan) -> str:
    """The month's price without its unit: `4`, `4.50`; "not known"."""
    usd = plan.price.usd_month
    if usd is None:
        return NOT_KNOWN
    return f"{usd:,.0f}" if usd == round(usd) else f"{usd:,.2f}"


def age_warning(plan: Plan, today: date) -> str:
    """What to do about a price that is old, or of which it is not known when it was read; empty when it is fresh."""
    if plan.price.usd_month is None:
        return ""
    days = price_age_days(plan, today)
    if days is None:
        return "It is not known when this price was read: look it up."
    if days > OLD_DAYS:
        return f"This price was read {days / 365.25:.1f} years ago: look it up."
    return ""


def trust_words(source: Source) -> str:
    """How far the kind of source can be trusted."""
    return TRUST.get(source.kind, source.kind)


def burst_sentences(plan: Plan) -> tuple[str, ...]:
    """What a baseline means for ever and for a while; nothing for plans without one."""
    baseline = plan.limits.cpu_baseline
    if plan.limits.cpu_kind == "burst" and baseline is None:
        return (
            "What it may use for ever is not known: look up its baseline. A short measurement tells the burst only.",
        )
    burst = burst_of(plan.limits)
    if burst is None or baseline is None:
        return ()
    fast_rps, sustained_rps = burst.rates_rps(EXAMPLE_CPU_S)
    vcpus = "vCPU" if burst.cpus == 1 else "vCPUs"
    found = [
        f"{burst.sustained_cpus:.3g} CPU for ever ({100 * baseline:.3g} % of each of {burst.cpus:g} {vcpus}), "
        f"{burst.cpus:g} for a while. A request of {time_words(EXAMPLE_CPU_S)} CPU: {rate(fast_rps)} a second while "
        f"the burst lasts, {rate(sustained_rps)} a second for ever."
    ]
    full, start = burst.full_balance_s, burst.start_balance_s
    full_s, start_s = burst.seconds_until_empty(burst.cpus, full), burst.seconds_until_empty(burst.cpus, start)
    if full_s is None:
        found.append("How long the burst lasts is not known.")
    else:
        after = f", {start_s:.0f} s on a new machine" if start_s is not None else ""
        found.append(
            f"At full speed the burst lasts {full_s / 60:.1f} minutes after long idling{after}; then the machine "
            "stands still for most of each moment."
        )
    return tuple(found)
