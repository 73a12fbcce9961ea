from pathlib import Path

import pytest

from seatrial.errors import SpecError
from seatrial.spec.catalog import Catalog, catalog, catalog_with
from seatrial.spec.plan_choice import PlanChoice, chosen
from seatrial.spec.reading import read_trial_spec

MEBIBYTE = 2**20

OWN = """\
[[plan]]
id = "hetzner-cx23"
usd_month = 5.49
as_of = 2026-11-28

[[plan]]
id = "lightsail-5"
ram_mb = 640

[[plan]]
id = "office-server"
provider = "our office"
cpu = "own"
vcpus = 2
ram_mb = 4096
"""


def with_rows(folder: Path, text: str) -> Catalog:
    path = folder / "my-plans.toml"
    path.write_text(text, encoding="utf-8")
    return catalog_with(path)


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(SpecError) as refused:
        with_rows(folder, text)
    return str(refused.value)


def test_a_row_with_a_known_id_replaces_what_it_says_and_no_more(tmp_path: Path) -> None:
    plans, before = with_rows(tmp_path, OWN), catalog().plan("hetzner-cx23")
    plan = plans.plan("hetzner-cx23")
    assert (plan.price.usd_month, plan.price.as_of) == (5.49, "2026-11-28")
    assert plan.limits == before.limits
    assert (plan.name, plan.disk_gb, plan.extra) == (before.name, before.disk_gb, before.extra)
    assert plans.source_of["hetzner-cx23"].kind == "own-file"
    assert "my-plans.toml" in plan.price.source
    assert plans.own["hetzner-cx23"] == ("usd_month", "as_of")


def test_the_source_of_a_price_stays_when_the_row_is_silent_about_the_price(tmp_path: Path) -> None:
    plans = with_rows(tmp_path, OWN)
    plan = plans.plan("lightsail-5")
    assert plan.limits.memory_bytes == 640 * MEBIBYTE
    assert plan.price == catalog().plan("lightsail-5").price
    assert plans.source_of["lightsail-5"].kind == "provider-docs"


def test_a_row_with_a_new_id_is_one_plan_more_and_what_it_does_not_say_is_not_known(tmp_path: Path) -> None:
    plans = with_rows(tmp_path, OWN)
    assert len(plans.plans) == len(catalog().plans) + 1
    plan = plans.plan("office-server")
    assert (plan.limits.cpus, plan.limits.memory_bytes, plan.limits.cpu_kind) == (2, 4096 * MEBIBYTE, "own")
    assert plan.price.usd_month is None
    assert plan.disk_gb is None
    assert "office-server" not in catalog().by_id


def test_a_machine_of_ones_own_is_listed_without_a_price_too_and_comes_last(tmp_path: Path) -> None:
    plans = with_rows(tmp_path, OWN + '[[plan]]\nid = "db"\nprovider = "us"\ncpu = "own"\nproduct = "Postgres"\n')
    ids = [plan.id for plan in chosen(plans, PlanChoice())]
    assert ids[-1] == "office-server"
    assert len(ids) == len(chosen(catalog(), PlanChoice())) + 1
    assert "db" in {plan.id for plan in chosen(plans, PlanChoice(databases=True))}


def test_a_seatrial_toml_may_name_such_a_file_and_take_a_plan_from_it(tmp_path: Path) -> None:
    (tmp_path / "my-plans.toml").write_text(OWN, encoding="utf-8")
    spec = tmp_path / "seatrial.toml"
    head = '[subject]\napp = "shop:app"\n[[workload.operations]]\nname = "front"\npath = "/"\n[plan]\n'
    spec.write_text(head + 'catalog = "my-plans.toml"\nid = "office-server"\n', encoding="utf-8")
    plan = read_trial_spec(spec).plan
    assert (plan.id, plan.limits.cpus, plan.limits.memory_bytes) == ("office-server", 2, 4096 * MEBIBYTE)
    spec.write_text(head + 'catalog = "missing.toml"\n', encoding="utf-8")
    with pytest.raises(SpecError, match=r"(?s)seatrial\.toml:7: plan\.catalog.*missing\.toml.*no such file"):
        read_trial_spec(spec)


