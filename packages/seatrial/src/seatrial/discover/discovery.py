"""From a project's folder to the proposal of a seatrial.toml: read, started, looked at."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from seatrial.discover.choosing import with_coverage
from seatrial.discover.crawl import Found, crawl
from seatrial.discover.data_seen import with_data_seen
from seatrial.discover.description import described_in
from seatrial.discover.drafting import Facts, drafts, read_project
from seatrial.discover.entering import Entering, with_superuser
from seatrial.discover.journeys_text import People
from seatrial.discover.locust_tasks import locust_requests
from seatrial.discover.log_operations import LoggedRequests, logged_requests
from seatrial.discover.own_name import headers_that_open
from seatrial.discover.preparing import manage_file, manage_of
from seatrial.discover.proposal import Proposal
from seatrial.discover.recorded_visit import recorded_visit
from seatrial.discover.repairs import last_words, wants_tables
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

    prepare: commands that make data or people, after those found. signs_up: whether new people may be made, in the
    trial's private data. logs: its access logs; locust: a Locust file, in their place. openapi: a description of the
    app. har: a visit that a browser recorded, in place of what is found.
    """

    app: str = ""
    command: str = ""
    python: Path | None = None
    user: str = ""
    password: str = ""
    signs_up: bool = False
    logs: tuple[Path, ...] = ()
    har: Path | None = None
    prepare: tuple[str, ...] = ()
    openapi: Path | None = None
    locust: Path | None = None


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
    elif wishes.locust is not None:
        logged = locust_requests(wishes.locust)
    visit = None
    if wishes.har is not None:
        visit = recorded_visit(wishes.har, user=wishes.user, password=wishes.password)
    openapi = described_in(wishes.openapi) if wishes.openapi else ""
    tell("reading the project")
    facts = read_project(root, python=wishes.python)
    made = drafts(facts, app=wishes.app, command=wishes.command)
    with started([_with_wishes(draft, facts, wishes) for draft in made], facts, tell) as running:
        draft, testbed = running.proposal, running.testbed
        tell("opening its pages")
        asked = [path for methods, path in running.routes if "GET" in methods and "{" not in path]
        declared = [*_logged_paths(logged), *(asked or declared_paths(facts.tree))]
        draft = _with_headers(draft, headers_that_open(testbed.url, facts.tree))
        public = crawl(Visitor(testbed.url, dict(draft.headers)), declared, openapi=openapi)
        people = People(wishes.user, wishes.password, wishes.signs_up)
        entering = Entering(testbed.url, people, logged, lambda visitor: crawl(visitor, declared, openapi=openapi))
        if visit is None or wishes.har is None:
            proposal = entering.with_operations(draft, public)
        else:
            tell("playing the recorded visit")
            with tempfile.TemporaryDirectory(prefix="seatrial-init-") as folder:
                proposal = with_recording(draft, visit, wishes.har, testbed.url, Path(folder))
        if not proposal.operations:
            raise _nothing_good(testbed, public)
        proposal = _with_files(_with_troubles(proposal, public, testbed), public)
        proposal = _with_written(with_data_seen(proposal, testbed.database), running.copy.written(proposal.files))
    proposal = replace(proposal, health_path=_health_path(public))
    return proposal if visit else with_coverage(proposal, logged, running.routes)


def _with_wishes(draft: Proposal, facts: Facts, wishes: Wishes) -> Proposal:
    for command in wishes.prepare:
        draft = draft.with_prepared(command, "as you said").with_clue("prepared by", command, "as you said")
    if wishes.signs_up and not wishes.user and manage_file(facts.tree):
        draft = with_superuser(draft, manage_of(facts.tree, draft.directory))
    return draft


def _with_headers(draft: Proposal, headers: Mapping[str, str]) -> Proposal:
    """What a proxy in front of the app tells it where it is deployed."""
    if not headers:
        return draft
    reasons = {"Host": "it answers only to its own name", "X-Forwarded-Proto": "it sends everybody else to HTTPS"}
    told = ", ".join(f"{name}: {value}" for name, value in headers.items())
    how = " and ".join(reasons[name] for name in headers)
    return replace(draft, headers=headers).with_clue("headers", f"{told}, sent with every request", how)


def _logged_paths(logged: LoggedRequests | None) -> list[str]:
    """Addresses that people asked for, the commonest first."""
    if logged is None:
        return []
    return [path for group, path in logged.samples.items() if group.startswith("GET ")][:PATHS_TRIED]


def _health_path(public: Found) -> str:
    paths = [answer.path for answer in public.good.values()]
    return next((path for path in paths if "health" in path), paths[0] if paths else "/")


def _with_troubles(proposal: Proposal, public: Found, testbed: Testbed) -> Proposal:
    words = last_words(testbed.log_tail(200))
    failed = [answer for answer in public.bad.values() if answer.status >= 500 or answer.status == 0]
    for answer in failed[:3]:
        doubt = f"The app's last words on it: {words}" if words else "Open it yourself; the app's log says why."
        if wants_tables(testbed.log_tail(200)):
            doubt = "A table is missing: put the command that makes the tables into subject.prepare."
        proposal = proposal.with_clue(
            "error", f"GET {answer.asked} answers {answer.status}", "when it was opened", doubt
        )
    return proposal


def _with_written(proposal: Proposal, written: list[str]) -> Proposal:
    """An app that keeps data in its own folder is measured in a copy of it."""
    if not written:
        return replace(proposal, is_copied=False)
    doubt = "Each trial runs in a copy of the folder, so that your own files stay as they are."
    what = f"written into the project's folder, such as {', '.join(written)}"
    return replace(proposal, is_copied=True).with_clue("files", what, "seen in a copy", doubt)


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
