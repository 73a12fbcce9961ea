"""Pages with parallel requests, uploads and tokens; against a real Flask app under a real gunicorn."""

import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from seatrial.load.books.observation import LoadRecord
from seatrial.load.driver import Driver
from seatrial.load.journeys import File, Journey, Person, Request, expect, form, get, page, post, think
from seatrial.load.workload import Workload

# The fixtures' types: they come from this folder's conftest.
Drive = Callable[[str, Workload, Callable[[Driver], Awaitable[LoadRecord]]], LoadRecord]
WorkloadOf = Callable[..., Workload]
Gunicorn = Callable[..., AbstractContextManager[str]]


@pytest.fixture(scope="module")
def many_threads(gunicorn: Gunicorn) -> Iterator[str]:
    with gunicorn("--worker-class", "gthread", "--threads", "12", "--keep-alive", "5") as url:
        yield url


def once(driver: Driver) -> Awaitable[LoadRecord]:
    """Each operation of a workload a single time, as a browser would: parallel where the page is."""
    return driver.closed_loop(1, 20.0, until=_after(len(driver.workload.operations)))


def _after(count: int) -> Callable[[], bool]:
    calls = iter(range(count))
    return lambda: next(calls, None) is None


def test_the_requests_of_a_page_overlap_six_at_a_time_and_answers_come_in_the_given_order(
    many_threads: str, drive: Drive, workload_of: WorkloadOf
) -> None:
    told: list[list[str | float]] = []

    def parts(person: Person) -> Journey:
        yield get("/waited")
        waits = {"a": 0.6, "b": 0.55, "c": 0.5, "d": 0.6, "e": 0.55, "f": 0.5, "g": 0.1, "h": 0.05}
        answers = yield page(*(get(f"/wait/{name}?s={wait_s}", name=name) for name, wait_s in waits.items()))
        assert [one.text for one in answers] == [f"waited {name}" for name in waits]
        told.extend((yield get("/waited")).json())

    record = drive(many_threads, workload_of(parts=parts), once)
    assert record.failures == ()
    started_s, ended_s = ({str(name): float(times[which]) for name, *times in told} for which in (0, 1))
    # The server itself says so: the first six were all there before any of them was answered.
    assert max(started_s[name] for name in "abcdef") < min(ended_s[name] for name in "abcdef")
    # The seventh and the eighth waited until one of the six was over, and never more than six were there.
    assert min(started_s["g"], started_s["h"]) >= min(ended_s.values())
    moments = sorted([(at_s, 1) for at_s in started_s.values()] + [(at_s, -1) for at_s in ended_s.values()])
    there = most = 0
    for _, step in moments:
        there += step
        most = max(most, there)
    assert most == record.in_flight_max == 6
    seen = {one.operation: one for one in record.observations}
    assert {seen[name].due_s for name in "abcdef"} == {seen["a"].due_s}
    # Whoever waits for its turn is due when its turn comes: that wait is the browser's.
    first_over_s = min(seen[name].done_s for name in "abcdef")
    assert seen["g"].due_s == first_over_s


def test_what_a_journey_says_of_one_answer_of_a_page_is_blamed_on_its_request(
    many_threads: str, drive: Drive, workload_of: WorkloadOf
) -> None:
    def wrong_text(person: Person) -> Journey:
        one, two, _ = yield page(get("/", name="one"), get("/login", name="two"), get("/logout", name="three"))
        expect(one)
        expect(two, contains="Nothing of the kind")

    def no_form(person: Person) -> Journey:
        four, _ = yield page(get("/", name="four"), get("/login", name="five"))
        form(four)

    def mistake(person: Person) -> Journey:
        yield page(get("/", name="six"), get("/logout", name="seven"))
        raise LookupError("oh")

    def stumbles(person: Person) -> Journey:
        eight, _ = yield page(get("/broken", name="eight"), get("/", name="nine"))
        assert eight.text.index("csrf_token")

    record = drive(
        many_threads, workload_of(wrong_text=wrong_text, no_form=no_form, mistake=mistake, stumbles=stumbles), once
    )
    assert {one.operation: one.error for one in record.observations} == {
        "one": "",
        "two": "expectation",
        "three": "",
        "four": "expectation",
        "five": "",
        # A mistake that names no answer is told with the last one ...
        "six": "",
        "seven": "journey",
        # ... but who stumbles over an error page that nobody expected made no mistake.
        "eight": "status",
        "nine": "",
    }
    told = "\n".join(record.failures)
    assert "wrong_text, step 1 (GET /login), person " in told
    assert "LookupError: oh (" in told
    assert "test_load_pages.py, line " in told
    assert "; got 200 from /logout: 'bye'" in told


