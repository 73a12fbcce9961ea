"""Seatrial itself, run as anyone would run it: `seatrial load`."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from peers import Found
from processes import Ended
from tools import SCRIPTS, Command, Load, Quantiles, Tool

__all__ = ["SEATRIAL", "doubts", "load_command", "program", "told"]

# 3: answers came, but the generator found itself to be the limit; its reasons are kept with the row.
_ACCEPT = (0, 3)


def program() -> Found:
    """`seatrial` of the environment that runs this."""
    from seatrial import __version__

    return Found((sys.executable, "-m", "seatrial"), __version__)


def load_command(url: str, *options: str) -> Command:
    """`seatrial load` with JSON on standard output."""
    return Command(("load", url, *options, "--json", "--quiet"), accept=_ACCEPT)


def told(ended: Ended) -> dict[str, Any]:
    """The document it printed."""
    document: dict[str, Any] = json.loads(ended.out)
    return document


def doubts(documents: Iterable[dict[str, Any]]) -> list[str]:
    """Why Seatrial itself held a run unfit to be used, each reason once: the first sentence of it."""
    reasons = [str(reason) for document in documents for reason in document["generator"]["reasons"]]
    return [f"Seatrial on one of its runs: {one}." for one in dict.fromkeys(r.split(". ")[0] for r in reasons)]


# The cost is compared without the check of itself at the start, which no other tool has.
def _plain(load: Load) -> Command:
    wanted = ("--concurrency", f"{load.connections}", "--duration", f"{load.seconds:g}", "--no-self-check")
    return load_command(f"{load.url}/", *wanted)


def _journey(load: Load) -> Command:
    wanted = ("--concurrency", f"{load.connections}", "--duration", f"{load.seconds:g}", "--no-self-check")
    people = ("--people", f"{load.connections}", "--sign-in", "sign_in", "--mix", "journey=1")
    return load_command(load.url, *wanted, "--journeys", str(SCRIPTS / "seatrial_journeys.py"), *people)


def _paced(load: Load) -> Command:
    wanted = ("--rate", f"{load.rate_rps:g}", "--duration", f"{load.seconds:g}", "--arrivals", "constant")
    return load_command(f"{load.url}/", *wanted)


def quantiles(document: dict[str, Any], clock: str = "response_time_s") -> Quantiles:
    """By one of its two clocks: from when a request was due, or from when it was sent."""
    at = document[clock]
    return Quantiles(at["p50"] * 1000, at["p95"] * 1000, at["p99"] * 1000, at["p999"] * 1000)


def _seen(ended: Ended, _: Path) -> Quantiles:
    return quantiles(told(ended))


SEATRIAL = Tool("Seatrial", "seatrial", plain=_plain, journey=_journey, paced=_paced, seen=_seen, pace="--rate 200")
