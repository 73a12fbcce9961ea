"""Does the factor between two calibrations hold for an app? This machine against the same behind an emulated processor.

    .venv/bin/python benchmarks/carrying_check.py ./python-there

python-there is a script that runs this Python on "another processor": exec qemu-x86_64-static .venv/bin/python "$@"
(from Debian's qemu-user-static). An emulated processor is not only slower, but slower by another factor for each kind
of work, which is hard on a factor that stands for all. The app is a page of Flask and Jinja over SQLite, asked within a
process; its CPU seconds a request are the truth. Both take turns.
"""

import argparse
import sqlite3
import statistics
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

from flask import Flask, render_template_string, request

from seatrial.commands import calibrate
from seatrial.measure.calibration_result import CalibrationResult
from seatrial.model.carrying import carry
from seatrial.spec.catalog import catalog

__all__ = ["main"]

PLAN_ID = "hetzner-ccx13"  # any plan: the other processor is said to be its

APP_ONLY = "--app-only"

PAGE = """<!doctype html><title>{{ who }}</title><ul>{% for post in posts %}<li id="p{{ post.id }}">
<a href="/people/{{ post.author }}">{{ post.author|title }}</a> {{ post.text }} <b>{{ post.likes }}</b>
{% if post.likes > 40 %}<em>liked</em>{% endif %}</li>{% endfor %}</ul>"""


def an_app() -> Flask:
    """A timeline of 40 posts: a query with a join, and a page."""
    app, database = Flask("page"), sqlite3.connect(":memory:", check_same_thread=False)
    database.row_factory = sqlite3.Row
    database.execute("CREATE TABLE person(id INTEGER PRIMARY KEY, name TEXT)")
    database.execute("CREATE TABLE post(id INTEGER PRIMARY KEY, person INTEGER, text TEXT, likes INTEGER)")
    database.executemany("INSERT INTO person(name) VALUES (?)", [(f"person {n}",) for n in range(500)])
    rows = [(n % 500 + 1, f"what number {n} says & <means>", n % 83) for n in range(20_000)]
    database.executemany("INSERT INTO post(person, text, likes) VALUES (?, ?, ?)", rows)
    query = (
        "SELECT p.id, p.text, p.likes, a.name AS author FROM post p JOIN person a ON a.id = p.person "
        "WHERE p.id < ? ORDER BY p.id DESC LIMIT 40"
    )

    @app.get("/")
    def page() -> str:
        before = int(request.args["before"])
        return render_template_string(PAGE, posts=database.execute(query, (before,)).fetchall(), who=f"before {before}")

    return app


def cpu_s_per_request(app: Flask, length_s: float) -> float:
    """CPU seconds of one page."""
    client, asked = app.test_client(), 0
    deadline, since = time.monotonic() + length_s, time.process_time()
    while time.monotonic() < deadline:
        asked += 1
        assert client.get(f"/?before={asked * 37 % 19_000 + 50}").status_code == 200
    return (time.process_time() - since) / asked


def main() -> None:
    """Here, there, here, there: what the calibrations predict, and what the app really costs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("there", metavar="PYTHON-THERE", help="runs Python on the other processor")
    parser.add_argument("--turns", type=int, default=2)
    parser.add_argument("--slices", type=int, default=40)
    if sys.argv[1:] == [APP_ONLY]:
        print(cpu_s_per_request(an_app(), 8.0))
        return
    options = parser.parse_args()
    pythons = (sys.executable, str(Path(options.there).resolve()))
    costs: tuple[list[float], list[float]] = ([], [])
    results: tuple[list[CalibrationResult], list[CalibrationResult]] = ([], [])
    for turn in range(2 * options.turns):
        side = turn % 2
        result = replace(calibrate(Path(pythons[side]), slices=options.slices), plan_id=PLAN_ID)
        told = subprocess.check_output([pythons[side], __file__, APP_ONLY], text=True, timeout=120)
        results[side].append(result)
        costs[side].append(float(told))
        print(
            f"{('here', 'there')[side]:<6} {result.units_per_cpu_s.median:6.1f} units a CPU second, "
            f"page {1000 * costs[side][-1]:.3f} ms",
            flush=True,
        )
    truth = statistics.mean(costs[1]) / statistics.mean(costs[0])
    pieces = {name: results[1][0].part_cpu_s[name] / each for name, each in results[0][0].part_cpu_s.items()}
    print("pieces: " + ", ".join(f"{name} {factor:.2f}" for name, factor in pieces.items()))
    for here, there in zip(*results, strict=True):
        found = carry(catalog().plan(PLAN_ID), here, there, catalog())
        held = "holds it" if found.low <= truth <= found.high else "does not hold it"
        print(
            f"predicted {found.factor:.2f} ({found.low:.2f} to {found.high:.2f}), true {truth:.2f}: "
            f"{found.factor / truth - 1:+.1%}, the interval {held}"
        )


if __name__ == "__main__":
    main()