def test_a_request_that_fails_ends_the_journey_when_the_whole_page_is_over(
    many_threads: str, drive: Drive, workload_of: WorkloadOf
) -> None:
    def parts(person: Person) -> Journey:
        # Not made by get(), which would have written the letter as a browser does: it fails before it is sent.
        bad = Request("GET", "/ö€", name="bad")
        yield page(bad, *(get(f"/wait/{number}?s=0.1", name=str(number)) for number in range(7)))
        yield get("/", name="never")

    record = drive(many_threads, workload_of(parts=parts), once)
    assert {one.operation: one.error for one in record.observations} == {
        "bad": "journey",
        **{str(number): "" for number in range(7)},
    }
    assert any("cannot be sent: 'latin-1' codec can't encode" in one for one in record.failures)


def test_a_page_that_is_stopped_sends_nothing_further_and_counts_what_was_sent(many_threads: str, drive: Drive) -> None:
    def parts(person: Person) -> Journey:
        yield page(*(get(f"/wait/{number}?s=0.8", name=str(number)) for number in range(14)))
        yield get("/", name="never")

    # Over after 0.2 s, and stopped after as much again: the first six are answered, the next are not sent.
    workload = Workload({"parts": parts}, {"parts": 1}, people=1, timeout_s=5.0)
    record = drive(many_threads, workload, lambda driver: driver.closed_loop(1, 0.2))
    assert Counter(one.error for one in record.observations) == {"": 6}

    # Stopped in the middle of a page when the wait for the interval's journeys is over: what was sent is answered.
    def endless(person: Person) -> Journey:
        while True:
            yield page(*(get("/wait/x?s=0.2", name="part") for _ in range(6)))

    workload = Workload({"endless": endless}, {"endless": 1}, people=1, timeout_s=1.0, arrivals="constant")
    record = drive(many_threads, workload, lambda driver: driver.open_loop(5, 0.2))
    assert record.arrivals == 1
    assert {one.error for one in record.observations} == {""}
    assert len(record.observations) % 6 == 0


def test_redirects_and_cookies_of_a_page_are_those_of_one_browser(
    many_threads: str, drive: Drive, workload_of: WorkloadOf
) -> None:
    def parts(person: Person) -> Journey:
        login = yield get("/login")
        expect((yield form(login).submit(name="person1")), contains="visited 1")
        one, two = yield page(get("/welcome", name="one"), get("/home", name="two"))
        expect(one, contains="Home of person1, visited 1")
        expect(two, contains="Home of person1, visited 1")

    record = drive(many_threads, workload_of(parts=parts), once)
    assert record.failures == ()
    assert Counter(one.operation for one in record.observations)["one (redirect)"] == 1


def test_files_are_uploaded_through_a_form_and_without_one(
    many_threads: str, drive: Drive, workload_of: WorkloadOf
) -> None:
    content = bytes(range(256)) * 1000
    image = File('sea "side".png', content, "image/png")
    stored = {"name": 'sea "side".png', "type": "image/png", "bytes": 256_000}
    stored["sha256"] = hashlib.sha256(content).hexdigest()

    def by_form(person: Person) -> Journey:
        upload = form((yield get("/upload")))
        expect((yield upload.submit(title="Ünder sail", image=image)), json={"title": "Ünder sail", **stored})
        # The same without the form: what a script would send.
        data = {"title": "x", "csrf_token": dict(upload.fields)["csrf_token"]}
        expect((yield post("/upload", data, files={"image": image})), json=stored)
        refused = yield post("/upload", {"title": "x"}, files={"image": image})
        expect(refused, 403, contains="CSRF token is missing")

    assert drive(many_threads, workload_of(by_form=by_form), once).failures == ()


def test_a_bearer_token_is_sent_and_follows_redirects(many_threads: str, drive: Drive, workload_of: WorkloadOf) -> None:
    def api(person: Person) -> Journey:
        expect((yield get("/api/me", bearer="secret-1")), json={"token": "secret-1", "seen": {"likes": None}})
        moved = yield get("/api/moved", bearer="secret-2", headers={"Accept": "application/json"})
        expect(moved, (200, 203), contains=b'"secret-2"', lacks=b"secret-1")
        expect((yield get("/api/me")), json={"token": ""})
        yield think(0.01)

    assert drive(many_threads, workload_of(api=api), once).failures == ()
