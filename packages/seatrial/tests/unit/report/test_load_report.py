"""A load told: as figures, as JSON, as text at the width of a terminal."""

import json
import re
from dataclasses import replace

import pytest

from seatrial.load.arrivals.day import Day
from seatrial.load.arrivals.profile import Profile
from seatrial.load.arrivals.shapes import Constant, Poisson
from seatrial.load.books.observation import HeardCounts, Observation
from seatrial.load.books.sessions import SessionCounts
from seatrial.load.books.tally import Tally
from seatrial.load.generator.member import PartResult
from seatrial.load.generator.plan import LoadPlan
from seatrial.load.generator.result import load_result
from seatrial.load.generator.self_check import SelfCheck
from seatrial.report.load_document import load_json
from seatrial.report.load_figures import load_figures
from seatrial.report.load_terminal import load_answer
from seatrial.spec.workload import WorkloadSpec

URL = "http://127.0.0.1:8000/"


def a_result(observations, *, failures=(), busy=0.1, self_check=None, **plan):
    """A load of one process that saw these observations; times count from its beginning."""
    plan = LoadPlan(
        **{"base_url": URL, "workload": WorkloadSpec(), "duration_s": 10.0, "arrivals": Poisson(10), **plan}
    )
    tally = Tally(started_s=0.0, duration_s=plan.duration_s, timeout_s=plan.workload.timeout_s)
    for one in observations:
        tally.add(one)
    part = PartResult(
        tally=tally,
        arrivals=len(observations),
        busy=busy,
        in_flight_max=3,
        failures=tuple(failures),
        lasted_s=plan.duration_s,
    )
    return load_result(plan, [part], self_check=self_check)


def ten_a_second(seconds=10, *, took_s=0.02, late_s=0.0, name="GET /", error="", status=200):
    return [
        Observation(name, at / 10, at / 10 + late_s, at / 10 + late_s, at / 10 + late_s + took_s, status, error)
        for at in range(10 * seconds)
    ]


def told(result, width=80, **how):
    return load_answer(load_figures(result, URL), width, **how)


def joined(text):
    return " ".join(text.split())


def test_the_names_of_the_json_are_those_that_are_promised():
    document = json.loads(json.dumps(load_json(load_figures(a_result(ten_a_second()), URL))))
    assert document["schema"] == "seatrial.load/1"
    assert document["offered_rate_rps"] == pytest.approx(10.0)
    assert document["throughput_rps"] == pytest.approx(10.0)
    assert document["requests"] == 100
    assert document["errors"] == {}
    for clock in ("response_time_s", "time_from_send_s"):
        assert document[clock] == {
            name: pytest.approx(0.02, rel=0.002) for name in ("p50", "p95", "p99", "p999", "max")
        }
    assert document["lateness_s"] == {"p50": 0.0, "p99": 0.0, "max": 0.0}
    assert document["generator"]["cpu_s"] == pytest.approx(1.0)
    assert document["generator"]["requests_per_cpu_s"] == pytest.approx(100.0)
    assert document["generator"]["valid"] is True
    assert document["generator"]["reasons"] == []
    assert document["mode"] == "open"
    assert document["arrivals"] == "poisson"
    assert document["operations"]["GET /"]["requests"] == 100
    assert document["series"][3] == {
        "starts_s": 3.0,
        "offered": 10,
        "answered": 10,
        "failed": 0,
        "worst_response_time_s": pytest.approx(0.02),
    }


def test_failures_are_counted_by_cause_and_are_as_slow_as_the_time_limit():
    wrong = ten_a_second(1, error="status", status=500) + ten_a_second(2, error="reset", status=0)
    document = load_json(load_figures(a_result(ten_a_second(7) + wrong), URL))
    assert document["errors"] == {"reset": 20, "status": 10}
    assert document["requests"] == 100
    assert document["answered"] == 70
    assert document["error_ratio"] == pytest.approx(0.3)
    assert document["response_time_s"]["p50"] == pytest.approx(0.02, rel=0.002)
    assert document["response_time_s"]["p95"] == pytest.approx(10.0, rel=0.002)
    assert "failures-are-slow" in {each["code"] for each in document["caveats"]}


