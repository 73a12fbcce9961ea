import re
import tomllib
from datetime import date
from importlib.resources import files

import pytest

from seatrial.errors import SpecError
from seatrial.spec.catalog import catalog, is_machine, price_age_days
from seatrial.spec.checking import check
from seatrial.spec.plan import Limits, Plan, Price
from seatrial.spec.plan_keys import PLAN_ROW

PLANS = catalog().plans


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.id)
def test_every_row_of_the_catalogue_can_be_believed(plan: Plan) -> None:
    assert re.fullmatch(r"[a-z0-9.-]+", plan.id)
    assert plan.provider
    assert plan.name
    assert plan.product
    assert plan.price.source.startswith(("https://", "github:", "public", "two", "github repository"))
    assert re.fullmatch(r"\d{4}(-\d\d(-\d\d)?)?|unknown", plan.price.as_of)
    assert plan.price.usd_month is None or 0 <= plan.price.usd_month < 5000
    limits = plan.limits
    known = {"shared", "dedicated", "burst", "fraction", "cpu-limit", "flex", "managed", "usage"}
    assert limits.cpu_kind in known
    assert 0 <= limits.cpus <= 64
    assert limits.memory_bytes == 0 or 128 * 2**20 <= limits.memory_bytes <= 256 * 2**30
    if limits.cpu_baseline is not None:
        assert 0 < limits.cpu_baseline <= 1
    if is_machine(plan):
        assert 0 < limits.subject_memory_bytes < limits.memory_bytes


def test_no_row_of_the_data_file_is_lost_and_ids_are_unique() -> None:
    rows = tomllib.loads((files("seatrial.spec") / "plans.toml").read_text())["plan"]
    assert [row["id"] for row in rows] == [plan.id for plan in PLANS]
    assert len({row["id"] for row in rows}) == len(rows) == 140


def test_every_key_of_every_row_is_kept_as_a_field_or_as_extra() -> None:
    rows = tomllib.loads((files("seatrial.spec") / "plans.toml").read_text())["plan"]
    fields = 0
    for row, plan in zip(rows, PLANS, strict=True):
        known = {"id", "provider", "product", "name", "usd_month", "vcpus", "cpu", "cpu_baseline", "ram_mb", "disk_gb"}
        known |= {"burst_start_s", "burst_max_s", "max_instances", "note", "source", "as_of"}
        assert set(row) - known == set(plan.extra)
        fields += len(row)
    assert fields > 1000


def test_the_catalogue_keeps_the_rules_that_a_file_of_the_users_own_must_keep() -> None:
    rows = tomllib.loads((files("seatrial.spec") / "plans.toml").read_text())["plan"]
    dated = [{**row, "as_of": "2026" if row["as_of"] == "unknown" else row["as_of"]} for row in rows]
    assert check({"plan": dated}, (PLAN_ROW,)).problems == ()


def test_the_cheapest_plan_is_the_four_dollar_droplet_with_its_documented_size() -> None:
    plan = catalog().cheapest()
    assert plan.id == "do-s-1vcpu-512mb-10gb"
    assert (plan.price.usd_month, plan.limits.cpus, plan.limits.memory_bytes) == (4, 1.0, 536_870_912)
    assert plan.price.as_of == "2022-07-01"


def test_an_unknown_plan_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(SpecError, match=r"(?s)hetzner_cx23.*Did you mean hetzner-cx23\?"):
        catalog().plan("hetzner_cx23")


def test_machines_come_cheapest_first_and_hold_no_database_service() -> None:
    prices = [plan.price.usd_month or 0 for plan in catalog().machines()]
    assert prices == sorted(prices)
    assert len(prices) > 80
    assert not [plan.id for plan in catalog().machines() if "pg" in plan.id.split("-")]


def test_a_price_is_as_old_as_the_days_since_it_was_read() -> None:
    def plan(as_of: str) -> Plan:
        return Plan("p", "", "", Limits(1, 2**29), Price(4, "", as_of))

    assert price_age_days(plan("2026-11-01"), date(2026, 11, 23)) == 22
    assert price_age_days(plan("2026-11"), date(2026, 11, 23)) == 22
    assert price_age_days(plan("2025"), date(2026, 1, 1)) == 365
    assert price_age_days(plan("unknown"), date(2026, 1, 1)) is None
    assert price_age_days(plan(""), date(2026, 1, 1)) is None


def test_measured_speeds_name_plans_that_are_in_the_catalogue() -> None:
    speeds = catalog().cpu_speeds
    assert len(speeds) == 78
    named = {speed.plan_id: speed for speed in speeds if speed.plan_id}
    assert set(named) <= set(catalog().by_id)
    assert named["hetzner-cx23"].passmark_st == 1510
    assert all(100 < speed.passmark_st < 10_000 for speed in speeds)
    assert {noise.plan_id for noise in catalog().cpu_noises if noise.plan_id} <= set(catalog().by_id)
    assert all(0 < noise.p1 <= noise.p5 <= 1 <= noise.p95 and noise.min <= noise.p1 for noise in catalog().cpu_noises)


def test_the_benchmark_data_names_its_licence_and_its_authors_in_the_file() -> None:
    head = (files("seatrial.spec") / "cpu_speed.toml").read_text()[:900]
    assert "CC BY-SA 4.0" in head
    assert "https://github.com/SpareCores/sc-inspector-data" in head
