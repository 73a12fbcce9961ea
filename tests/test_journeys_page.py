"""The reference page of journeys: what it shows runs as it stands, and nothing is left out of it."""

import inspect
import re
from pathlib import Path

import pytest

from seatrial.load import journeys
from seatrial.load.books.observation import LoadRecord
from seatrial.load.driver import Driver
from seatrial.load.event_loop import run
from seatrial.load.workload import Workload

LIVE = ("say", "echo", "hear", "tell")
PAGE = Path(__file__).parent.parent / "docs" / "reference" / "journeys.md"


def shown() -> str:
    """Every piece of Python on the page, as one file."""
    return "\n\n".join(re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL))


@pytest.fixture(scope="module")
def workload(tmp_path_factory: pytest.TempPathFactory) -> Workload:
    path = tmp_path_factory.mktemp("journeys") / "journeys.py"
    path.write_text(shown(), encoding="utf-8")
    names = re.findall(r"^def (\w+)\(person\):", shown(), re.MULTILINE)
    found = {name: one for name, one in journeys.load_journeys(path, names).items() if name not in LIVE}
    sign_in = found.pop("sign_in")
    return Workload(found, dict.fromkeys(found, 1.0), sign_in, people=2)


@pytest.fixture(scope="module")
def live_workload(tmp_path_factory: pytest.TempPathFactory) -> Workload:
    path = tmp_path_factory.mktemp("journeys") / "journeys.py"
    path.write_text(shown(), encoding="utf-8")
    return Workload(journeys.load_journeys(path, LIVE), dict.fromkeys(LIVE, 1.0), people=2, arrivals="constant")


def test_every_journey_that_the_page_shows_runs_against_a_real_app_without_a_failure(
    app: str, workload: Workload
) -> None:
    judged: list[str] = []

    async def main() -> LoadRecord:
        async with Driver(app, workload, seed=1, run_token="page") as driver:
            await driver.sign_in_all()
            return await driver.serial(workload.operations, int, int, lambda seen, *_: judged.append(seen.error))

    record = run(main())
    assert record.failures == ()
    assert len(workload.operations) > 10
    assert judged == [""] * len(record.observations)


def test_every_journey_over_live_connections_runs_against_a_real_app_without_a_failure(
    live_app: str, live_workload: Workload
) -> None:
    async def main() -> LoadRecord:
        async with Driver(live_app, live_workload, seed=1, run_token="page") as driver:
            return await driver.open_loop(20, 2.0)

    record = run(main())
    assert record.failures == ()
    seen = {one.operation for one in record.observations}
    assert {"say (connect)", "say (emit)", "say (wait)", "echo (connect)", "echo (wait)", "tell"} <= seen
    assert "hear (broadcast)" in seen


def test_the_page_names_everything_that_a_journeys_file_can_import() -> None:
    text = PAGE.read_text(encoding="utf-8")
    steps = {name for name in journeys.__all__ if inspect.isfunction(getattr(journeys, name))} - {"load_journeys"}
    for name in steps | {"File", "Zipf", "ExpectationError"}:
        assert re.search(rf"\b{name}\(|`{name}`", text), f"{name} is not on the page"
    for name in steps - {"expect", "form"}:
        assert re.search(rf"yield {name}\(", text), f"{name} has no example"
