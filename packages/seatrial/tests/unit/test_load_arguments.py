"""The arguments of `seatrial load`: what plan they make, and how what cannot be used is told."""

from pathlib import Path

import pytest

from seatrial.cli import build_parser
from seatrial.command_line.load_plan import load_plan
from seatrial.errors import SpecError
from seatrial.load.arrivals.day import Day
from seatrial.load.arrivals.profile import Profile
from seatrial.load.arrivals.shapes import Constant, Poisson
from seatrial.load.workload import Workload

URL = "http://127.0.0.1:8000"

JOURNEYS = """
from seatrial.load.journeys import get

MIX: dict[str, float] = {"home": 40, "public": 10}

def sign_in(person):
    yield get("/login")

def home(person):
    yield get("/")

def public(person):
    yield get("/public")

def helper():
    def inner():
        yield 1
    return inner
"""


def planned(*arguments: str | Path):
    return load_plan(build_parser().parse_args(["load", *map(str, arguments)]))


@pytest.fixture
def journeys(tmp_path: Path) -> Path:
    path = tmp_path / "journeys.py"
    path.write_text(JOURNEYS)
    return path


def test_a_rate_is_poisson_for_ten_seconds_unless_something_else_is_said() -> None:
    plan = planned(URL, "--rate", "200")
    assert plan.arrivals == Poisson(200.0)
    assert (plan.duration_s, plan.lead_in_s, plan.in_flight_max, plan.processes, plan.seed) == (10.0, 0.0, 1000, 1, 1)
    assert plan.is_self_checked
    assert plan.base_url == URL
    (operation,) = plan.workload.operations
    assert (operation.method, operation.path, operation.name) == ("GET", "/", "GET /")
    assert operation.expect_status is None


@pytest.mark.parametrize(
    ("text", "seconds"), [("20", 20.0), ("20s", 20.0), ("1.5m", 90.0), ("1h", 3600.0), ("500ms", 0.5), (".5", 0.5)]
)
def test_a_time_is_seconds_or_has_a_unit(text: str, seconds: float) -> None:
    assert planned(URL, "--rate", "1", "--duration", text).duration_s == pytest.approx(seconds)


def test_every_way_of_saying_how_much_makes_its_arrivals(tmp_path: Path) -> None:
    times = tmp_path / "times.txt"
    times.write_text("0\n1\n2\n")
    assert planned(URL, "--rate", "5", "--arrivals", "constant").arrivals == Constant(5.0)
    assert planned(URL, "--profile", "0:10, 60:200").arrivals == Profile(((0, 10), (60, 200)))
    assert planned(URL, "--profile", "0:10,60:200").duration_s == 60.0
    assert planned(URL, "--profile", "0:10,60:200", "--duration", "30").duration_s == 30.0
    assert planned(URL, "--day", "100", "--duration", "5m").arrivals == Day(100.0, day_s=300.0)
    replayed = planned(URL, "--replay", times, "--replay-speed", "2")
    assert list(replayed.arrivals.offsets(replayed.duration_s, 1)) == [0.0, 0.5, 1.0]
    closed = planned(URL, "--concurrency", "8")
    assert (closed.arrivals, closed.concurrency, closed.duration_s) == (None, 8, 10.0)


def test_a_profile_keeps_its_shape_after_a_warm_up_at_its_first_rate() -> None:
    plan = planned(URL, "--profile", "0:10,60:200", "--warm-up", "5")
    assert plan.arrivals == Profile(((0, 10), (5, 10), (65, 200)))
    assert (plan.lead_in_s, plan.duration_s) == (5.0, 60.0)


def test_a_url_with_a_path_and_a_query_is_one_request_of_them() -> None:
    plan = planned("127.0.0.1:8000/search?q=shoes#top", "--rate", "1", "--expect-status", "302", "--timeout", "3")
    (operation,) = plan.workload.operations
    assert plan.base_url == URL
    assert operation.path == "/search?q=shoes"
    assert operation.expect_status == 302
    assert plan.workload.timeout_s == 3.0


def test_a_body_makes_a_post_and_a_file_is_sent_byte_by_byte(tmp_path: Path) -> None:
    body = bytes(range(256))
    path = tmp_path / "body"
    path.write_bytes(body)
    headers = ("--header", "Content-Type: image/png", "--header", "X-Two:  2 ")
    plan = planned(f"{URL}/upload", "--rate", "1", "--data", f"@{path}", *headers)
    (operation,) = plan.workload.operations
    assert operation.method == "POST"
    assert operation.headers == (("Content-Type", "image/png"), ("X-Two", "2"))
    request = next(Workload.from_spec(plan.workload).operations["POST /upload"](None))
    assert request.body == body
    assert dict(request.headers) == {"Content-Type": "image/png", "X-Two": "2"}
    assert planned(URL, "--rate", "1", "--data", "").workload.operations[0].method == "POST"