def test_nothing_seen_is_null_and_never_a_zero():
    figures = load_figures(a_result([]), URL)
    document = load_json(figures)
    assert set(document["response_time_s"].values()) == {None}
    assert document["generator"]["requests_per_cpu_s"] is None
    assert "No request was sent." in load_answer(figures)


def test_a_closed_loop_is_marked_and_says_what_its_times_hide():
    result = a_result(ten_a_second(), arrivals=None, concurrency=8)
    document = load_json(load_figures(result, URL))
    assert document["mode"] == "closed"
    assert document["arrivals"] is None
    assert document["offered_rate_rps"] is None
    assert document["concurrency"] == 8
    assert document["lateness_s"] == {"p50": None, "p99": None, "max": None}
    (caveat,) = [each for each in document["caveats"] if each["code"] == "closed-loop"]
    assert "hide what visitors would see" in caveat["text"]
    text = joined(told(result))
    assert "8 requests kept on their way for 10 s (a closed loop)." in text
    assert "hide what visitors would see" in text
    assert "late by" not in text


@pytest.mark.parametrize(
    ("arrivals", "named", "words"),
    [
        (Poisson(10), "poisson", "10 requests/s offered for 10 s, at random (Poisson)."),
        (Constant(10), "constant", "10 requests/s offered for 10 s, evenly spaced."),
        (Day(20, day_s=10), "day", "a day's curve of 10 requests/s in the mean offered for 10 s, at random (Poisson)."),
    ],
)
def test_the_kind_of_arrivals_is_named(arrivals, named, words):
    result = a_result(ten_a_second(), arrivals=arrivals)
    assert load_figures(result).arrivals == named
    assert words in joined(told(result))


@pytest.mark.parametrize("kind", [Constant, Poisson, Profile, Day])
def test_evenly_spaced_arrivals_of_every_kind_are_a_caveat(kind):
    def told_codes(spacing):
        points = ((0.0, 10.0), (10.0, 20.0))
        arrivals = kind(points if kind is Profile else 10.0, **({"spacing": spacing} if kind in (Profile, Day) else {}))
        return {each.code for each in load_figures(a_result(ten_a_second(), arrivals=arrivals)).caveats}

    assert ("even-arrivals" in told_codes("constant")) == (kind is not Poisson)
    assert ("even-arrivals" in told_codes("poisson")) == (kind is Constant)


def test_journeys_of_several_requests_are_offered_as_requests_and_as_arrivals():
    result = replace(a_result(ten_a_second()), arrivals=25)
    figures = load_figures(result, URL)
    assert figures.offered_rate_rps == pytest.approx(10.0)
    assert figures.arrival_rate_per_s == pytest.approx(2.5)
    assert "2.5 operations began per second, of 4.0 requests each." in joined(load_answer(figures))


def test_a_late_generator_is_not_valid_and_says_so_first_with_what_to_do():
    result = a_result(ten_a_second(late_s=0.05))
    figures = load_figures(result, URL)
    assert not figures.generator.valid
    (reason,) = figures.generator.reasons
    assert "50" in reason
    text = joined(load_answer(figures))
    assert text.startswith("NOT VALID")
    assert reason in text
    assert "Not fit to measure: see above." in text


def test_what_the_cap_refused_is_a_caveat_and_no_fault_of_the_generator():
    result = a_result(ten_a_second(9) + ten_a_second(1, error="cap", status=0), in_flight_max=3)
    figures = load_figures(result, URL)
    assert figures.generator.valid
    assert figures.errors == {"cap": 10}
    assert "in-flight-cap" in {each.code for each in figures.caveats}
    assert "nothing new begins while as many are on their way as --connections allows" in joined(load_answer(figures))


def test_where_the_two_clocks_part_the_naive_figure_stands_beside_the_honest_one():
    slow = [replace_sent(one, sent_s=one.done_s - 0.0047) for one in ten_a_second(took_s=0.5)]
    text = joined(told(a_result(slow)))
    assert "from the send, would have said 4.7 ms instead of 500 ms (p50)" in text
    assert "The usual clock" not in told(a_result(ten_a_second()))


