"""`seatrial load` from outside: what is counted, what is printed, how it ends."""

import json
import re
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

pytestmark = pytest.mark.linux

# Whether the generator was on time is for the machine to say, and others may use it: 3 says that it was not.
ANSWERED = (0, 3)
BRIEF = ("--no-self-check", "--quiet")


def figures(ended):
    assert ended.out, ended.err
    return json.loads(ended.out)


def test_evenly_spaced_requests_are_as_many_as_rate_times_duration_and_all_answered(town, run_seatrial) -> None:
    ended = run_seatrial("load", f"{town}/", "--rate", "50", "--duration", "2", "--arrivals", "constant", "--json")
    assert ended.status in ANSWERED, ended.err
    found = figures(ended)
    assert found["schema"] == "seatrial.load/1"
    assert found["requests"] == found["answered"] == 100
    assert found["errors"] == {}
    assert found["mode"] == "open"
    assert found["arrivals"] == "constant"
    assert found["offered_rate_rps"] == 50.0
    # The answer to a request due at the very end may come after it.
    assert 45.0 <= found["throughput_rps"] <= 50.0
    assert sum(row["offered"] for row in found["series"]) == 100
    assert 0 < found["response_time_s"]["p50"] <= found["response_time_s"]["p95"] <= found["response_time_s"]["max"]
    # How much more than was asked for, the machine decides, and what else runs on it.
    assert found["self_check"]["ceiling_rps"] > 50.0
    assert found["operations"].keys() == {"GET /"}
    assert found["generator"]["cpu_s"] > 0
    assert found["generator"]["valid"] is (ended.status == 0)
    first, last = ended.err.splitlines()
    assert first == f"seatrial: 2 s of load on {town}"
    assert last.startswith("seatrial: 100 requests in ")


def test_two_processes_share_the_schedule_and_nothing_is_lost_or_sent_twice(town, run_seatrial) -> None:
    arguments = ("--rate", "40", "--duration", "1.5s", "--arrivals", "constant", "--processes", "2", "--json")
    found = figures(run_seatrial("load", f"{town}/", *arguments, *BRIEF))
    assert found["requests"] == found["answered"] == 60
    assert found["processes"] == 2
    assert found["self_check"] is None


def test_a_warm_up_is_sent_and_not_counted(town, run_seatrial) -> None:
    arguments = ("--rate", "40", "--duration", "1", "--arrivals", "constant", "--warm-up", "500ms", "--json")
    found = figures(run_seatrial("load", f"{town}/", *arguments, *BRIEF))
    assert found["requests"] == 40
    assert found["warm_up_s"] == 0.5


def test_a_profile_offers_the_area_under_its_lines(town, run_seatrial) -> None:
    # From 10 to 50 a second in 1 s, then a step to 20 for 1 s: 30 + 20 requests.
    arguments = ("--profile", "0:10,1:50,1:20,2:20", "--arrivals", "constant", "--json")
    found = figures(run_seatrial("load", f"{town}/", *arguments, *BRIEF))
    assert found["duration_s"] == 2.0
    assert found["requests"] == pytest.approx(50, abs=1)
    assert found["arrivals"] == "profile"


def test_a_recording_is_replayed_to_the_last_line(town, run_seatrial, tmp_path: Path) -> None:
    times = tmp_path / "times.txt"
    times.write_text("# when it happened\n1700000000.0\n1700000000.2\n1700000000.2\n1700000001.0\n")
    found = figures(run_seatrial("load", f"{town}/", "--replay", times, "--json", *BRIEF))
    assert found["requests"] == 4
    assert found["arrivals"] == "replay"


def test_a_closed_loop_is_marked_as_such(town, run_seatrial) -> None:
    ended = run_seatrial("load", f"{town}/", "--concurrency", "4", "--duration", "1", "--json", *BRIEF)
    found = figures(ended)
    assert found["mode"] == "closed"
    assert found["offered_rate_rps"] is None
    assert found["in_flight_max"] == 4
    assert found["throughput_rps"] > 50
    assert "closed-loop" in {each["code"] for each in found["caveats"]}