NEW = '[[plan]]\nid = "mine"\nprovider = "me"\ncpu = "own"\n'


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("[[plan]]\nusd_month = 4\n", 1, "plan[0].id is missing"),
        (NEW + "usd_month = 4\n", 5, "has no date"),
        (NEW + "usd_month = -4\nas_of = 2026-01-01\n", 5, "at least 0"),
        (NEW + 'vcpus = "2"\n', 5, "must be a number"),
        (NEW + "ram_mb = nan\n", 5, "must be a number"),
        (NEW + 'as_of = "yesterday"\n', 5, "must be a date"),
        (NEW + 'as_of = "2026-13"\n', 5, "must be a date"),
        (NEW + "ram = 512\n", 5, "is not a key of a file of plans"),
        (NEW + NEW, 6, "a second time"),
        ('[[plan]]\nid = "My Server"\nprovider = "me"\ncpu = "own"\n', 2, "small letters"),
        ('[[plan]]\nid = "hetzner_cx23"\nusd_month = 5\nas_of = 2026-01-01\n', 2, "Did you mean hetzner-cx23?"),
        ('[[plan]]\nid = "mine"\nprovider = "me"\ncpu = "fast"\n', 4, '"shared" or "dedicated"'),
        ('[plan]\nid = "mine"\n', 1, "must be a section, [[plan]]"),
        ('[[plans]]\nid = "mine"\n', 1, "Did you mean plan?"),
        ("id = 3 3\n", 1, "not valid TOML"),
    ],
)
def test_a_row_that_cannot_be_used_is_refused_with_its_line(text: str, line: int, says: str, tmp_path: Path) -> None:
    refused = refusal(tmp_path, text)
    assert f"my-plans.toml:{line}" in refused
    assert says in refused


def test_an_empty_a_missing_and_a_binary_file_of_plans_are_refused_in_words(tmp_path: Path) -> None:
    assert "has no rows" in refusal(tmp_path, "# nothing yet\n")
    with pytest.raises(SpecError, match=r"(?s)no such file.*\[\[plan\]\]"):
        catalog_with(tmp_path / "gone.toml")
    (tmp_path / "binary.toml").write_bytes(b"\n\xff\xfe")
    with pytest.raises(SpecError, match=r"binary\.toml:2: the file is not UTF-8"):
        catalog_with(tmp_path / "binary.toml")
    with pytest.raises(SpecError, match="cannot be read"):
        catalog_with(tmp_path)


def test_the_cheapest_come_first_and_all_conditions_hold_together() -> None:
    choice = PlanChoice(provider="fly", cpu_kind="burst", usd_month_max=6, memory_min_bytes=512 * MEBIBYTE)
    found = chosen(catalog(), choice)
    assert [plan.id for plan in found] == ["fly-shared-cpu-1x-512mb", "fly-shared-cpu-1x-1gb"]


def test_databases_are_apart_from_machines_and_every_plan_can_be_asked_for() -> None:
    every = chosen(catalog(), PlanChoice(every=True))
    machines, databases = (
        {plan.id for plan in chosen(catalog(), PlanChoice(databases=each))} for each in (False, True)
    )
    assert not machines & databases
    assert {plan.id for plan in catalog().plans if plan.connections_max is not None} <= databases
    assert len(every) == len(catalog().plans) == 140
    prices = [plan.price.usd_month for plan in every]
    assert prices[-2:] == [None, None]


def test_a_plan_of_unknown_price_or_memory_never_meets_a_limit_on_it() -> None:
    cheap = chosen(catalog(), PlanChoice(every=True, usd_month_max=1e6))
    assert all(plan.price.usd_month is not None for plan in cheap)
    roomy = chosen(catalog(), PlanChoice(every=True, memory_min_bytes=1))
    assert all(plan.limits.memory_bytes for plan in roomy)


@pytest.mark.parametrize(("asked", "hint"), [("hetzer", "Did you mean hetzner?"), ("???", "There are "), ("zz", "AWS")])
def test_a_provider_that_nobody_knows_is_refused_with_the_nearest(asked: str, hint: str) -> None:
    with pytest.raises(SpecError, match=asked.replace("?", r"\?")) as refused:
        chosen(catalog(), PlanChoice(provider=asked))
    assert hint in str(refused.value)