def replace_sent(one, sent_s):
    return one._replace(sent_s=sent_s)


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("styled", [False, True])
def test_no_line_is_longer_than_the_terminal(width, styled):
    long_name = "GET /" + "a-very-long-path/" * 12
    seen = ten_a_second(200, late_s=0.02) + ten_a_second(200, name=long_name, error="timeout", status=0)
    result = a_result(
        seen,
        duration_s=200.0,
        failures=[f"{long_name}, step 1, person 3: timeout: no answer in time"] * 3,
        self_check=SelfCheck(31_234.0, 60_000.0, 0.0001, 0.001),
    )
    text = re.sub("\x1b\\[[0-9]*m", "", told(result, width, styled=styled))
    assert max(len(line) for line in text.splitlines()) <= width
    assert "\n\n\n" not in text


def test_text_without_style_and_blocks_is_plain_ascii():
    assert told(a_result(ten_a_second()), styled=False, blocks=False).isascii()


def test_the_honest_row_is_the_bold_one():
    bold = re.findall("\x1b\\[1m(.*?)\x1b\\[0m", told(a_result(ten_a_second()), styled=True))
    assert len(bold) == 1
    assert bold[0].split()[:2] == ["response", "time"]


def test_operations_are_told_apart_when_there_are_several():
    one = told(a_result(ten_a_second()))
    assert "operation" not in one
    several = told(a_result(ten_a_second() + ten_a_second(2, took_s=0.4, name="search")))
    (row,) = [line for line in several.splitlines() if line.strip().startswith("search")]
    assert row.split() == ["search", "20", "-", "400", "ms", "400", "ms", "400", "ms"]


def test_a_server_that_stood_still_shows_in_the_series():
    seen = [one._replace(done_s=one.done_s + 1.98) if 3 <= one.due_s < 4 else one for one in ten_a_second()]
    text = told(a_result(seen))
    (line,) = [line for line in text.splitlines() if line.strip().startswith("slowest ") and " to " in line]
    assert line.endswith("20 ms to 2 s")


def test_an_interrupted_load_says_so_first_and_how_long_it_lasted():
    result = replace(a_result(ten_a_second(3), duration_s=3.0), is_interrupted=True)
    figures = load_figures(result, URL)
    assert figures.interrupted
    assert "interrupted" in {each.code for each in figures.caveats}
    assert load_answer(figures).startswith("INTERRUPTED after 3 s")


@pytest.mark.parametrize(
    ("abandoned", "error", "words"),
    [
        (7, "", "7 requests that were on their way are not counted."),
        (0, "unfinished", "30 requests on the way then failed: unfinished."),
        (0, "", "nothing was on its way then."),
    ],
)
def test_an_interrupted_load_says_what_became_of_what_was_on_its_way(abandoned, error, words):
    result = replace(a_result(ten_a_second(3, error=error)), is_interrupted=True, abandoned=abandoned)
    (caveat,) = [each for each in load_figures(result, URL).caveats if each.code == "interrupted"]
    assert caveat.text.endswith(words)


@pytest.mark.parametrize(
    ("due_after", "curtailed", "is_told"), [(1, 0, False), (2, 0, True), (0, 2, True), (1, 1, True)]
)
def test_journeys_that_outlast_the_interval_are_told_from_one_in_a_hundred(due_after, curtailed, is_told):
    seen = ten_a_second(10)[due_after:] + [Observation("GET /", 11.0, 11.0, 11.0, 11.1, 200)] * due_after
    result = replace(a_result(seen), curtailed=curtailed)
    assert result.tally.due_after == due_after
    assert ("outlasting-journeys" in {each.code for each in load_figures(result, URL).caveats}) == is_told


def test_sessions_and_what_came_over_open_sockets_are_told_when_there_were_any():
    counts = SessionCounts(begun=20, ended=17, failed=1, under_way_at_start=0, under_way_max=3)
    result = replace(a_result(ten_a_second()), sessions=counts, heard=HeardCounts(events=300, dropped=2))
    text = joined(told(result))
    assert "20 begun, 17 ended rightly, 1 not; at most 3 under way at once." in text
    assert "300 events over open sockets, 2 never taken up." in text
    assert "over open sockets" not in told(a_result(ten_a_second()))
    assert load_json(load_figures(result))["sessions"]["begun"] == 20


def test_few_requests_have_no_slowest_in_a_thousand():
    assert "few-requests" in {each.code for each in load_figures(a_result(ten_a_second())).caveats}
    many = a_result(ten_a_second(100), duration_s=100.0)
    assert "few-requests" not in {each.code for each in load_figures(many).caveats}