def test_a_journeys_file_brings_its_mix_and_its_sign_in(journeys: Path) -> None:
    plan = planned(URL, "--rate", "1", "--journeys", journeys, "--people", "7")
    assert plan.workload.mix == {"home": 40.0, "public": 10.0}
    assert plan.workload.sign_in == "sign_in"
    assert plan.workload.people == 7
    assert planned(URL, "--rate", "1", "--journeys", journeys, "--no-sign-in").workload.sign_in == ""
    mixed = planned(URL, "--rate", "1", "--journeys", journeys, "--mix", "public=1", "--sign-in", "home")
    assert (mixed.workload.mix, mixed.workload.sign_in) == ({"public": 1.0}, "home")
    listening = planned(URL, "--rate", "1", "--journeys", journeys, "--listeners", "9", "--listener", "home").workload
    assert (listening.listeners, listening.listener) == (9, "home")
    sessions = planned(URL, "--rate", "1", "--journeys", journeys, "--sessions", "--returning", "0.8")
    assert (sessions.workload.arrivals_are, sessions.workload.returning) == ("sessions", 0.8)


def test_a_file_with_one_journey_needs_no_mix(tmp_path: Path) -> None:
    path = tmp_path / "one.py"
    path.write_text("def visit(person):\n    yield 1\n")
    assert planned(URL, "--rate", "1", "--journeys", path).workload.mix == {"visit": 1.0}


REFUSED = {
    (): ("--rate 50", "--concurrency 8"),
    ("--rate", "5", "--concurrency", "2"): ("--rate and --concurrency stand side by side",),
    ("--rate", "many"): ("--rate: 'many' is not a number", "--rate 200"),
    ("--rate", "0"): ("--rate", "above 0, at most 1,000,000"),
    ("--rate", "nan"): ("--rate",),
    ("--rate", "-3"): ("--rate", "above 0"),
    ("--rate", "5", "--duration", "soon"): ("--duration", "is not a time", "--duration 20"),
    ("--rate", "5", "--duration", "0"): ("--duration", "above 0"),
    ("--rate", "5", "--connections", "0"): ("--connections", "1 to 100,000"),
    ("--rate", "5", "--processes", "1.5"): ("--processes", "not a whole number"),
    ("--rate", "5", "--timeout", "601"): ("--timeout", "at most 600"),
    ("--rate", "5", "--expect-status", "99"): ("--expect-status", "200 to 599"),
    ("--rate", "5", "--connections", "2", "--processes", "3"): (
        "--processes: 2 requests in flight cannot be shared by 3",
        "raise --connections",
    ),
    ("--concurrency", "8", "--arrivals", "constant"): ("--arrivals", "--concurrency"),
    ("--concurrency", "8", "--connections", "9"): ("--connections", "--concurrency"),
    ("--profile", "10:5"): ("--profile", "first point is at 10 s", '--profile "0:10,60:200"'),
    ("--profile", "0:5,x:9"): ("--profile", "'x:9' is no point of a profile"),
    ("--day", "50"): ("--day", "--duration 5m"),
    ("--day", "50", "--duration", "60", "--warm-up", "5"): ("--warm-up", "--day"),
    ("--replay", "missing.txt"): ("missing.txt", "there is no such file"),
    ("--rate", "5", "--replay-speed", "2"): ("--replay-speed", "--replay times.txt"),
    ("--rate", "5", "--header", "nothing"): ("--header", "'nothing' is no header", "'Accept: text/html'"),
    ("--rate", "5", "--header", "Content-Length: 3"): ("--header", "Content-Length follows from the body"),
    ("--rate", "5", "--method", "GE T"): ("--method", "'GE T' is no method of HTTP"),
    ("--rate", "5", "--data", "@missing"): ("--data", "missing cannot be read"),
    ("--rate", "5", "--people", "9"): ("--people", "--journeys journeys.py"),
    ("--rate", "5", "--sessions"): ("--sessions", "--journeys journeys.py"),
    ("--rate", "5", "--journeys", "missing.py"): ("missing.py", "there is no such file"),
}


@pytest.mark.parametrize("arguments", REFUSED, ids=" ".join)
def test_what_cannot_be_used_is_told_with_its_option_and_what_to_write(arguments: tuple[str, ...]) -> None:
    with pytest.raises(SpecError) as caught:
        planned(URL, *arguments)
    assert caught.value.exit_status == 2
    for words in REFUSED[arguments]:
        assert words in str(caught.value)


