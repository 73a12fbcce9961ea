"""Trying to start a draft, and mending it by what the app's own words ask for, until it answers."""

import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from seatrial.discover.databases import schemes, url_of
from seatrial.discover.drafting import Facts
from seatrial.discover.proposal import Proposal
from seatrial.discover.proposal_text import proposal_text
from seatrial.discover.repairs import missing_variables, wants_driver
from seatrial.discover.values import value_for
from seatrial.errors import SeatrialError, TestbedError
from seatrial.spec.reading import read_trial_spec
from seatrial.spec.trial_spec import TrialSpec
from seatrial.testbed.testbed import Testbed

__all__ = ["NothingStarted", "spec_of", "started"]

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


@contextmanager
def started(drafts: Sequence[Proposal], facts: Facts, tell: Tell) -> Iterator[tuple[Proposal, Testbed]]:
    """The first draft that starts, mended, and the test bed in which it runs.

    Raises:
        NothingStarted: none does; with what was tried and the app's own last words.
    """
    with tempfile.TemporaryDirectory(prefix="seatrial-init-") as folder:
        yield from _tried(drafts, facts, Path(folder), tell)


def _tried(drafts: Sequence[Proposal], facts: Facts, folder: Path, tell: Tell) -> Iterator[tuple[Proposal, Testbed]]:
    tried: list[tuple[Proposal, SeatrialError]] = []
    for draft in drafts:
        proposal, error = draft, None
        for _ in range(REPAIRS_MAX):
            tell(f"starting {proposal.target or proposal.command}")
            testbed = Testbed(spec_of(proposal, folder))
            try:
                testbed.__enter__()
                testbed.prepare()
                testbed.start(1, 4, fresh_data=False, any_answer=True)
            except SeatrialError as failure:
                error = failure
                testbed.__exit__(None, None, None)
            except BaseException:
                testbed.__exit__(None, None, None)
                raise
            else:
                try:
                    yield proposal, testbed
                finally:
                    testbed.__exit__(None, None, None)
                return
            mended = mend(proposal, facts, str(error))
            if mended is None:
                break
            proposal = mended
        assert error is not None
        tried.append((proposal, error))
    raise NothingStarted(tried)


def spec_of(proposal: Proposal, folder: Path) -> TrialSpec:
    """The proposal as `seatrial measure` would read it; its files are written into `folder` and found there."""
    if proposal.files:
        # Later they lie in the project; before it is sure that they will do, they do not.
        proposal = proposal.with_variable("PYTHONPATH", str(folder), "for the time being")
    text = proposal_text(proposal)
    if not proposal.operations:
        text += '\n[[workload.operations]]\nname = "front"\npath = "/"\n'
    for name, content in {**proposal.files, "seatrial.toml": text, "journeys.py": proposal.journeys}.items():
        (folder / name).write_text(content, encoding="utf-8")
    return read_trial_spec(folder / "seatrial.toml")


def mend(proposal: Proposal, facts: Facts, words: str) -> Proposal | None:
    """The proposal with what the words ask for; None when they ask for nothing that is known. Pure."""
    for missing in missing_variables(words):
        if missing.name not in proposal.environment:
            has_database = proposal.database == "embedded"
            example = facts.examples.get(missing.name, "")
            value = value_for(missing.name, facts.database.scheme, example, has_database=has_database)
            return proposal.with_variable(missing.name, value, "the app asked for it").with_clue(
                "environment", missing.name, f"the app asked for it: {missing.said}"
            )
    if wants_driver(words) and (changed := _with_next_scheme(proposal, facts)) is not None:
        return changed
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
    command, how = proposal.prepare[number]
    if not any(clue.topic == "seed" and clue.what == command for clue in proposal.clues):
        return None
    kept = tuple(one for n, one in enumerate(proposal.prepare) if n != number)
    last = next((line for line in reversed(words.splitlines()) if line.strip()), "")
    doubt = f"It failed and was left out ({last.strip()[:120]}). Queries on empty tables cost nothing."
    return replace(proposal, prepare=kept).with_clue("seed", command, how, doubt)