def test_method_body_and_headers_reach_the_server_and_its_answer_is_checked(town, run_seatrial, tmp_path: Path) -> None:
    body = tmp_path / "body.json"
    body.write_text('{"a": 1}')
    request = ("--method", "PUT", "--data", f"@{body}", "--header", "Content-Type: application/json")
    checks = (
        "--header",
        "X-Own: mine",
        "--expect-status",
        "200",
        "--expect-text",
        "PUT application/json '{\"a\": 1}' mine",
    )
    ended = run_seatrial(
        "load", f"{town}/echo?x=1", "--rate", "20", "--duration", "0.5", *request, *checks, "--json", *BRIEF
    )
    found = figures(ended)
    assert (found["requests"], found["errors"]) == (10, {}), ended.out


CAUSES = {
    "status": ("/broken", ()),
    "expectation": ("/", ("--expect-text", "Goodbye")),
    "timeout": ("/slow?s=1", ("--timeout", "200ms")),
}


@pytest.mark.parametrize("cause", CAUSES)
def test_each_failure_is_told_by_its_cause_and_never_fast(town, run_seatrial, cause: str) -> None:
    path, options = CAUSES[cause]
    ended = run_seatrial("load", f"{town}{path}", "--rate", "8", "--duration", "0.5", *options, "--json", *BRIEF)
    assert ended.status == 1
    found = figures(ended)
    assert found["errors"] == {cause: 4}
    limit_s = 0.2 if cause == "timeout" else 10.0
    assert found["response_time_s"]["p50"] >= limit_s * 0.999
    assert found["throughput_rps"] == 0.0
    assert cause in found["failures"][0]
    assert f"every request failed. The first: {found['failures'][0]}" in ended.err


def test_what_the_cap_refuses_is_a_failure_of_its_own(town, run_seatrial) -> None:
    # Four threads answer after 0.4 s: with two on their way at most, most of 20 in half a second are refused.
    options = ("--rate", "40", "--duration", "0.5", "--arrivals", "constant", "--connections", "2", "--json")
    found = figures(run_seatrial("load", f"{town}/slow?s=0.4", *options, *BRIEF))
    assert found["requests"] == 20
    assert found["errors"].keys() == {"cap"}
    assert found["answered"] + found["errors"]["cap"] == 20
    assert found["in_flight_max"] == 2
    assert found["response_time_s"]["max"] >= 10.0
    assert "in-flight-cap" in {each["code"] for each in found["caveats"]}


def test_a_server_that_goes_away_after_the_first_connection_refuses_the_rest(run_seatrial) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]

    def leave() -> None:
        listener.accept()[0].close()
        listener.close()

    peer = threading.Thread(target=leave)
    peer.start()
    try:
        ended = run_seatrial("load", f"http://127.0.0.1:{port}/", "--rate", "10", "--duration", "1", "--json", *BRIEF)
    finally:
        peer.join(timeout=20)
    assert ended.status == 1
    assert figures(ended)["errors"] == {"refused": 10}


def test_nobody_there_is_told_at_once(run_seatrial) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    ended = run_seatrial("load", f"http://127.0.0.1:{port}/", "--rate", "10", "--duration", "1h", deadline_s=30)
    assert ended.status == 3
    assert ended.out == ""
    assert f"http://127.0.0.1:{port}: no connection: connection refused." in ended.err
    assert "Start the app first" in ended.err


def test_a_host_that_others_use_is_refused_with_the_reason(run_seatrial) -> None:
    ended = run_seatrial("load", "http://198.51.100.7/", "--rate", "10")
    assert ended.status == 2
    assert "198.51.100.7 is not this machine" in ended.err
    assert "take it down" in ended.err
    assert "--i-may-load-this-host" in ended.err


def test_without_a_rate_both_ways_are_suggested(run_seatrial) -> None:
    ended = run_seatrial("load", "http://127.0.0.1:1/")
    assert ended.status == 2
    assert "--rate 50" in ended.err
    assert "--concurrency 8" in ended.err


JOURNEYS = """
from seatrial.load.journeys import expect, form, get, page

MIX = {"look": 3, "write": 1}

def sign_in(person):
    welcome = yield form((yield get("/login")), "/login").submit(name=f"person{person.number}")
    expect(welcome, contains=f"Home of person{person.number}")

def look(person):
    home, _ = yield page(get("/home"), get("/echo", name="part"))
    expect(home, contains=f"Home of person{person.number}")

def write(person):
    home = yield get("/home", name="read")
    answer = yield form(home, "/post").submit(text=person.unique("hello"))
    expect(answer, contains="wrote hello")
"""


