"""Exported workloads run by Locust itself against a real gunicorn: what its processes send, count and fail."""

import csv
import itertools
import json
import os
import re
import socket
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from seatrial.commands import export
from seatrial.export.order import ExportOrder
from seatrial.load import mix
from seatrial.load.books.observation import LoadRecord
from seatrial.load.driver import Driver
from seatrial.load.workload import Workload
from seatrial.spec.workload import OperationSpec, WorkloadSpec

Gunicorn = Callable[..., AbstractContextManager[str]]
Drive = Callable[..., LoadRecord]
Eventually = Callable[..., None]

RATE_RPS = 40
USERS = 20

TOWN = '''"""Every path says which operation asked for it, so that the server's own log can be counted."""

from seatrial.load.journeys import expect, form, get, page, think


def sign_in(person):
    login = yield get(f"/login?op=sign_in&person={person.number}")
    home = yield form(login).submit(name=f"person{person.number}", text="")
    # Two redirects on, with a cookie that is only sent to /home.
    expect(home, contains=f"Home of person{person.number}, visited 1")


def home(person):
    expect((yield get("/home?op=home")), contains=f"Home of person{person.number}")


def write(person):
    answer = yield get("/home?op=write_form", name="write_form")
    note = person.unique("note")
    yield think(0.02)
    expect((yield form(answer, "/post").submit(text=note)), contains=f"person{person.number} wrote {note}<")
'''


@pytest.fixture
def access_log(tmp_path: Path) -> Path:
    """For gunicorn to write to; it is there before the first request."""
    path = tmp_path / "access.log"
    path.touch()
    return path


@dataclass(frozen=True)
class Row:
    """One line of Locust's statistics. by_second: requests by the second (since 1970) in which they were over."""

    requests: int
    failures: int
    by_second: Counter[int]


@dataclass(frozen=True)
class Ended:
    """How Locust ended."""

    status: int
    rows: dict[str, Row]
    log: str


def _stopped(process: subprocess.Popen[str]) -> Ended:
    """Told to end, as by Ctrl-C or by a supervisor."""
    process.terminate()
    return _ended(process, 30)


def _ended(process: subprocess.Popen[str], deadline_s: float) -> Ended:
    out, log = process.communicate(timeout=deadline_s)
    found: dict[str, Row] = {}
    for row in json.loads(out) if out.strip() else []:
        name = f"{row['method']} {row['name']}"
        seconds = Counter({int(second): count for second, count in row["num_reqs_per_sec"].items()})
        found[name] = Row(row["num_requests"], row["num_failures"], seconds)
    return Ended(process.returncode, found, log)


