"""Trying to start a draft, and mending it by what the app's own words ask for, until it answers."""

import json
import re
import shlex
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from seatrial.discover import app_routes
from seatrial.discover.caches import value_of_cache
from seatrial.discover.databases import schemes, url_of
from seatrial.discover.drafting import Facts
from seatrial.discover.preparing import SUPERUSER
from seatrial.discover.proposal import Proposal
from seatrial.discover.proposal_text import proposal_text
from seatrial.discover.repairs import missing_variables, wants_driver, wants_usual_port
from seatrial.discover.trial_copy import TrialCopy
from seatrial.discover.values import value_for
from seatrial.discover.visitor import Visitor
from seatrial.errors import SeatrialError, TestbedError
from seatrial.spec.reading import read_trial_spec
from seatrial.spec.trial_spec import TrialSpec
from seatrial.testbed.testbed import Testbed

__all__ = ["NothingStarted", "Started", "spec_of", "started"]

ROUTES = "routes.json"

REPAIRS_MAX = 15
"""Of one draft. Each is one more thing that the app asked for."""

Tell = Callable[[str], None]


class NothingStarted(TestbedError):
    """No draft came to an answer; `tried` holds each with its last error."""

    def __init__(self, tried: Sequence[tuple[Proposal, SeatrialError]]) -> None:
        best, error = tried[0]
        what = f"the app could not be started: {error.what}"
        super().__init__(what, where=error.where, try_this=error.try_this, details=error.details)
        self.tried = tuple(tried)
        self.proposal = best


@dataclass(frozen=True, slots=True)
class Started:
    """A draft that runs. routes: (methods, path) as the app itself tells them; none where it could not be asked.

    written: what was written into the project's folder, as far as it was a copy.
    """

    proposal: Proposal
    testbed: Testbed
    routes: tuple[tuple[tuple[str, ...], str], ...]
    copy: TrialCopy


@contextmanager
def started(drafts: Sequence[Proposal], facts: Facts, tell: Tell) -> Iterator[Started]:
    """The first draft that starts, mended, and the test bed in which it runs.

    Raises:
        NothingStarted: none does; with what was tried and the app's own last words.
    """
    with tempfile.TemporaryDirectory(prefix="seatrial-init-", ignore_cleanup_errors=True) as folder:
        yield from _tried(drafts, facts, Path(folder), tell)


def _tried(drafts: Sequence[Proposal], facts: Facts, folder: Path, tell: Tell) -> Iterator[Started]:
    tried: list[tuple[Proposal, SeatrialError]] = []
    copy = TrialCopy(facts.tree.root, folder)
    for proposal in drafts:
        mended: Proposal | None = proposal
        for _ in range(REPAIRS_MAX):
            if mended is None:
                break
            proposal = mended  # noqa: PLW2901 - the same draft, mended
            tell(f"starting {proposal.target or proposal.command}")
            copy.renew()
            with Testbed(spec_of(proposal, folder, copy)) as testbed:
                failure = _failure(testbed)
                mended = mend(proposal, facts, str(failure)) if failure else None
                if failure is None or (isinstance(failure, _Failing) and mended is None):
                    yield Started(proposal, testbed, _routes(folder / ROUTES), copy)
                    return
        assert failure is not None
        tried.append((proposal, failure))
    raise NothingStarted(tried)


class _Failing(TestbedError):
    """The app is up, but its front page fails."""


def _failure(testbed: Testbed) -> SeatrialError | None:
    """What kept the app from starting, or its last words when its front page is an error of its own."""
    try:
        testbed.prepare()
        testbed.start(1, 4, fresh_data=False, any_answer=True)
    except SeatrialError as failure:
        return failure
    answer = Visitor(testbed.url).get("/")
    if answer.status >= 500:
        return _Failing(f"GET / answers {answer.status}", details=testbed.log_tail(80))
    return None


