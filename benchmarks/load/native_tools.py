"""wrk, wrk2, h2load, hey and ab: programs that send one request again and again."""

import csv
import re
from pathlib import Path

from processes import Ended
from tools import SCRIPTS, Command, Load, Quantiles, Tool, quantiles_of

__all__ = ["NATIVE"]

# More than a run can send; ab keeps 40 bytes for each.
_FOR_EVER = "10000000"


def _seconds(load: Load) -> str:
    return f"{load.seconds:g}s"


def _wrk(load: Load) -> Command:
    return Command(("-t1", f"-c{load.connections}", f"-d{_seconds(load)}", f"{load.url}/"))


def _wrk_closed(load: Load) -> Command:
    script = str(SCRIPTS / "wrk_quantiles.lua")
    return Command(
        ("-t1", f"-c{load.connections}", f"-d{_seconds(load)}", "--timeout", "10s", "-s", script, f"{load.url}/")
    )


def _wrk_quantiles(ended: Ended, _: Path) -> Quantiles:
    found = {name: int(value) / 1000 for name, value in re.findall(r"quantile ([\d.]+) (\d+)", ended.out)}
    return Quantiles(found["50"], found["95"], found["99"], found["99.9"])


def _wrk2_fastest(load: Load) -> Command:
    return Command(("-t1", f"-c{load.connections}", "-R1000000", f"-d{_seconds(load)}", f"{load.url}/"))


def _wrk2(load: Load) -> Command:
    rate = f"-R{load.rate_rps:g}"
    return Command(
        ("-t1", f"-c{load.connections}", rate, f"-d{_seconds(load)}", "--timeout", "10s", "-L", f"{load.url}/")
    )


def _wrk2_quantiles(ended: Ended, _: Path) -> Quantiles:
    """From the detailed spectrum: the first line at or above each share."""
    spectrum = re.findall(r"^\s+([\d.]+)\s+([01]\.\d+)\s+\d+\s", ended.out, re.MULTILINE)
    pairs = [(float(share), float(value)) for value, share in spectrum]

    def at(share: float) -> float:
        return next(value for reached, value in pairs if reached >= share - 1e-9)

    return Quantiles(at(0.5), at(0.95), at(0.99), at(0.999))


def _h2load(load: Load) -> Command:
    return Command(("--h1", "-t1", f"-c{load.connections}", "-D", f"{load.seconds:g}", f"{load.url}/"))


def _h2load_paced(load: Load) -> Command:
    each, timed = f"--rps={load.rate_rps / load.connections:g}", ("-D", f"{load.seconds:g}")
    return Command(("--h1", "-t1", f"-c{load.connections}", each, *timed, "--log-file=h2load.tsv", f"{load.url}/"))


def _h2load_quantiles(_: Ended, folder: Path) -> Quantiles:
    lines = (folder / "h2load.tsv").read_text().splitlines()
    return quantiles_of([int(line.split("\t")[2]) / 1000 for line in lines])


def _hey(load: Load) -> Command:
    return Command(("-z", _seconds(load), "-c", f"{load.connections}", "-cpus", "1", f"{load.url}/"))


def _hey_paced(load: Load) -> Command:
    workers, each = f"{load.connections}", f"{load.rate_rps / load.connections:g}"
    return Command(("-z", _seconds(load), "-c", workers, "-q", each, "-cpus", "1", "-o", "csv", f"{load.url}/"))


def _hey_quantiles(ended: Ended, _: Path) -> Quantiles:
    rows = csv.DictReader(ended.out.splitlines())
    return quantiles_of([float(row["response-time"]) * 1000 for row in rows])


def _ab(load: Load) -> Command:
    # -t comes first: it sets -n to 50,000, which -n then lifts.
    timed = ("-t", f"{load.seconds:g}", "-n", _FOR_EVER)
    return Command(("-k", "-q", "-c", f"{load.connections}", *timed, f"{load.url}/"))


def _ab_closed(load: Load) -> Command:
    timed = ("-t", f"{load.seconds:g}", "-n", _FOR_EVER)
    return Command(("-k", "-q", "-c", f"{load.connections}", *timed, "-g", "ab.tsv", f"{load.url}/"))


def _ab_quantiles(_: Ended, folder: Path) -> Quantiles:
    with (folder / "ab.tsv").open() as lines:
        next(lines)
        return quantiles_of([float(line.split("\t")[4]) for line in lines])


NATIVE = (
    Tool("wrk", "wrk", plain=_wrk, paced=_wrk_closed, seen=_wrk_quantiles, pace="none: 8 connections, closed loop"),
    Tool("wrk2", "wrk2", plain=_wrk2_fastest, paced=_wrk2, seen=_wrk2_quantiles, pace="-c8 -R200"),
    Tool("h2load", "h2load", plain=_h2load, paced=_h2load_paced, seen=_h2load_quantiles, pace="-c8 --rps=25"),
    Tool("hey", "hey", plain=_hey, paced=_hey_paced, seen=_hey_quantiles, pace="-c 8 -q 25"),
    Tool("ab", "ab", plain=_ab, paced=_ab_closed, seen=_ab_quantiles, pace="none: 8 connections, closed loop"),
)
