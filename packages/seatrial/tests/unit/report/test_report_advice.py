"""Advice as text and as JSON, of an offer made by hand."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from seatrial.advise.advice import Advice, Change, Level, MemoryShare, Offer, PlanRow, Refusal
from seatrial.advise.log_summary import LogSummary
from seatrial.advise.need import ASSUMED, FROM_LOG, Need
from seatrial.measure.measurement import Caveat
from seatrial.model.connections import connections_needed
from seatrial.report.advice_document import advice_json
from seatrial.report.advice_terminal import advice_text

ROOT = Path(__file__).parents[5]
MEBIBYTE = 1024 * 1024

PLAN = PlanRow(
    "do-s-1vcpu-1gb", "DigitalOcean", "Droplet", "Basic", 1.0, "shared", 1024 * MEBIBYTE, 6.0, "a list", "2026"
)

NEED = Need(
    low_rps=10.0,
    rate_rps=50.0,
    high_rps=300.0,
    headroom=0.3,
    daily_users=20_000.0,
    people=(20_000.0, 20_000.0, 20_000.0),
    habits={"sessions_per_day": (1.2, 3.0, 14.0), "peak_factor": (2.0, 3.0, 4.0), "peak_minute": (1.0, 1.5, 3.0)},
    sources={"sessions_per_day": ASSUMED, "peak_factor": FROM_LOG, "peak_minute": ASSUMED},
    shares={"sessions_per_day": 0.8, "peak_factor": 0.2},
)

OFFER = Offer(
    plan=PLAN,
    database=None,
    usd_month=6.0,
    workers=2,
    threads=4,
    server="2 workers x 4 threads",
    capacity_rps=120.0,
    low_rps=80.0,
    high_rps=180.0,
    speed_confidence="unknown",
    speed_sentence="Nothing is known of the CPU there.",
    memory=MemoryShare(
        150 * MEBIBYTE, 160 * MEBIBYTE, 170 * MEBIBYTE, 904 * MEBIBYTE, 120 * MEBIBYTE, 31 * MEBIBYTE, 0
    ),
    connections=connections_needed(2, 15, pool=(5, 10), limit=100),
    gives_way=("CPU", "slots"),
    utilization={"CPU": 0.98, "slots": 0.7},
)

ADVICE = Advice(
    subject="shop",
    server="gunicorn, 1 worker",
    objective="95 % of answers within 500 ms",
    measured_at="2026-01-01T00:00:00+00:00",
    measured_rps=100.0,
    measured_low_rps=95.0,
    measured_high_rps=105.0,
    need=NEED,
    people_per_rps=(56.0, 280.0, 1400.0),
    headroom=0.3,
    caveats=(Caveat("requests-at-once", "A page may send several requests at once.", "Try it."),),
    chosen=OFFER,
    refused=(
        Refusal("hetzner-cx23", 4.0, "memory", "one worker may take 300 MB"),
        Refusal("vultr-vc2-1c-1gb", 5.0, "cpu", "it carries 40 requests/s"),
        Refusal("linode-g6-nanode-1", 5.0, "cpu", "it carries 40 requests/s"),
    ),
    levels=(Level("quiet", 10.0, "do-s-1vcpu-1gb", 6.0), Level("busy", 300.0, "", None)),
    changes=(Change("twice the CPUs", "2 CPUs instead of 1.", 240.0, (1.8, 2.0, 2.2)),),
    times_the_room=80.0 / (50.0 / 0.7),
    people_share=0.9,
)


def flat(text: str) -> str:
    return " ".join(text.split())


def test_the_answer_comes_first_and_what_limits_it_last() -> None:
    lines = advice_text(ADVICE).splitlines()
    assert lines[0].startswith("shop: do-s-1vcpu-1gb is the cheapest that holds.")
    assert "1.6 times what the busiest hour asks for" in flat(advice_text(ADVICE))  # 80 / 50
    assert lines[-1] == "  - A page may send several requests at once. Try it."


@pytest.mark.parametrize("width", [60, 80, 100])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert max(len(line) for line in advice_text(ADVICE, width).splitlines()) <= width


def test_the_need_is_told_with_its_range_and_its_headroom() -> None:
    text = flat(advice_text(ADVICE))
    assert "50 requests/s in the busiest hour of 20,000 people a day (10 to 300: people differ)." in text
    assert "With 30 % kept free, a plan must carry 71/s." in text  # 50 / 0.7


def test_connections_are_printed_term_by_term_and_add_up() -> None:
    text = advice_text(ADVICE)
    assert "At most 64 of the 100 that PostgreSQL allows as it comes." in flat(text)
    block = text[text.index("Database connections") : text.index("together")]
    counts = [int(count) for count in re.findall(r"^    [a-z ]*[a-z] +(\d+)  ", block, re.MULTILINE)]
    assert counts == [30, 0, 30, 1, 3]
    assert sum(counts) == 64
    assert "2 workers x (5 + 10)" in flat(text)


def test_plans_that_do_not_do_for_one_reason_stand_together() -> None:
    text = flat(advice_text(ADVICE))
    assert "One worker may take 300 MB: hetzner-cx23 (4 USD a month)." in text
    assert "It carries 40 requests/s: vultr-vc2-1c-1gb, linode-g6-nanode-1 (5 USD a month)." in text


def test_the_cheapest_machine_of_all_says_not_to_buy_more() -> None:
    text = flat(advice_text(replace(ADVICE, refused=(), is_cheapest=True)))
    assert text.startswith("shop: Do not buy anything larger: do-s-1vcpu-1gb, the cheapest machine")


def test_a_plan_that_only_probably_does_is_said_to() -> None:
    unsure = replace(OFFER, low_rps=60.0, plan=replace(PLAN, id="cheaper"), usd_month=4.0)
    text = flat(advice_text(replace(ADVICE, probable=unsure)))
    assert "cheaper, 4 USD a month, probably does: 120 requests/s would be enough, but it may be as few as 60." in text
    alone = flat(advice_text(replace(ADVICE, chosen=None, probable=unsure)))
    assert alone.startswith("shop: No plan surely holds; cheaper probably does.")


def test_when_no_plan_holds_it_is_said_how_far_the_largest_is_from_it() -> None:
    far = replace(NEED, rate_rps=7000.0)
    text = flat(advice_text(replace(ADVICE, chosen=None, best=OFFER, need=far)))
    assert "No plan of the catalogue holds. The largest, do-s-1vcpu-1gb, carries 120 requests/s, and 10,000 are" in text
    assert "largest DigitalOcean" in text


def test_the_guesses_are_told_with_their_part_and_their_origin() -> None:
    text = flat(advice_text(ADVICE))
    assert "sessions per day 3 (1.2 to 14, assumed): 80 %; peak factor 3 (2 to 4, from your access log): 20 %" in text
    assert "People bring 90 % of the whole range" in text


def test_habits_that_are_all_known_are_told_as_no_guesses() -> None:
    known = replace(NEED, shares={"peak_factor": 0.0, "sessions_per_day": 0.0})
    text = flat(advice_text(replace(ADVICE, need=known)))
    assert "None about people: peak factor 3 (from your access log), sessions per day 3 (assumed)." in text


def test_what_happens_at_the_limit_of_memory_depends_on_the_plan() -> None:
    assert "gunicorn starts another" in flat(advice_text(ADVICE))
    platform = replace(OFFER, plan=replace(PLAN, product="App Platform"))
    assert "the platform ends the instance" in flat(advice_text(replace(ADVICE, chosen=platform)))


def test_what_each_request_leaves_behind_is_told_as_the_hours_until_the_room_is_used_up() -> None:
    # 904 - 170 MB of room, 50 requests/s of 1,000 bytes: 769,654,784 / 50,000 s = 4.3 hours.
    growing = replace(OFFER, memory=replace(OFFER.memory, request=1000.0)) if OFFER.memory else OFFER
    text = flat(advice_text(replace(ADVICE, chosen=growing)))
    assert "Each request leaves 1,000 bytes behind: at the busiest hour's rate the room is used up after 4.3" in text


def test_a_log_behind_a_proxy_is_said_to_tell_no_people_apart() -> None:
    log = LogSummary(
        days=3,
        whole_days=1,
        requests_per_day=1000.0,
        visitors_per_day=1.0,
        sessions_per_day=40.0,
        peak_hour=3.0,
        static_share=0.25,
        robot_share=0.1,
        lines=4000,
        malformed=2,
        first_malformed=17,
        is_behind_proxy=True,
        is_sampled=False,
    )
    text = flat(advice_text(replace(ADVICE, log=log)))
    assert "4,000 lines of 3 days, 1 of them whole. 25 % were files, 10 % programs" in text
    assert "2 lines could not be read, the first is line 17." in text
    assert "Use the proxy's own log." in text


def test_without_a_question_the_ladder_tells_how_many_people_each_plan_carries() -> None:
    text = flat(
        advice_text(replace(ADVICE, need=None, chosen=None, refused=(), levels=(), changes=(), ladder=(OFFER,)))
    )
    assert "do-s-1vcpu-1gb: 120 requests/s (80 to 180)" in text
    # 120 x 280 people; the two ranges are independent, so they add up as squares of logarithms:
    # exp(hypot(ln 5, 0.839 ln 1.5)) = 5.18 times fewer, and as many times more.
    assert "34,000 people a day (6,500 to 170,000)" in text


def test_the_json_holds_the_same_facts() -> None:
    document = json.loads(json.dumps(advice_json(ADVICE)))
    assert next(iter(document)) == "schema"
    assert document["schema"] == "seatrial.advice/1"
    assert document["chosen"]["connections"]["total"] == 64
    assert document["need"]["capacity_rps"] == pytest.approx(50 / 0.7)
    assert document["runner_up"] is None


def names_of(value: Any, path: str = "") -> Iterator[str]:
    """Every name of a JSON value, as the reference writes them."""
    if isinstance(value, dict):
        is_by_name = path.rpartition(".")[2] in {"habits", "sources", "shares", "utilization"}
        for key, inner in value.items():
            name = f"{path}.{'NAME' if is_by_name else key}".lstrip(".")
            yield name
            yield from names_of(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from names_of(inner, f"{path}[]")


def test_the_reference_of_the_json_names_what_is_printed_and_nothing_else() -> None:
    apart = replace(OFFER, database=replace(PLAN, id="managed"))
    log = LogSummary(1, 1, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 1, 0, None, is_behind_proxy=False, is_sampled=False)
    complete = replace(ADVICE, chosen=apart, runner_up=apart, probable=apart, best=apart, ladder=(apart,), log=log)
    printed = {
        re.sub(r"^(chosen|runner_up|probable|best|ladder\[\])\.", "OFFER.", name)
        for name in names_of(advice_json(complete))
    }
    printed = {re.sub(r"^OFFER\.(plan|database)\.", "PLAN.", name) for name in printed}
    page = (ROOT / "docs" / "reference" / "advise-json.md").read_text(encoding="utf-8")
    names = re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)
    assert len(names) == len(set(names))
    assert printed == set(names)