@contextmanager
def _locust(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "locust", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate(timeout=10)


def _load_of(url: str, users: int) -> list[str]:
    # Who is in the middle of a journey at the end may finish it, so that the server's count and Locust's are the same.
    return [
        *("--users", str(users), "--spawn-rate", str(users)),
        *("--stop-timeout", "5", "--host", url, "--json", "--only-summary"),
    ]


def _headless(url: str, users: int) -> list[str]:
    return ["--headless", *_load_of(url, users)]


def _heard(page: str) -> int:
    """Requests that a master counts by now, which its own page tells."""
    with urllib.request.urlopen(f"{page}/stats/requests", timeout=30) as answer:
        rows = json.load(answer)["stats"]
    return next((row["num_requests"] for row in rows if row["name"] == "Aggregated"), 0)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _exported(tmp_path: Path, journeys: str, **fields: Any) -> tuple[Path, WorkloadSpec]:
    source = tmp_path / "mine" / "town_journeys.py"
    source.parent.mkdir()
    source.write_text(journeys)
    workload = WorkloadSpec(
        journeys=source, **{"people": USERS, "arrivals": "constant", "order": "stratified", **fields}
    )
    folder = tmp_path / "load-locust"
    export(ExportOrder("locust", workload, "seatrial.toml", RATE_RPS, USERS), folder)
    return folder, workload


@pytest.mark.long
def test_a_master_with_two_workers_offers_what_seatrial_offers(
    tmp_path: Path, access_log: Path, gunicorn: Gunicorn, drive: Drive, eventually: Eventually
) -> None:
    folder, workload = _exported(
        tmp_path,
        TOWN,
        operations=(OperationSpec("echo", "/echo?op=echo", weight=35, expect_text="GET"),),
        mix={"home": 45, "write": 20},
        sign_in="sign_in",
    )
    port, page_port = str(_free_port()), str(_free_port())
    with gunicorn("--worker-class", "gthread", "--threads", "4", "--access-logfile", str(access_log)) as url:
        master_is = ("--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", port)
        page_is = ("--autostart", "--expect-workers", "2", "--web-host", "127.0.0.1", "--web-port", page_port)
        worker_is = ("--worker", "--master-host", "127.0.0.1", "--master-port", port)
        with (
            _locust(folder, *master_is, *page_is, *_load_of(url, USERS)) as master,
            _locust(folder, *worker_is) as first,
            _locust(folder, *worker_is) as second,
        ):
            # Signing in takes four requests each; eleven seconds' worth follow, in the first of which users still wait
            # for their place.
            eventually(lambda: len(access_log.read_bytes().splitlines()) > 4 * USERS + 48 * 11, 60)
            # A master that is told to end waits half a second for its workers' last reports and goes without those that
            # come later; so the load is stopped on its page, and the master ends when it has heard of every request.
            page = f"http://127.0.0.1:{page_port}"
            urllib.request.urlopen(f"{page}/stop", data=b"", timeout=60).close()
            eventually(lambda: _heard(page) == len(access_log.read_bytes().splitlines()), 30)
            # Workers that were stopped belong to no master for some seconds, and would not hear of its end.
            for worker in (first, second):
                assert _stopped(worker).status == 0
            locust = _stopped(master)
        requests = access_log.read_text()

        async def load(driver: Driver) -> LoadRecord:
            await driver.sign_in_all(20.0)
            return await driver.open_loop(RATE_RPS, 5.0)

        record = drive(url, Workload.from_spec(workload), load)
    assert locust.status == 0, locust.log
    assert sum(row.failures for row in locust.rows.values()) == 0
    assert record.failures == ()

    logged = Counter(re.findall(r"[?&]op=(\w+)", requests))
    posted = requests.count("POST /post ")
    # Every user signed in once, as somebody of their own.
    assert locust.rows["GET sign_in"].requests == locust.rows["POST sign_in"].requests == logged["sign_in"] == USERS
    people = re.findall(r"person=(\d+)", requests)
    assert sorted(map(int, people)) == list(range(1, USERS + 1))
    # What Locust counted is what the server was asked for.
    counted = {name.split()[1]: row.requests for name, row in locust.rows.items() if "sign_in" not in name}
    assert counted == {**{name: logged[name] for name in ("home", "write_form", "echo")}, "write": posted}

    # Seatrial: 200 journeys of which 40 send two requests, in 5 s; ten whole blocks of the mix have the shares exactly.
    mine = Counter(one.operation for one in record.observations)
    assert mine == {"home": 90, "echo": 70, "write_form": 40, "write": 40}
    my_throughput_rps = sum(mine.values()) / 5.0
    assert my_throughput_rps == pytest.approx(48, rel=0.01)

    # Locust: in the seconds that are whole, without the first, in which users still wait for their place.
    by_second = sum((row.by_second for name, row in locust.rows.items() if "sign_in" not in name), Counter())
    whole = range(min(by_second) + 2, max(by_second))
    assert len(whole) >= 7
    its_throughput_rps = sum(by_second[second] for second in whole) / len(whole)
    assert its_throughput_rps == pytest.approx(my_throughput_rps, rel=0.03)
    # So have the whole blocks of each worker, and of its last it did the first part.
    begun = Counter({name: counted[name] for name in ("home", "echo")} | {"write": counted["write_form"]})
    weights = Workload.from_spec(workload).weights
    first_order, second_order = (
        list(itertools.islice(mix.endless(weights, f"1/mix/{index}"), begun.total())) for index in (0, 1)
    )
    assert any(
        Counter(first_order[:count]) + Counter(second_order[: begun.total() - count]) == begun
        for count in range(begun.total() + 1)
    )


FAULTS = '''"""Everything that a journey may do right and wrong, once in a while each."""

import time

from seatrial.load.journeys import expect, get, page, post, request, think


def parts(person):
    answers = yield page(*(get(f"/echo?x={number}", name="part") for number in range(8)), get("/none", name="gone"))
    for number, answer in enumerate(answers[:8]):
        expect(answer, contains="GET")
        assert answer.path == f"/echo?x={number}"
    expect(answers[8], 404)


def sent(person):
    bare = yield post("/echo?bare", headers={"X-Own": "mine"})
    expect(bare, contains="POST None '' mine")
    put = yield request("PUT", "/move/307", json={"ä": 1})
    expect(put, contains="PUT application/json")
    moved = yield post("/move/302", {"text": "a b&c"})
    expect(moved, contains="GET None '' None")
    assert moved.path == "/echo?x=1"
    seen = yield get("/move/301", follow=False)
    expect(seen, 301)
    assert seen.headers["location"] == "/echo?x=1#part"
    began = time.monotonic()
    yield think(0.1)
    assert time.monotonic() - began > 0.09
    expect((yield get("/packed")), contains="Grüße, compressed")
    # Away from the app nobody follows.
    expect((yield get("/away")), 302)


def round(person):
    yield get("/round")


def broken(person):
    yield get("/broken")
    yield get("/away")


def unlike(person):
    expect((yield get("/echo")), contains=f"person {person.number}")


def confused(person):
    answer = yield get("/echo")
    answer.json()["name"]


def stumbling(person):
    answer = yield get("/broken")
    {}[answer.text]


def before(person):
    raise KeyError("nothing was asked")
    yield


def odd(person):
    yield "/echo"


def slow(person):
    expect((yield get("/slow?s=1.5")), contains="slow")
'''


# Operation -> requests of one journey that are right, requests that are wrong, and why.
OF_EACH = {
    "parts": {"part": (8, 0, ""), "gone": (1, 0, "")},
    "sent": {"sent": (6, 0, ""), "sent (redirect)": (2, 0, "")},
    "round": {"round": (1, 0, ""), "round (redirect)": (9, 1, "status")},
    "broken": {"broken": (0, 2, "status")},
    "unlike": {"unlike": (0, 1, "expectation")},
    "confused": {"confused": (0, 1, "expectation")},
    "stumbling": {"stumbling": (0, 1, "status")},
    "before": {"before": (0, 1, "journey")},
    "odd": {"odd": (0, 1, "journey")},
    "slow": {"slow": (0, 1, "timeout")},
}


def _is_of_each(right: Counter[str], wrong: Counter[tuple[str, str]]) -> None:
    """Every operation was seen, in whole journeys."""
    for operation, names in OF_EACH.items():
        runs = {
            (right[name] + wrong[name, why]) / (right_each + wrong_each)
            for name, (right_each, wrong_each, why) in names.items()
        }
        assert len(runs) == 1, (operation, right, wrong)
        (count,) = runs
        assert count >= 1
        for name, (right_each, wrong_each, why) in names.items():
            assert (right[name], wrong[name, why]) == (count * right_each, count * wrong_each)
    assert wrong.keys() <= {(name, why) for names in OF_EACH.values() for name, (_, _, why) in names.items()}


def test_what_goes_right_and_wrong_in_a_journey_is_counted_as_seatrial_counts_it(
    tmp_path: Path, access_log: Path, gunicorn: Gunicorn, drive: Drive, eventually: Eventually
) -> None:
    folder, workload = _exported(tmp_path, FAULTS, mix=dict.fromkeys(OF_EACH, 1.0), timeout_s=1.0)
    with gunicorn("--worker-class", "gthread", "--threads", "16", "--access-logfile", str(access_log)) as url:
        with _locust(folder, *_headless(url, USERS), "--csv", str(tmp_path / "seen")) as process:
            # Journeys come in blocks of twenty, two of each kind: when the fourth is answered, each was there.
            eventually(lambda: access_log.read_text().count("/slow") >= 4, 60)
            locust = _stopped(process)
        record = drive(url, Workload.from_spec(workload), lambda driver: driver.open_loop(RATE_RPS, 1.0))
    # Locust says with its exit status that some requests failed.
    assert locust.status == 1
    right: Counter[str] = Counter()
    for name, row in locust.rows.items():
        right[name.partition(" ")[2]] += row.requests - row.failures
    wrong: Counter[tuple[str, str]] = Counter()
    with (tmp_path / "seen_failures.csv").open(newline="") as file:
        for one in csv.DictReader(file):
            # It stands there as the exception that it is: CatchResponseError('status: 500').
            why = re.search(r"\w+(?=:)", one["Error"])
            wrong[one["Name"], why[0] if why else one["Error"]] += int(one["Occurrences"])
    _is_of_each(right, wrong)
    # The same journeys, driven by Seatrial itself.
    _is_of_each(
        Counter(one.operation for one in record.observations if not one.error),
        Counter((one.operation, one.error) for one in record.observations if one.error),
    )
    # What is expected of one person only stands in the log, not in the table that counts failures by their words.
    assert "seatrial: unlike, person " in locust.log
    assert "expectation: expected the text ..." in (tmp_path / "seen_failures.csv").read_text()


def test_who_cannot_sign_in_takes_no_part_and_the_load_says_so(
    tmp_path: Path, access_log: Path, gunicorn: Gunicorn, eventually: Eventually
) -> None:
    journeys = TOWN.replace("person{person.number}", "{'person' * (person.number % 2)}{person.number}")
    folder, _ = _exported(tmp_path, journeys, mix={"home": 1.0}, sign_in="sign_in", people=3)
    with (
        gunicorn("--worker-class", "gthread", "--threads", "4", "--access-logfile", str(access_log)) as url,
        _locust(folder, *_headless(url, 4)) as process,
    ):
        eventually(lambda: access_log.read_text().count("op=home") >= 20, 60)
        locust = _stopped(process)
    # Four users of three people: persons 1, 2, 3 and again 1; the even one is unknown there.
    assert locust.status == 1
    assert locust.rows["POST sign_in"].failures == 1
    assert "person 2 could not be signed in and takes no part" in locust.log
    assert "4 users are started; 20 together offer 40 journeys per second" in locust.log
    # The others go on without.
    assert locust.rows["GET home"].requests >= 20
    assert locust.rows["GET home"].failures == 0


def test_sessions_are_of_visitors_who_come_for_the_first_time(
    tmp_path: Path, access_log: Path, gunicorn: Gunicorn, eventually: Eventually
) -> None:
    journeys = (
        TOWN
        + """

def visit(person):
    known = person.number <= 20
    greeting = f"Hello person{person.number}" if known else "Hello stranger"
    expect((yield get("/", name="known" if known else "new")), contains=greeting)
"""
    )
    folder, _ = _exported(
        tmp_path,
        journeys,
        mix={"visit": 1.0},
        sign_in="sign_in",
        arrivals_are="sessions",
        returning=0.5,
        arrivals="poisson",
        keep_alive=False,
    )
    with (
        gunicorn("--worker-class", "gthread", "--threads", "4", "--access-logfile", str(access_log)) as url,
        _locust(folder, *_headless(url, USERS)) as process,
    ):
        eventually(lambda: access_log.read_text().count("GET / ") >= 80, 60)
        locust = _stopped(process)
    assert locust.status == 0, locust.log
    known, new = locust.rows["GET known"].requests, locust.rows["GET new"].requests
    # Draws with p = 0.5: five standard deviations.
    assert abs(known - new) < 5 * (known + new) ** 0.5
