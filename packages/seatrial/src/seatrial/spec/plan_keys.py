"""The keys of a [[plan]] row: of the catalogue that comes with Seatrial, and of a file of the user's own."""

import re
from datetime import date

from seatrial.spec.key import NUMBER, TEXT, WHOLE_NUMBER, BadValue, Key, Kind, Section

__all__ = ["CPU_KINDS", "DATE", "PLAN_ROW", "first_day"]

CPU_KINDS = ("shared", "dedicated", "burst", "fraction", "cpu-limit", "flex", "managed", "usage", "own")
"""What a plan's vCPUs may be."""


def first_day(as_of: str) -> date | None:
    """The first day that a date, a month or a year can mean; None for anything else, such as "unknown"."""
    if not re.fullmatch(r"\d{4}(-\d\d(-\d\d)?)?", as_of):
        return None
    try:
        return date.fromisoformat(as_of + "-01" * (2 - as_of.count("-")))
    except ValueError:
        return None


def _date(value: object) -> str:
    text = value.isoformat()[:10] if isinstance(value, date) else str(value)
    if isinstance(value, bool) or first_day(text) is None:
        raise BadValue('a date such as "2026-11-28", a month or a year', value=value)
    return text


DATE = Kind("a date: year, month and day, as exactly as is known", _date)


def _dollars(name: str, about: str, example: float) -> Key:
    return Key(f"plan.{name}", NUMBER, about, f"{name} = {example}", at_least=0, at_most=1_000_000)


def _amount(name: str, about: str, example: float, *, at_most: float) -> Key:
    return Key(f"plan.{name}", NUMBER, about, f"{name} = {example:g}", at_least=0, at_most=at_most)


def _text(name: str, about: str, example: str) -> Key:
    return Key(f"plan.{name}", TEXT, about, f'{name} = "{example}"')


PLAN_ROW = Section(
    "plan",
    "One plan. With an `id` of the catalogue, each key that is given replaces what the catalogue says and the others "
    "stay; with a new `id`, the row is a new plan. What is not given is not known: it is never taken for zero.",
    (
        Key("plan.id", TEXT, "What the plan is called in commands and files.", 'id = "office-server"', required=True),
        _text("provider", "Who rents it out. A new plan must say it.", "our office"),
        _text(
            "product", "The provider's product. One that holds `Postgres` or `Database` is a database plan.", "Droplet"
        ),
        _text("name", "The plan's name at the provider; the `id` when a new plan does not say it.", "2 vCPU, 4 GB"),
        _dollars("usd_month", "What a full month costs in US dollars, before tax. It needs `as_of`.", 12),
        Key("plan.as_of", DATE, "When the price was read or confirmed.", 'as_of = "2026-11-28"'),
        _text("source", "Where you read it.", "the provider's price page"),
        _amount("vcpus", "How many vCPUs it has; half of one is 0.5.", 2, at_most=512),
        Key(
            "plan.cpu",
            TEXT,
            "What the vCPUs are. `shared`: other customers may slow them. `dedicated`: nobody does. `burst`: full "
            "speed for a while, `cpu_baseline` for ever. `fraction`, `cpu-limit`: a quota. `flex`: mostly full speed. "
            "`managed`: a database service. `usage`: paid by use. `own`: your own machine. A new plan must say it.",
            'cpu = "shared"',
            choices=CPU_KINDS,
        ),
        Key(
            "plan.cpu_baseline",
            NUMBER,
            "Of a burst plan: the share of one vCPU that may be used for ever.",
            "cpu_baseline = 0.1",
            above=0,
            at_most=1,
        ),
        _amount(
            "burst_start_s",
            "Of a burst plan: seconds of CPU time, for each vCPU, that a new machine may use above the baseline.",
            5,
            at_most=10_000_000,
        ),
        _amount(
            "burst_max_s",
            "Of a burst plan: the most of such seconds, for each vCPU, that an idle machine can save.",
            500,
            at_most=10_000_000,
        ),
        _text("cpu_source", "Where the figures of the CPU come from, if not from `source`.", "the provider's manual"),
        _text("cores_source", "Where the number of vCPUs comes from, if not from `source`.", "the provider's manual"),
        _text("arch", "The kind of processor, if it is not x86-64.", "arm64"),
        _amount("ram_mb", "Memory in MB of 1,048,576 bytes.", 2048, at_most=16_777_216),
        _amount("disk_gb", "Disk in GB.", 50, at_most=1_000_000),
        _amount("transfer_gb", "Outgoing traffic a month that the price includes, in GB.", 2000, at_most=10_000_000),
        Key(
            "plan.max_instances",
            WHOLE_NUMBER,
            "How many of them the provider lets work side by side.",
            "max_instances = 1",
            at_least=1,
        ),
        Key(
            "plan.pg_max_connections",
            WHOLE_NUMBER,
            "Of a database plan: how many connections to PostgreSQL are allowed at once.",
            "pg_max_connections = 22",
            at_least=1,
        ),
        _text("pooler", "Of a database plan: the connection pooler that comes with it.", "PgBouncer"),
        _dollars("storage_usd_gb_month", "What a GB of storage costs a month on top.", 0.3),
        _dollars("egress_usd_gb", "What a GB of outgoing traffic costs.", 0.02),
        _dollars("eur_month", "The price in euros where the provider bills in them; for information.", 5.99),
        _dollars("usd_per_vcpu_month", "Paid by use: a vCPU for a month.", 20),
        _dollars("usd_per_gb_ram_month", "Paid by use: a GB of memory for a month.", 10),
        _dollars("usd_per_vcpu_second", "Paid by use: a vCPU for a second.", 0.000024),
        _dollars("usd_per_gib_second", "Paid by use: a GiB of memory for a second.", 0.0000025),
        _dollars("usd_per_million_requests", "Paid by use: a million requests.", 0.4),
        _amount("free_vcpu_seconds", "Paid by use: vCPU seconds a month that are free.", 180_000, at_most=1e12),
        _amount("free_gib_seconds", "Paid by use: GiB seconds a month that are free.", 360_000, at_most=1e12),
        _amount("free_requests", "Paid by use: requests a month that are free.", 2_000_000, at_most=1e12),
        _amount("cpu_seconds_per_day", "CPU seconds a day that the price includes.", 5000, at_most=1e9),
        _text("note", "Anything else to know.", "spins down after 15 minutes without requests"),
    ),
    repeated=True,
)
