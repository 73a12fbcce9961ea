"""Which of the requests that were answered well become operations, and how often each is sent. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from seatrial.discover.crawl import Found, is_file
from seatrial.discover.log_operations import LoggedRequests
from seatrial.discover.proposal import FoundOperation, Proposal
from seatrial.discover.routes import RANDOM_PART, group_of

__all__ = ["OPERATIONS_MAX", "chosen_operations", "with_coverage"]

OPERATIONS_MAX = 12
"""Each is measured by itself, and a person reads them all."""

SHARE_MIN = 0.002
"""Of a log's requests: what is asked for less often changes no answer."""

UNCOVERED_TOLD = 8
LEFT_TOLD = 24
UNREAD_TOLD = 20

NOT_READ = "What it sends is not in the workload: add it to journeys.py, or the mix is without it."

BESIDE = re.compile(r"^/(admin|docs|redoc|openapi|swagger|api/docs|flask-admin|__debug__)\b")
"""Pages of the staff, and of the framework: hardly what the app's users ask for, where there is anything else."""


def chosen_operations(found: Found, logged: LoggedRequests | None = None) -> tuple[FoundOperation, ...]:
    """As many as can be looked over: with a log, what people asked for most; else what is linked to most, all alike."""
    named = found.names()
    groups = dict(zip(named, found.good, strict=True))
    if logged is not None:
        shares = {name: logged.share(f"GET {groups[name]}") for name in named}
        seen = [name for name in sorted(named, key=lambda name: -shares[name]) if shares[name] >= SHARE_MIN]
        return tuple(_operation(found, name, groups[name], round(100 * shares[name], 2)) for name in seen)[
            :OPERATIONS_MAX
        ]

    def rank(name: str) -> tuple[bool, bool, int]:
        path = named[name].path
        return bool(BESIDE.search(path)), path != "/", -found.links[group_of(path)]

    chosen = sorted(named, key=rank)[:OPERATIONS_MAX]
    if any(not BESIDE.search(named[name].path) for name in chosen):
        chosen = [name for name in chosen if not BESIDE.search(named[name].path)]
    return tuple(_operation(found, name, groups[name], 1.0) for name in chosen)


def _operation(found: Found, name: str, group: str, weight: float) -> FoundOperation:
    answer = found.good[group]
    lookup = found.lookups.get(group) if RANDOM_PART.search(answer.path) else None
    return FoundOperation(
        name, answer.path, group=group, weight=weight, seconds=answer.seconds, bytes=len(answer.body), lookup=lookup
    )


def with_coverage(
    proposal: Proposal, logged: LoggedRequests | None, routes: Sequence[tuple[Sequence[str], str]] = ()
) -> Proposal:
    """What the operations are, where they come from, and what they leave out. routes: all that the app answers."""
    count = len(proposal.operations)
    if unsent := _left_out(proposal, routes):
        proposal = replace(proposal, left_out=tuple(unsent))
        more = len(unsent) - LEFT_TOLD
        told = ", ".join(unsent[:LEFT_TOLD]) + (f" and {more} more (init --json lists them)" if more > 0 else "")
        proposal = proposal.with_clue(
            "left out", f"{len(unsent)} more addresses", "asked of the app", f"Not sent: {told}."
        )
    if logged is None:
        doubt = "How often each is asked for is a guess: all alike. An access log of yours would tell (--log FILE)."
        return proposal.with_clue("operations", f"{count} found", "by opening the pages from / on", doubt)
    covered = {f"GET {operation.group}" for operation in proposal.operations}
    left = [(group, logged.share(group)) for group in logged.counts if group not in covered]
    proposal = replace(proposal, left_out=tuple(dict.fromkeys([*(group for group, _ in left), *proposal.left_out])))
    share = 1.0 - sum(part for _, part in left)
    told = ", ".join(f"{group} {100 * part:.1f} %" for group, part in left[:UNCOVERED_TOLD] if part >= SHARE_MIN)
    doubt = f"Not covered: {told}. Requests that change something are for journeys.py." if told else ""
    unread = f", {logged.malformed:,} could not be read" if logged.malformed else ""
    how = f"of {logged.lines:,} {logged.source}{unread}"
    for place in logged.unread[:UNREAD_TOLD]:
        proposal = proposal.with_clue("not read", place, "by its text alone; it is not run", NOT_READ)
    if (more := len(logged.unread) - UNREAD_TOLD) > 0:
        proposal = proposal.with_clue("not read", f"{more} more such places", "by its text alone; it is not run")
    return proposal.with_clue("operations", f"{count}, {100 * share:.0f} % of what people asked for", how, doubt)


def _left_out(proposal: Proposal, routes: Iterable[tuple[Sequence[str], str]]) -> list[str]:
    """The addresses that no operation asks for, with their method; not of files or of the framework."""
    left: dict[str, None] = {}
    for methods, path in routes:
        pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path.rstrip("/"))) + "/?"
        is_covered = any(re.fullmatch(pattern, o.path.partition("?")[0]) for o in proposal.operations)
        for method in methods:
            if not (method == "GET" and is_covered) and not is_file(path) and not BESIDE.search(path):
                left.setdefault(f"{method} {path}")
    return list(left)
