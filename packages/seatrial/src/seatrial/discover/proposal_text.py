"""A proposal as the text of a seatrial.toml, with what was found beside each line. Pure."""

import json
from collections.abc import Iterator
from pathlib import Path

from seatrial.discover.proposal import Proposal

__all__ = ["proposal_text"]

HEAD = """\
# What `seatrial measure` measures, written by `seatrial init`; docs/reference/seatrial-toml.md explains every key.
# Look over what is marked with "?" before you trust an answer.
"""


def proposal_text(proposal: Proposal, *, at: Path | None = None) -> str:
    """The file's text. at: the folder it will lie in, so that paths can be relative to it; absolute ones without."""
    return "\n".join(_lines(proposal, at)) + "\n"


def _lines(proposal: Proposal, at: Path | None) -> Iterator[str]:
    yield HEAD
    yield "[subject]"
    yield f"name = {_text(proposal.name)}"
    if proposal.target:
        yield f"app = {_text(proposal.target)}"
    directory = _relative(proposal.directory, at)
    if directory != ".":
        yield f"directory = {_text(directory)}"
    if proposal.is_copied:
        yield "copied = true"
    yield f"python = {_text(_relative(proposal.python, at))}"
    yield f"health_path = {_text(proposal.health_path)}"
    if proposal.prepare:
        yield "prepare = ["
        for command, reason in proposal.prepare:
            yield f"  {_text(command)},  # {reason}"
        yield "]"
    if proposal.environment:
        yield ""
        yield "[subject.environment]"
        for name, (value, reason) in proposal.environment.items():
            yield f"{name} = {_text(value)}  # {reason}"
    yield from ("", *_server(proposal))
    yield ""
    yield "[database]"
    yield f"kind = {_text(proposal.database)}"
    if proposal.has_cache:
        yield from ("", "[services]", 'cache = "valkey"')
    yield from _workload(proposal)
    doubts = [clue for clue in proposal.clues if clue.doubt]
    if doubts:
        yield ""
        yield from (f"# ? {clue.topic}: {clue.doubt}" for clue in doubts)


def _server(proposal: Proposal) -> Iterator[str]:
    yield "[server]"
    if proposal.server == "command":
        yield f"command = {_text(proposal.command)}"
    elif proposal.server != "gunicorn":
        yield f"kind = {_text(proposal.server)}"
    # The first two are event loops and nothing else.
    if proposal.worker_class != "gthread" and proposal.server not in {"uvicorn", "hypercorn"}:
        yield f"worker_class = {_text(proposal.worker_class)}"
    yield "workers = 1"
    if proposal.worker_class == "gthread":
        yield "threads = 4"


def _workload(proposal: Proposal) -> Iterator[str]:
    yield ""
    yield "[workload]"
    if proposal.headers:
        written = ", ".join(f"{_text(name)} = {_text(value)}" for name, value in proposal.headers.items())
        yield f"headers = {{ {written} }}"
    journeys = [operation for operation in proposal.operations if operation.signed_in]
    if proposal.journeys:
        yield 'journeys = "journeys.py"'
        if proposal.signs_in:
            yield 'sign_in = "sign_in"'
        yield "people = 10"
        mix = ", ".join(f"{_key(o.name)} = {o.weight:g}" for o in journeys)
        yield f"mix = {{ {mix} }}"
    for operation in proposal.operations:
        if not operation.signed_in:
            yield ""
            yield "[[workload.operations]]"
            yield f"name = {_text(operation.name)}"
            yield f"path = {_text(operation.path)}"
            if operation.weight != 1.0:
                yield f"weight = {operation.weight:g}"


def _relative(path: Path, at: Path | None) -> str:
    if at is None:
        return str(path)
    try:
        return path.relative_to(at).as_posix()
    except ValueError:
        return str(path)


def _key(name: str) -> str:
    return name if name.replace("_", "").isalnum() and name.isascii() else _text(name)


def _text(value: str) -> str:
    # A TOML basic string is what JSON writes, but for the one character that JSON leaves as it is.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