def test_people_of_a_journeys_file_sign_in_and_follow_its_mix(town, run_seatrial, tmp_path: Path) -> None:
    path = tmp_path / "journeys.py"
    path.write_text(JOURNEYS)
    options = ("--rate", "20", "--duration", "2", "--arrivals", "constant", "--people", "5", "--json")
    found = figures(run_seatrial("load", town, "--journeys", path, *options, *BRIEF))
    assert found["errors"] == {}, found["failures"]
    counts = {name: one["requests"] for name, one in found["operations"].items()}
    # Of 40 journeys 30 look, with two requests, and 10 write, with two.
    assert counts == {"look": 30, "part": 30, "read": 10, "write": 10}
    assert found["requests"] == 80
    assert found["offered_rate_rps"] == 40.0
    assert found["arrival_rate_per_s"] == 20.0


def test_a_generator_that_cannot_keep_up_marks_its_figures_and_ends_with_3(town, run_seatrial, tmp_path: Path) -> None:
    # Each journey burns 5 ms of the generator's own CPU: 300 a second would take one and a half of it.
    path = tmp_path / "greedy.py"
    path.write_text(
        "import time\nfrom seatrial.load.journeys import get\n\ndef greedy(person):\n"
        "    until_s = time.process_time() + 0.005\n    while time.process_time() < until_s:\n        pass\n"
        "    yield get('/')\n"
    )
    ended = run_seatrial("load", town, "--journeys", path, "--rate", "300", "--duration", "1", *BRIEF)
    assert ended.status == 3, ended.err
    assert ended.out.startswith("NOT VALID")
    # On a busy machine others had a part in it, and their part is told first.
    assert "Offer" in ended.out or "Something else used" in ended.out
    assert re.search(r"^  response time +\S+", ended.out, re.MULTILINE)


def test_new_visitors_come_without_cookies_and_are_counted_as_sessions(town, run_seatrial, tmp_path: Path) -> None:
    path = tmp_path / "journeys.py"
    path.write_text(
        "from seatrial.load.journeys import expect, get, think\n\ndef visit(person):\n"
        "    expect((yield get('/')), contains='Hello stranger')\n    yield think(0.2)\n    yield get('/echo')\n"
    )
    options = ("--rate", "10", "--duration", "2", "--sessions", "--arrivals", "constant", "--json")
    found = figures(run_seatrial("load", town, "--journeys", path, *options, *BRIEF))
    assert found["errors"] == {}, found["failures"]
    assert found["sessions"]["begun"] == 20
    assert found["arrival_rate_per_s"] == 10.0


def test_the_workload_of_a_seatrial_toml_can_be_driven(town, run_seatrial, declare) -> None:
    rows = [{"name": "home", "path": "/", "weight": 3}, {"name": "echo", "path": "/echo"}]
    spec = declare(workload={"operations": rows, "arrivals": "constant", "order": "stratified"})
    found = figures(run_seatrial("load", town, "--journeys", spec, "--rate", "20", "--duration", "1", "--json", *BRIEF))
    assert {name: one["requests"] for name, one in found["operations"].items()} == {"home": 15, "echo": 5}
    assert found["arrivals"] == "constant"


def test_the_answer_in_a_pipe_is_plain_text_of_80_columns(town, run_seatrial) -> None:
    ended = run_seatrial("load", f"{town}/", "--rate", "40", "--duration", "3", "--no-self-check")
    assert "\x1b" not in ended.out + ended.err
    assert max(len(line) for line in ended.out.splitlines()) <= 80
    assert re.search(r"^  response time +\S+ ms", ended.out, re.MULTILINE)
    assert "All 120 were answered rightly" in ended.out


def test_who_reads_only_the_first_line_ends_it_in_peace(town) -> None:
    command = f"{sys.executable} -m seatrial load {town}/ --rate 20 --duration 0.5 --json {' '.join(BRIEF)} | head -n 1"
    script = f"set -o pipefail; {command}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "{\n"
    assert done.stderr == ""
