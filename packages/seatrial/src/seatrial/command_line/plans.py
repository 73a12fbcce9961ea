"""`seatrial plans`: look up, tell."""

import argparse
import json
from datetime import UTC, datetime

from seatrial.command_line.quantities import number
from seatrial.commands import plans
from seatrial.report.plan_page import plan_page
from seatrial.report.plan_table import plan_table
from seatrial.report.plans_document import plans_json
from seatrial.spec.plan_choice import PlanChoice, chosen

__all__ = ["run_plans_list", "run_plans_show"]

MEBIBYTE = 1024 * 1024


def run_plans_list(options: argparse.Namespace) -> int:
    """Runs `plans list`; returns the exit status."""
    usd_max = memory_mb = None
    if options.max_usd is not None:
        usd_max = number("--max-usd", options.max_usd, at_most=1_000_000, example="10")
    if options.min_memory_mb is not None:
        memory_mb = number("--min-memory-mb", options.min_memory_mb, at_most=16_777_216, example="1024")
    catalog = plans(options.plans)
    choice = PlanChoice(
        provider=options.provider or "",
        cpu_kind=options.cpu or "",
        usd_month_max=usd_max,
        memory_min_bytes=None if memory_mb is None else memory_mb * MEBIBYTE,
        databases=options.databases,
        every=options.all,
    )
    found, today = chosen(catalog, choice), datetime.now(UTC).date()
    if options.json:
        print(json.dumps(plans_json(found, catalog, today=today), indent=2))  # noqa: T201 - the command's own output
    else:
        print(plan_table(found, of=len(catalog.plans), today=today), end="")  # noqa: T201
    return 0


def run_plans_show(options: argparse.Namespace) -> int:
    """Runs `plans show`; returns the exit status."""
    catalog = plans(options.plans)
    plan, today = catalog.plan(options.id), datetime.now(UTC).date()
    if options.json:
        print(json.dumps(plans_json([plan], catalog, today=today), indent=2))  # noqa: T201 - the command's own output
    else:
        print(plan_page(plan, catalog, today=today), end="")  # noqa: T201
    return 0
