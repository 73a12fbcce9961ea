"""The journeys of trials/flotilla against a real Flotilla with a small town: every step of them works."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from seatrial.load.books.observation import LoadRecord
from seatrial.load.driver import Driver
from seatrial.load.event_loop import run
from seatrial.load.workload import Workload
from seatrial.measure.sizes import told_size
from seatrial.spec.reading import read_trial_spec
from seatrial.testbed.testbed import Testbed

TRIAL = Path(__file__).parent.parent / "trials" / "flotilla"
SESSIONS = TRIAL / "sessions.toml"
SIZE = 1_000
FEW = 100


@pytest.fixture(scope="module")
def town() -> Iterator[str]:
    """The address of Flotilla as the trial starts it, in a town of a tenth of the size."""
    spec = read_trial_spec(TRIAL)
    migrate, seed = spec.subject.prepare
    subject = replace(spec.subject, size=SIZE, prepare=(migrate, (*seed, "--pictures", "2")))
    with told_size(SIZE), Testbed(replace(spec, subject=subject)) as testbed:
        testbed.prepare()
        testbed.start(1, 4, fresh_data=True)
        yield testbed.url


def test_every_operation_of_both_mixes_is_answered_rightly(town: str) -> None:
    for file in ("seatrial.toml", "deathstar.toml"):
        spec = read_trial_spec(TRIAL / file).workload
        # Pictures take too long to make anew for a mix that is repeated for minutes; they are part of whole visits.
        spec = replace(spec, people=3, mix={**spec.mix, "post_a_picture": 0.1})
        workload = Workload.from_spec(spec)

        async def main(workload: Workload = workload, file: str = file) -> LoadRecord:
            async with Driver(town, workload, seed=1, run_token=f"each{file[0]}") as driver:
                await driver.sign_in_all()
                return await driver.serial(2 * tuple(workload.weights), int, int, lambda *_: None)

        record = run(main())
        assert record.failures == (), file
        assert {one.operation.removesuffix(" (redirect)") for one in record.requests} == set(spec.mix)


def test_whole_visits_of_new_and_of_returning_people_go_through_every_step(town: str) -> None:
    workload = Workload.from_spec(replace(read_trial_spec(SESSIONS).workload, people=8))
    steps = {"arrive", "sign_in", "home", "one_post", "profile", "older_home", "public", "like", "write_post", "static"}
    steps |= {"picture"}
    seen: Counter[str] = Counter()

    async def main() -> LoadRecord:
        async with Driver(town, workload, seed=1, run_token="visits") as driver:
            await driver.sign_in_all()
            # Back to back, since pauses would make minutes of it; until each step was there, however rare.
            return await driver.closed_loop(
                4, 60.0, on_request=lambda one: seen.update((one.operation,)), until=lambda: steps <= seen.keys()
            )

    record = run(main())
    assert record.failures == ()
    assert {name.removesuffix(" (redirect)") for name in seen} - {"post_a_picture"} == steps
    # Stylesheet and icon are fetched once by each browser: by those who arrive, and by the pool at their first visit.
    assert seen["static"] <= 2 * (seen["arrive"] + 8)


@pytest.mark.long
def test_open_pages_hear_of_all_that_is_posted_on_the_whole_site() -> None:
    spec = read_trial_spec(TRIAL / "live.toml")
    assert spec.workload.listeners > 0
    told = Counter(write_post=2, reply=1, repost=1)
    mix = {"home": 1.0} | {name: float(weight) for name, weight in told.items()}
    with told_size(FEW), Testbed(replace(spec, subject=replace(spec.subject, size=FEW))) as testbed:
        testbed.prepare()
        testbed.start(1, 4, fresh_data=True)
        workload = Workload.from_spec(replace(spec.workload, people=6, listeners=8, mix=mix))
        seen: Counter[str] = Counter()

        async def main() -> LoadRecord:
            async with Driver(testbed.url, workload, seed=1, run_token="live") as driver:
                await driver.sign_in_all()
                async with driver.hold():
                    return await driver.closed_loop(
                        3, 60.0, on_request=lambda one: seen.update((one.operation,)), until=lambda: told <= seen
                    )

        record = run(main())
    assert record.failures == ()
    # Whoever posts has a page open as well, so that each post is heard of there at least.
    assert (record.heard.unheard, record.heard.unknown, record.heard.dropped) == (0, 0, 0)
    # And the time of each was taken, by whoever had a page open that it concerns.
    assert sum(one.is_broadcast for one in record.observations) >= told.total()


@pytest.mark.long
def test_the_session_file_is_driven_as_its_first_lines_say(town: str) -> None:
    command = shown_command(SESSIONS.read_text(encoding="utf-8"))
    assert command[:2] == ["seatrial", "load"]
    options = [town if word.startswith("http://") else word for word in command[2:]]
    short = {"0.5": "5", "4m": "1", "5m": "3"}
    options = [short.get(word, word) for word in options]
    done = subprocess.run(
        [sys.executable, "-m", "seatrial", "load", *options, "--people", "8", "--json"],
        cwd=TRIAL.parent.parent,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    figures = json.loads(done.stdout)
    assert figures["errors"] == {}, done.stderr
    assert figures["sessions"]["begun"] > 0
    assert {"home", "arrive", "sign_in", "static", "picture"} <= figures["operations"].keys()


def shown_command(text: str) -> list[str]:
    """The command that the file's own comment shows."""
    line = next(line for line in text.splitlines() if line.startswith("#     seatrial load "))
    return line.removeprefix("#").split()
