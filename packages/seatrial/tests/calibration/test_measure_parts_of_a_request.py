"""Each page of the standard for parts spends its time in one known place; there it must be found."""

import asyncio
import sys
from pathlib import Path

import pytest

from seatrial.load.driver import Driver
from seatrial.load.workload import Workload
from seatrial.measure.inside_pass import InsidePass, Lengths
from seatrial.measure.marked import Marks
from seatrial.measure.parts import with_parts
from seatrial.measure.profile import profile_operations, profile_sequence, profiles_from
from seatrial.measure.queries import count_queries
from seatrial.spec.plan import Limits, Plan, Price
from seatrial.spec.subject import Database, Server, Subject
from seatrial.spec.trial_spec import TrialSpec
from seatrial.spec.workload import OperationSpec, WorkloadSpec
from seatrial.testbed.testbed import Testbed

pytestmark = pytest.mark.quiet

SUBJECTS = Path(__file__).parent / "subjects"
CREATE = (
    "import os, psycopg\nwith psycopg.connect(os.environ['DATABASE_URL']) as c:\n"
    "    c.execute('CREATE TABLE counters (id int PRIMARY KEY, n int)')\n"
    "    c.execute('INSERT INTO counters SELECT g, 0 FROM generate_series(0, 99) g')"
)
PAGES = ("spin", "elsewhere", "database", "many", "locked")
SLOTS = 2
THROUGHPUT_RPS = 60.0


def a_trial() -> TrialSpec:
    return TrialSpec(
        path=Path("seatrial.toml"),
        subject=Subject(
            name="parts",
            app="parts:app",
            directory=SUBJECTS,
            python=Path(sys.executable),
            server=Server(threads=SLOTS),
            database=Database(),
            environment={"DATABASE_URL": "{database_url}", "PYTHONDONTWRITEBYTECODE": "1"},
            prepare=(("{python}", "-c", CREATE),),
        ),
        plan=Plan("plan", "nobody", "a plan", Limits(1.0, 512 * 1024 * 1024), Price(None, "", "")),
        workload=WorkloadSpec(operations=tuple(OperationSpec(name, f"/{name}") for name in PAGES), people=1),
    )


async def seen_alone(testbed: Testbed, workload: Workload):
    async with Driver(testbed.url, workload, seed=1, run_token="a") as driver:
        await driver.closed_loop(SLOTS, 0.5)
        sequence = profile_sequence(workload.weights, 0.02, 1.0, 1)
        samples = await profile_operations(driver, testbed, sequence)
        profiles = profiles_from(samples, dict.fromkeys(PAGES, 0.2))
        return profiles, await count_queries(driver, testbed.database, PAGES)


async def seen_inside(testbed: Testbed, marks: Marks, workload: Workload, profiles):
    lengths = Lengths(warm_up_s=0.5, alone_s=2.0, load_s=2.0, each_s=4.0)
    async with Driver(testbed.url, marks.workload, seed=2, run_token="b") as driver:
        passes = InsidePass(
            driver, testbed, marks, workload.weights, profiles, THROUGHPUT_RPS, 1.0, SLOTS, seed=1, lengths=lengths
        )
        return await passes.run()


@pytest.fixture(scope="module")
def found():
    """Profiles with their parts, queries and demands of one testbed, in shorter passes than a study has."""
    with Testbed(a_trial()) as testbed:
        testbed.prepare()
        workload = Workload.from_spec(a_trial().workload)
        testbed.start(1, SLOTS, fresh_data=True)
        profiles, queries = asyncio.run(seen_alone(testbed, workload))
        testbed.start(1, SLOTS, fresh_data=True, is_measured=True)
        demands = asyncio.run(seen_inside(testbed, Marks(workload), workload, profiles))
        by_name = {p.operation: p for p in with_parts(profiles, queries, demands.alone)}
        yield by_name, {q.operation: q for q in queries}, demands


@pytest.mark.parametrize(
    ("page", "part", "truth_s"),
    [
        ("spin", "app_cpu_s", 0.010),
        ("elsewhere", "external_wait_s", 0.020),
        ("database", "database_wait_s", 0.020),
        ("locked", "lock_wait_s", 0.030),
    ],
)
def test_time_spent_in_one_known_place_is_found_there_and_nowhere_else(found, page, part, truth_s) -> None:
    """Within 10 %, a millisecond of server and wake-ups on top; another waiting part holds less than a tenth of it."""
    profile = found[0][page]
    assert truth_s <= getattr(profile, part) * 1.02
    assert getattr(profile, part) <= 1.10 * truth_s + 0.001
    for other in {"external_wait_s", "database_wait_s", "lock_wait_s"} - {part}:
        assert getattr(profile, other) < max(0.1 * truth_s, 0.0015), other
    assert abs(profile.unattributed_s) < max(0.1 * profile.wall_s, 0.0015)


def test_a_statement_sent_25_times_is_counted_and_timed_as_one_and_its_round_trips_all(found) -> None:
    queries, profile = found[1]["many"], found[0]["many"]
    ((statement, count, seconds),) = queries.dear
    assert (statement, count) == ("SELECT n FROM counters WHERE id = ?", 25.0)
    assert 0.0 < seconds < profile.wall_s
    assert (profile.round_trips, profile.rows, profile.answer_bytes) == (25.0, 25.0, 1000.0)
    assert found[0]["locked"].round_trips == 4.0  # the holder's BEGIN, SELECT and COMMIT, and the page's own UPDATE


def test_a_connection_is_held_for_the_statement_of_a_page_that_has_one(found) -> None:
    assert found[0]["database"].connection_hold_s == pytest.approx(0.0205, rel=0.10)


def test_rate_times_time_inside_is_the_number_inside(found) -> None:
    # Little's law; 125 glances at a number between 0 and 2 tell it to some 10 %.
    load = found[2].loads[0]
    assert load.busy_slots == pytest.approx(load.throughput_rps * load.inside_wall_s, rel=0.25)


def test_glances_at_the_backends_find_the_waits_of_the_mix(found) -> None:
    # A fifth of the requests have the database sleep 20 ms, a fifth wait 30 ms for a lock.
    for load in found[2].loads:
        assert load.database.other_wait_s == pytest.approx(0.2 * 0.020, rel=0.35)
        assert load.database.lock_wait_s == pytest.approx(0.2 * 0.030, rel=0.45)
        texts = [text for text, _ in load.database.statements[:2]]
        assert sorted(texts) == ["SELECT pg_sleep(?)", "UPDATE counters SET n = n + ? WHERE id = ?"]


def test_what_regression_tells_of_the_spin_holds_its_true_cost(found) -> None:
    row = next(row for row in found[2].regression if row.operation == "spin")
    assert row.regressed_s is not None
    assert abs(row.regressed_s - row.alone_s) < max(3.0 * row.error_s, 0.001)


def test_the_middleware_costs_less_than_a_tenth_of_a_millisecond(found) -> None:
    cost = found[2].middleware
    assert cost is not None
    assert abs(cost.cost_s) < 0.0001 + 2.0 * cost.error_s
    assert cost.error_s < 0.0001