def spec_of(proposal: Proposal, folder: Path, copy: TrialCopy) -> TrialSpec:
    """The proposal as `seatrial measure` would read it, in a copy of the project; the app is asked its addresses."""
    # The copy is the trial's own already.
    proposal = replace(proposal, directory=copy.place_of(proposal.directory), is_copied=False)
    own = proposal.directory if copy.is_apart else folder
    if proposal.files and not copy.is_apart:
        # Later they lie in the project; before it is sure that they will do, they do not.
        proposal = proposal.with_variable("PYTHONPATH", str(folder), "for the time being")
    for name, content in proposal.files.items():
        (own / name).write_text(content, encoding="utf-8")
    if proposal.target:
        (folder / ROUTES).unlink(missing_ok=True)
        words = ("{python}", app_routes.__file__, proposal.target, str(folder / ROUTES))
        proposal = proposal.with_prepared(shlex.join(words).replace("'{python}'", "{python}"), "asks for addresses")
    text = proposal_text(proposal)
    if not proposal.operations:
        text += '\n[[workload.operations]]\nname = "front"\npath = "/"\n'
    for name, content in {"seatrial.toml": text, "journeys.py": proposal.journeys}.items():
        (folder / name).write_text(content, encoding="utf-8")
    return read_trial_spec(folder / "seatrial.toml")


def _routes(path: Path) -> tuple[tuple[tuple[str, ...], str], ...]:
    try:
        return tuple((tuple(methods), str(route)) for methods, route in json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return ()


def mend(proposal: Proposal, facts: Facts, words: str) -> Proposal | None:
    """The proposal with what the words ask for; None when they ask for nothing that is known. Pure."""
    for missing in missing_variables(words):
        if missing.name not in proposal.environment:
            has_database = proposal.database == "embedded"
            example = facts.examples.get(missing.name, "")
            known = facts.variables.get(missing.name)
            kind = known.kind if known else ""
            cached = value_of_cache(missing.name) if proposal.has_cache else None
            value = cached or value_for(
                missing.name, facts.database.scheme, example, has_database=has_database, kind=kind
            )
            return proposal.with_variable(missing.name, value, "the app asked for it").with_clue(
                "environment", missing.name, f"the app asked for it: {missing.said}"
            )
    if wants_driver(words) and (changed := _with_next_scheme(proposal, facts)) is not None:
        return changed
    if proposal.database == "embedded" and wants_usual_port(words) and "PGPORT" not in proposal.environment:
        for part in ("host", "port", "user", "password"):
            proposal = proposal.with_variable(
                f"PG{part.upper()}", f"{{database_{part}}}", "drivers read it, unless told"
            )
        return proposal.with_variable("PGDATABASE", "{database_name}", "drivers read it, unless told")
    return _without_failing_command(proposal, words)


def _with_next_scheme(proposal: Proposal, facts: Facts) -> Proposal | None:
    """The database's URL with another driver; None when every one that is installed was tried."""
    urls = list(dict.fromkeys(url_of(scheme) for scheme in (*schemes(facts.interpreter), "postgresql")))
    named = {name: value for name, (value, _) in proposal.environment.items() if value in urls}
    if not named:
        return None
    current = urls.index(next(iter(named.values())))
    if current + 1 == len(urls):
        return None
    url = urls[current + 1]
    changed = {
        name: (url if name in named else value, reason) for name, (value, reason) in proposal.environment.items()
    }
    return replace(proposal, environment=changed)


def _without_failing_command(proposal: Proposal, words: str) -> Proposal | None:
    """A command that makes data may ask for arguments, or be meant for something else: it is left out, and said so."""
    found = re.match(r"subject\.prepare\[(\d+)\]", words)
    if not found:
        return None
    number = int(found[1])
    if number >= len(proposal.prepare):
        return None
    command, how = proposal.prepare[number]
    if not any(clue.topic == "seed" and clue.what == command for clue in proposal.clues):
        return None
    kept = tuple(one for n, one in enumerate(proposal.prepare) if n != number)
    if command.endswith(SUPERUSER):
        read = {name: value for name, value in proposal.environment.items() if not name.startswith("DJANGO_SUPERUSER_")}
        proposal = replace(proposal, environment=read)
    last = next((line for line in reversed(words.splitlines()) if line.strip()), "")
    doubt = f"It failed and was left out ({last.strip()[:120]}). Queries on empty tables cost nothing."
    return replace(proposal, prepare=kept).with_clue("seed", command, how, doubt)
