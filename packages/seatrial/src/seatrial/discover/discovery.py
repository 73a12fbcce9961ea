"""From a project's folder to the proposal of a seatrial.toml: read, started, looked at."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from seatrial.discover.crawl import Found, crawl
from seatrial.discover.drafting import data_doubt, drafts, read_project
from seatrial.discover.journeys_text import journeys_text
from seatrial.discover.proposal import FoundOperation, Proposal
from seatrial.discover.repairs import wants_tables
from seatrial.discover.routes import declared_paths, group_of
from seatrial.discover.sign_in import PASSWORD, Entrance, entrances, signed_in_by
from seatrial.discover.starting import started
from seatrial.discover.visitor import Answer, Visitor
from seatrial.errors import TestbedError
from seatrial.testbed.testbed import Testbed

__all__ = ["Wishes", "discover_project"]

OPERATIONS_MAX = 12
"""Each is measured by itself, and a person reads them all."""

LOG_LINES = 20

BESIDE = re.compile(r"^/(admin|docs|redoc|openapi|swagger|api/docs|flask-admin|__debug__)\b")
"""Pages of the staff, and of the framework: hardly what the app's users ask for, where there is anything else."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user said. app, command, python: before anything found. user, password: of somebody who may sign in.

    signs_up: whether new people may be made by the app's own form, in the trial's private data.
    """

    app: str = ""
    command: str = ""
    python: Path | None = None
    user: str = ""
    password: str = ""
    signs_up: bool = False


def discover_project(root: Path, wishes: Wishes, tell: Callable[[str], None]) -> Proposal:
    """A proposal whose app started and whose operations were answered well.

    Raises:
        SpecError: no such folder, or no app in it.
        TestbedError: the app does not start, or answers nothing well; with its own last words.
    """
    tell("reading the project")
    facts = read_project(root, python=wishes.python)
    with started(drafts(facts, app=wishes.app, command=wishes.command), facts, tell) as (draft, testbed):
        tell("opening its pages")
        declared = declared_paths(facts.tree)
        public = crawl(Visitor(testbed.url), declared)
        proposal = _with_entrance(draft, testbed, public, wishes, lambda visitor: crawl(visitor, declared))
        if not proposal.operations:
            raise _nothing_good(testbed, public)
        proposal = _with_troubles(proposal, public, testbed)
    return _with_doubts(replace(proposal, health_path=_health_path(public)))


def _with_entrance(
    proposal: Proposal,
    testbed: Testbed,
    public: Found,
    wishes: Wishes,
    crawled: Callable[[Visitor], Found],
) -> Proposal:
    """The proposal with its operations: public pages, and those of somebody signed in where that was possible."""
    doors = entrances(public.pages)
    sign_in = next((door for door in doors if not door.registers), None)
    sign_up = next((door for door in doors if door.registers), None) if wishes.signs_up else None
    if sign_in is None or not (wishes.user or sign_up):
        if sign_in is not None:
            doubt = "What is behind it was not opened: name somebody with --user and --password, or allow --sign-up."
            proposal = proposal.with_clue("sign-in", f"form at {sign_in.path}", "found on a page", doubt)
        return replace(proposal, operations=_operations(public.names(), public))
    visitor, user, password = Visitor(testbed.url), wishes.user, wishes.password
    if sign_up and not wishes.user:
        user, password = "trialperson1", PASSWORD
        if signed_in_by(visitor, sign_up, user, password) is None:
            doubt = f"The form at {sign_up.path} was not accepted; name somebody with --user and --password."
            proposal = proposal.with_clue("sign-in", f"form at {sign_in.path}", "found on a page", doubt)
            return replace(proposal, operations=_operations(public.names(), public))
        visitor = Visitor(testbed.url)
    if signed_in_by(visitor, sign_in, user, password) is None:
        doubt = f"{user} could not sign in there; are user and password right, and does subject.prepare make them?"
        proposal = proposal.with_clue("sign-in", f"form at {sign_in.path}", "found on a page", doubt)
        return replace(proposal, operations=_operations(public.names(), public))
    return _with_journeys(proposal, crawled(visitor), public, (sign_in, sign_up), (user, password))


def _with_journeys(
    proposal: Proposal,
    inside: Found,
    public: Found,
    doors: tuple[Entrance, Entrance | None],
    credentials: tuple[str, str],
) -> Proposal:
    sign_in, sign_up = doors
    seen = _operations(inside.names(), inside)
    own = credentials[0].lower()
    operations = tuple(
        replace(operation, signed_in=True, name=operation.name.replace(own, "own")) for operation in seen
    )
    known = {operation.name for operation in operations}
    outside = [o for o in _operations(public.names(), public) if o.name not in known and o.path != sign_in.path]
    if sign_up is not None:
        outside = [o for o in outside if o.path != sign_up.path]
    text = journeys_text(proposal.name, sign_in, sign_up, operations, user=credentials[0], password=credentials[1])
    how = "each person signs up first" if sign_up else f"as {credentials[0]}"
    ready = replace(proposal, operations=(*operations, *outside[: OPERATIONS_MAX - len(operations)]), journeys=text)
    return ready.with_clue("sign-in", f"form at {sign_in.path}", how)


def _operations(named: Mapping[str, Answer], found: Found) -> tuple[FoundOperation, ...]:
    """The most linked ones, as many as can be looked over."""

    def linked(name: str) -> int:
        return found.links[group_of(named[name].path)]

    def rank(name: str) -> tuple[bool, bool, int]:
        path = named[name].path
        return bool(BESIDE.search(path)), path != "/", -linked(name)

    chosen = sorted(named, key=rank)[:OPERATIONS_MAX]
    if any(not BESIDE.search(named[name].path) for name in chosen):
        chosen = [name for name in chosen if not BESIDE.search(named[name].path)]
    return tuple(
        FoundOperation(name, named[name].path, seconds=named[name].seconds, bytes=len(named[name].body))
        for name in chosen
    )


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


def _with_doubts(proposal: Proposal) -> Proposal:
    count = len(proposal.operations)
    doubt = "How often each is asked for is a guess: all alike. An access log of yours would tell."
    proposal = proposal.with_clue("operations", f"{count} found", "by opening the pages from / on", doubt)
    if proposal.database == "embedded" and not any(clue.topic == "data" for clue in proposal.clues):
        proposal = replace(proposal, clues=(*proposal.clues, data_doubt()))
    return proposal


def _nothing_good(testbed: Testbed, public: Found) -> TestbedError:
    told = "\n".join(f"GET {a.asked}: {a.status or 'no answer'}" for a in list(public.bad.values())[:10])
    return TestbedError(
        "the app starts, but answers no page well",
        where=testbed.url,
        try_this="Is there something it needs that is not there: data, a variable, another service? Its last lines are "
        "below. If all its pages are behind a sign-in, name somebody with --user and --password.",
        details=f"{told}\n\nlast lines of the app:\n{testbed.log_tail(LOG_LINES)}",
    )
