"""From a project's folder to the proposal of a seatrial.toml: read, started, looked at."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from seatrial.discover.choosing import with_coverage
from seatrial.discover.crawl import Found, crawl
from seatrial.discover.data_seen import with_data_seen
from seatrial.discover.drafting import drafts, read_project
from seatrial.discover.entering import Entering
from seatrial.discover.journeys_text import People
from seatrial.discover.log_operations import LoggedRequests, logged_requests
from seatrial.discover.proposal import Proposal
from seatrial.discover.recorded_visit import recorded_visit
from seatrial.discover.repairs import wants_tables
from seatrial.discover.replaying import with_recording
from seatrial.discover.routes import declared_paths
from seatrial.discover.starting import started
from seatrial.discover.visitor import Visitor
from seatrial.errors import TestbedError
from seatrial.testbed.testbed import Testbed

__all__ = ["Wishes", "discover_project"]

LOG_LINES = 20

PATHS_TRIED = 30
"""Of a log; more are rarer than one in a hundred."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user said. app, command, python: before anything found. user, password: of somebody who may sign in.

    signs_up: whether new people may be made by the app's own form, in the trial's private data. logs: its access logs.
    har: a visit that a browser recorded, in place of what is found.
    """

    app: str = ""
    command: str = ""
    python: Path | None = None
    user: str = ""
    password: str = ""
    signs_up: bool = False
    logs: tuple[Path, ...] = ()
    har: Path | None = None


def discover_project(root: Path, wishes: Wishes, tell: Callable[[str], None]) -> Proposal:
    """A proposal whose app started and whose operations were answered well.

    Raises:
        SpecError: no such folder, or no app in it.
        TestbedError: the app does not start, or answers nothing well; with its own last words.
    """
    logged = None
    if wishes.logs:
        tell("reading the log")
        logged = logged_requests(wishes.logs)
    visit = None
    if wishes.har is not None:
        visit = recorded_visit(wishes.har, user=wishes.user, password=wishes.password)
    tell("reading the project")
    facts = read_project(root, python=wishes.python)
    with started(drafts(facts, app=wishes.app, command=wishes.command), facts, tell) as (draft, testbed):
        tell("opening its pages")
        declared = [*_logged_paths(logged), *declared_paths(facts.tree)]
        public = crawl(Visitor(testbed.url), declared)
        people = People(wishes.user, wishes.password, wishes.signs_up)
        entering = Entering(testbed.url, people, logged, lambda visitor: crawl(visitor, declared))
        if visit is None or wishes.har is None:
            proposal = entering.with_operations(draft, public)
        else:
            tell("playing the recorded visit")
            with tempfile.TemporaryDirectory(prefix="seatrial-init-") as folder:
                proposal = with_recording(draft, visit, wishes.har, testbed.url, Path(folder))
        if not proposal.operations:
            raise _nothing_good(testbed, public)
        proposal = _with_files(_with_troubles(proposal, public, testbed), public)
        proposal = with_data_seen(proposal, testbed.database)
    proposal = replace(proposal, health_path=_health_path(public))
    return proposal if visit else with_coverage(proposal, logged)


def _logged_paths(logged: LoggedRequests | None) -> list[str]:
    """Addresses that people asked for, the commonest first."""
    if logged is None:
        return []
    return [path for group, path in logged.samples.items() if group.startswith("GET ")][:PATHS_TRIED]


def _health_path(public: Found) -> str:
    paths = [answer.path for answer in public.good.values()]
    return next((path for path in paths if "health" in path), paths[0] if paths else "/")


def _with_troubles(proposal: Proposal, public: Found, testbed: Testbed) -> Proposal:
    failed = [answer for answer in public.bad.values() if answer.status >= 500 or answer.status == 0]
    for answer in failed[:3]:
        doubt = "Open it yourself; the app's log says why."
        if wants_tables(testbed.log_tail(200)):
            doubt = "A table is missing: put the command that makes the tables into subject.prepare."
        proposal = proposal.with_clue(
            "error", f"GET {answer.asked} answers {answer.status}", "when it was opened", doubt
        )
    return proposal


def _with_files(proposal: Proposal, public: Found) -> Proposal:
    """Stylesheets and the like that the app hands out itself: a proxy does that for a hundredth of the time."""
    if not public.files:
        return proposal
    slowest = max(public.files, key=lambda answer: answer.seconds)
    what = f"{len(public.files)} served by the app, such as {slowest.asked}"
    took = f"{1000 * slowest.seconds:.0f} ms"
    doubt = f"It took {took} of the app's time; where it is deployed let a proxy or WhiteNoise do it."
    return proposal.with_clue("files", what, "linked from pages", doubt)


def _nothing_good(testbed: Testbed, public: Found) -> TestbedError:
    told = "\n".join(f"GET {a.asked}: {a.status or 'no answer'}" for a in list(public.bad.values())[:10])
    return TestbedError(
        "the app starts, but answers no page well",
        where=testbed.url,
        try_this="Is there something it needs that is not there: data, a variable, another service? Its last lines are "
        "below. If all its pages are behind a sign-in, name somebody with --user and --password.",
        details=f"{told}\n\nlast lines of the app:\n{testbed.log_tail(LOG_LINES)}",
    )