URLS = {
    "ftp://127.0.0.1/": "ftp:// is not driven",
    "http://": "it names no host",
    "http://127.0.0.1:port/": "is no URL that can be loaded",
    "http://me:secret@127.0.0.1/": "--header 'Authorization: Basic ...'",
    "http://[::1": "is no URL",
    "http://example.org/": "example.org is not this machine",
    "http://localhost.example.org/": "localhost.example.org is not this machine",
    "http://0.0.0.0:8000/": "write 127.0.0.1 instead",
    "http://10.0.0.1/": "10.0.0.1 is not this machine",
}


@pytest.mark.parametrize("url", URLS)
def test_a_url_that_is_none_or_another_machines_is_refused(url: str) -> None:
    with pytest.raises(SpecError, match=r"URL") as caught:
        planned(url, "--rate", "1")
    assert URLS[url] in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://localhost:1/", "http://[::1]:1/", "http://127.0.0.2:1/", "https://127.0.0.1/"])
def test_this_machine_has_several_names(url: str) -> None:
    assert planned(url, "--rate", "1").base_url == url.rstrip("/")


def test_another_host_is_loaded_by_who_says_that_they_may() -> None:
    plan = planned("http://198.51.100.7/", "--rate", "1", "--i-may-load-this-host")
    assert plan.allow_remote


BAD_FILES = {
    "x = 1\n": "there are no journeys in this file",
    "def sign_in(person):\n    yield 1\n": "there are no journeys in this file",
    "def a(p):\n    yield 1\ndef b(p):\n    yield 1\n": "--mix a=1,b=1",
    "MIX = {'a': 'often'}\ndef a(p):\n    yield 1\n": "MIX on line 1 is not a dictionary",
    "MIX = {'walk': 1}\ndef talk(p):\n    yield 1\n": "there is no journey 'walk'",
    "def a(:\n": "py_compile",
}


@pytest.mark.parametrize("text", BAD_FILES)
def test_a_file_that_holds_no_journeys_to_drive_is_told_with_what_to_do(text: str, tmp_path: Path) -> None:
    path = tmp_path / "journeys.py"
    path.write_text(text)
    with pytest.raises(SpecError) as caught:
        planned(URL, "--rate", "1", "--journeys", path)
    assert str(path) in str(caught.value)
    assert BAD_FILES[text] in str(caught.value)


@pytest.mark.parametrize(
    "wrong", [("--listeners", "9"), ("--listener", "home"), ("--listeners", "9", "--listener", "x")]
)
def test_listeners_are_so_many_and_follow_a_journey_of_the_file(wrong: tuple[str, ...], journeys: Path) -> None:
    with pytest.raises(SpecError):
        planned(URL, "--rate", "1", "--journeys", journeys, *wrong)


@pytest.mark.parametrize("name", ["journeys.py", "seatrial.toml"])
def test_nobody_signs_in_by_a_journey_that_is_named(name: str, journeys: Path) -> None:
    path = journeys.with_name(name)
    with pytest.raises(SpecError, match=r"--no-sign-in: stands beside --sign-in\.\nLeave one"):
        planned(URL, "--rate", "1", "--journeys", path, "--no-sign-in", "--sign-in", "home")


def test_sessions_in_a_closed_loop_are_told_where_they_were_asked_for(journeys: Path) -> None:
    with pytest.raises(SpecError, match=r"^--sessions: sessions arrive"):
        planned(URL, "--concurrency", "2", "--journeys", journeys, "--sessions")
    path = journeys.with_name("seatrial.toml")
    path.write_text(
        "[subject]\napp = 'a:b'\n[workload]\njourneys = 'journeys.py'\nmix = {home = 1}\narrivals_are = 'sessions'\n"
    )
    with pytest.raises(SpecError, match=r"seatrial\.toml: workload\.arrivals_are: sessions arrive"):
        planned(URL, "--concurrency", "2", "--journeys", path)


def test_a_body_that_is_too_large_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "body"
    with path.open("wb") as file:
        file.truncate(16 * 1024 * 1024 + 1)
    with pytest.raises(SpecError, match=r"--data: .* is larger than 16 MB\.\nName a smaller file"):
        planned(URL, "--rate", "1", "--data", f"@{path}")


@pytest.mark.parametrize("mix", ["home", "home=x", "home=-1", "home=1,home=2", "home=0", "=1", "nobody=1"])
def test_a_mix_that_cannot_be_read_is_refused(mix: str, journeys: Path) -> None:
    with pytest.raises(SpecError):
        planned(URL, "--rate", "1", "--journeys", journeys, "--mix", mix)


def test_journeys_make_their_own_requests(journeys: Path) -> None:
    with pytest.raises(SpecError, match="--data"):
        planned(URL, "--rate", "1", "--journeys", journeys, "--data", "x")
    with pytest.raises(SpecError, match="only the address"):
        planned(f"{URL}/home", "--rate", "1", "--journeys", journeys)
