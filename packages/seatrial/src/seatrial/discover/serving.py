"""Which server runs the app in a trial: the one that the project starts, where Seatrial starts it by name. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from seatrial.discover.interpreter import Interpreter
from seatrial.discover.proposal import Proposal
from seatrial.discover.start_lines import StartLine

__all__ = ["FOR_DEVELOPMENT", "with_server"]

FOR_DEVELOPMENT = (
    "This is for working on the app: it serves one person at a time, or looks for changed files all the while. Where "
    "it is deployed another server runs the app, and the answer is another one."
)

KINDS = {
    "uvicorn": "uvicorn",
    "fastapi": "uvicorn",
    "hypercorn": "hypercorn",
    "granian": "granian",
    "waitress-serve": "waitress",
}
"""Program of a start line -> kind; gunicorn is what is taken without any."""

INTERFACES = {
    "uvicorn": ("asgi",),
    "hypercorn": ("asgi",),
    "granian": ("asgi", "wsgi"),
    "waitress": ("wsgi",),
}

PLAIN_TARGET = re.compile(r"[\w.]+:[\w.]+(?:\(\))?")
"""What servers other than gunicorn are told of an app: no call with arguments."""


def with_server(draft: Proposal, lines: Sequence[StartLine], interpreter: Interpreter) -> Proposal:
    """The draft with its server, and how that was found. lines: those for production first."""
    doubts: list[str] = []
    seen = next((line for line in lines if line.server == "gunicorn"), None)
    if draft.interface == "asgi" and seen and seen.option("--worker-class", "-k") == "asgi":
        ready = replace(draft, worker_class="asgi")
        return ready.with_clue("server", "gunicorn, asgi workers", f"{seen.source} starts it")
    for line, kind in _named(draft, lines):
        if interpreter.has(kind):
            return _of_kind(draft, kind, f"{line.source} starts {line.server}", doubts)
        doubts.append(f"{line.source} starts {line.server}, but {interpreter.path} has no {kind}.")
    doubts += [
        f"{line.source} starts {line.server}: measure that by --command, with {{port}} in your line."
        for line in lines
        if line.server in {"uwsgi", "daphne"}
    ][:1]
    if draft.interface == "asgi":
        if draft.target and PLAIN_TARGET.fullmatch(draft.target):
            for kind in ("uvicorn", "hypercorn", "granian"):
                if interpreter.has(kind):
                    return _of_kind(draft, kind, "it is installed, and the app is ASGI", doubts)
        ready = replace(draft, worker_class="asgi")
        return ready.with_clue("server", "gunicorn, asgi workers", "the app is ASGI", " ".join(doubts))
    how = f"{seen.source} starts gunicorn" if seen else "the usual server of WSGI apps"
    return draft.with_clue("server", "gunicorn, 1 worker of 4 threads", how, " ".join(doubts))


def _named(draft: Proposal, lines: Sequence[StartLine]) -> Iterator[tuple[StartLine, str]]:
    """Each line whose server can run this app by name, with the kind; none after one that starts gunicorn itself."""
    if not PLAIN_TARGET.fullmatch(draft.target):
        return
    for line in lines:
        kind = KINDS.get(line.server, "")
        if line.server == "gunicorn":
            if "uvicorn" not in line.option("--worker-class", "-k"):
                return
            kind = "uvicorn"
        if draft.interface in INTERFACES.get(kind, ()):
            yield line, kind


def _of_kind(draft: Proposal, kind: str, how: str, doubts: Sequence[str]) -> Proposal:
    worker_class = "asgi" if draft.interface == "asgi" else "gthread"
    what = kind if worker_class == "asgi" else f"{kind}, 1 worker of 4 threads"
    return replace(draft, server=kind, worker_class=worker_class).with_clue("server", what, how, " ".join(doubts))
