"""K9, Locust and autocannon: programs whose load is written as a script or run by an interpreter."""

import json
from pathlib import Path

from processes import Ended
from tools import SCRIPTS, Command, Load, Quantiles, Tool

__all__ = ["SCRIPTED"]


def _k9(script: str, load: Load, *more: str) -> Command:
    environment = {"TARGET": load.url, "SECONDS_LONG": f"{load.seconds:g}", "RATE": f"{load.rate_rps:g}"}
    return Command(("run", "-q", "--no-color", *more, str(SCRIPTS / script)), environment)


def _k9_plan(load: Load) -> Command:
    return _k9("k9_plain.yaml", load, "--duration", f"{load.seconds:g}s")


def _k9_script(load: Load) -> Command:
    return _k9("k9_plain.py", load)


def _k9_journey(load: Load) -> Command:
    return _k9("k9_journey.py", load)


def _k9_paced(load: Load) -> Command:
    shown = "med,p(95),p(99),p(99.9)"
    return _k9("k9_paced.py", load, "--summary-export", "k9.json", "--summary-trend-stats", shown)


def _k9_quantiles(_: Ended, folder: Path) -> Quantiles:
    told = json.loads((folder / "k9.json").read_text())["metrics"]["http_req_duration"]
    return Quantiles(told["med"], told["p(95)"], told["p(99)"], told["p(99.9)"])


def _locust(script: str, load: Load, users: int, **environment: str) -> Command:
    file = str(SCRIPTS / script)
    timed = ("-u", f"{users}", "-r", f"{users}", "-t", f"{load.seconds:g}s")
    quiet = ("--headless", "--only-summary", "--loglevel", "ERROR", "--json-file", "locust")
    return Command(("-f", file, "-H", load.url, *timed, *quiet), environment)


def _locust_plain(load: Load) -> Command:
    return _locust("locust_plain.py", load, load.connections)


def _locust_journey(load: Load) -> Command:
    return _locust("locust_journey.py", load, load.connections)


def _locust_paced(load: Load) -> Command:
    return _locust("locust_plain.py", load, load.connections, PER_USER_RPS=f"{load.rate_rps / load.connections:g}")


def _locust_quantiles(_: Ended, folder: Path) -> Quantiles:
    """From its table of rounded times: how many requests took so many milliseconds."""
    counts: dict[float, int] = {}
    for entry in json.loads((folder / "locust.json").read_text()):
        for time_ms, count in entry["response_times"].items():
            counts[float(time_ms)] = counts.get(float(time_ms), 0) + count
    total = sum(counts.values())

    def at(share: float) -> float:
        below = 0
        for time_ms in sorted(counts):
            below += counts[time_ms]
            if below >= share * total:
                return time_ms
        raise ValueError("Locust told no response time")

    return Quantiles(at(0.5), at(0.95), at(0.99), at(0.999))


def _autocannon(load: Load) -> Command:
    return Command(("-c", f"{load.connections}", "-d", f"{load.seconds:g}", "--json", f"{load.url}/"))


def _autocannon_paced(load: Load) -> Command:
    rate = ("-R", f"{load.rate_rps:g}")
    return Command(("-c", f"{load.connections}", *rate, "-d", f"{load.seconds:g}", "--json", f"{load.url}/"))


def _autocannon_quantiles(ended: Ended, _: Path) -> Quantiles:
    """It tells 90 % and 97.5 %, but not 95 %: the point two thirds of the way from one to the other."""
    told = json.loads(ended.out)["latency"]
    p95_ms = told["p90"] + (told["p97_5"] - told["p90"]) * 5 / 7.5
    return Quantiles(told["p50"], p95_ms, told["p99"], told["p99_9"], about=True)


SCRIPTED = (
    Tool("K9, plan", "k9", plain=_k9_plan, paced=_k9_paced, seen=_k9_quantiles, pace="constant-arrival-rate"),
    Tool("K9, script", "k9", plain=_k9_script, journey=_k9_journey),
    Tool(
        "autocannon",
        "autocannon",
        plain=_autocannon,
        paced=_autocannon_paced,
        seen=_autocannon_quantiles,
        pace="-c 8 -R 200",
    ),
    Tool(
        "Locust FastHttpUser",
        "locust",
        plain=_locust_plain,
        journey=_locust_journey,
        paced=_locust_paced,
        seen=_locust_quantiles,
        pace="8 users, constant_throughput(25)",
    ),
)
