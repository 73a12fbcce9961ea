"""A recorded visit made the workload, and played once to see that it goes through."""

from dataclasses import replace
from pathlib import Path

from seatrial.discover.proposal import FoundOperation, Proposal
from seatrial.discover.recorded_visit import RecordedVisit
from seatrial.errors import SeatrialError
from seatrial.load import event_loop
from seatrial.load.driver import Driver
from seatrial.load.workload import Workload
from seatrial.spec.workload import WorkloadSpec

__all__ = ["with_recording"]

SIGN_IN_S = 30.0


def with_recording(proposal: Proposal, visit: RecordedVisit, source: Path, url: str, folder: Path) -> Proposal:
    """The proposal with the visit as its only operation. url: of the running app; folder: for the file meanwhile."""
    ready = replace(
        proposal,
        operations=(FoundOperation("visit", "/", group="visit", signed_in=True),),
        journeys=visit.text,
        signs_in=visit.signs_in,
    )
    left = f"{visit.files} files and {visit.elsewhere} requests to other hosts left out"
    what = f"{visit.requests} requests of {source.name}, {left}"
    return ready.with_clue("visit", what, "recorded by a browser", _trouble(visit, url, folder))


def _trouble(visit: RecordedVisit, url: str, folder: Path) -> str:
    """What went wrong when it was played once; empty when all went well."""
    path = folder / "recorded.py"
    path.write_text(visit.text, encoding="utf-8")
    sign_in = "sign_in" if visit.signs_in else ""
    spec = WorkloadSpec(journeys=path, mix={"visit": 1.0}, sign_in=sign_in, people=1)

    async def played() -> tuple[str, ...]:
        async with Driver(url, Workload.from_spec(spec), seed=1, run_token="recorded") as driver:  # noqa: S106 - no password
            await driver.sign_in_all(deadline_s=SIGN_IN_S)
            record = await driver.serial(("visit",), int, int, lambda *_: None)
            return record.failures

    try:
        failures = event_loop.run(played())
    except SeatrialError as error:
        return f"It did not go through: {error.what} Mend journeys.py; --user and --password fill in who signs in."
    return f"It did not go through: {failures[0][:300]} Mend journeys.py." if failures else ""
