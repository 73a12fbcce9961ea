"""What people do: sign in, send forms, follow redirects, pause; against a real Flask app under a real gunicorn."""

from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from seatrial.errors import LoadError
from seatrial.load.books.observation import LoadRecord
from seatrial.load.driver import Driver
from seatrial.load.journeys import Journey, Person, expect, form, get, post, request, think
from seatrial.load.workload import Workload
from seatrial.spec.workload import OperationSpec, WorkloadSpec

# The fixtures' types: they come from this folder's conftest.
Drive = Callable[[str, Workload, Callable[[Driver], Awaitable[LoadRecord]]], LoadRecord]
WorkloadOf = Callable[..., Workload]


def home(person: Person) -> Journey:
    response = yield get("/")
    expect(response, contains="Hello")


def sign_in(person: Person) -> Journey:
    page = yield get("/login")
    expect(page)
    welcome = yield form(page).submit(name=f"person{person.number}")
    expect(welcome, contains=f"Home of person{person.number}, visited 1")
    assert welcome.path == "/home?from=welcome"
    person.memory["token"] = dict(form(welcome).fields)["csrf_token"]


def write(person: Person) -> Journey:
    text = person.unique("post")
    response = yield post("/post", {"csrf_token": person.memory["token"], "text": text})
    expect(response, contains=f"person{person.number} wrote {text}")


def test_people_sign_in_with_a_csrf_form_and_write_unique_posts(either: str, drive: Drive) -> None:
    workload = Workload({"write": write, "home": home}, {"write": 1, "home": 1}, sign_in, people=5)
    records = []

    async def signed_in(driver: Driver) -> LoadRecord:
        records.append(await driver.sign_in_all(20.0))
        return await driver.open_loop(60, 1.0)

    record = drive(either, workload, signed_in)
    # Each person: page, post, and the two redirects that follow it, each counted by itself.
    assert Counter(seen.operation for seen in records[0].observations) == {"sign_in": 10, "sign_in (redirect)": 10}
    assert [seen.status for seen in records[0].observations].count(303) == 5
    assert record.failures == ()
    assert {seen.operation for seen in record.observations} == {"write", "home"}


@pytest.mark.parametrize(
    ("path", "name", "words"),
    [
        (
            "/login",
            "nobody",
            r"step 2 \(POST /login\), person 1, status 403: expectation: expected status 200, got 403.*wrong name",
        ),
        ("/nowhere", "person", r"step 1 \(GET /nowhere\), person 1, status 404: expectation: .*got 404.*Not Found"),
    ],
)
def test_a_wrong_sign_in_never_passes(gthread: str, path: str, name: str, words: str, drive: Drive) -> None:
    def enter(person: Person) -> Journey:
        page = yield get(path)
        expect(page)
        expect((yield form(page).submit(name=name)))

    workload = Workload({"home": home}, {"home": 1}, enter, people=1)
    with pytest.raises(LoadError, match=words) as caught:
        drive(gthread, workload, lambda driver: driver.sign_in_all(10.0))
    assert caught.value.where == "signing in"


def test_a_sign_in_that_checks_nothing_is_still_caught_by_its_status(gthread: str, drive: Drive) -> None:
    def enter(person: Person) -> Journey:
        yield post("/login", {"name": "person"})

    with pytest.raises(LoadError, match=r"status 403: status: got 403 .*CSRF token is missing"):
        drive(gthread, Workload({"home": home}, {"home": 1}, enter), lambda driver: driver.sign_in_all(10.0))


def test_a_sign_in_over_its_deadline_is_told(gthread: str, drive: Drive) -> None:
    def enter(person: Person) -> Journey:
        yield get("/slow?s=0.4")

    with pytest.raises(LoadError, match=r"only 0 of 3 people were signed in within 0\.2 s"):
        drive(gthread, Workload({"home": home}, {"home": 1}, enter, people=3), lambda driver: driver.sign_in_all(0.2))


def test_a_fast_error_page_never_counts_as_capacity(gthread: str, drive: Drive, workload_of: WorkloadOf) -> None:
    def unchecked(person: Person) -> Journey:
        yield get("/broken")

    def expected(person: Person) -> Journey:
        expect((yield get("/nowhere")), 404)

    def wrong_text(person: Person) -> Journey:
        expect((yield get("/")), contains="Goodbye")

    def raises(person: Person) -> Journey:
        yield get("/")
        raise KeyError("token")

    def raises_at_once(person: Person) -> Journey:
        person.memory["never"]
        yield get("/")

    def yields_nonsense(person: Person) -> Journey:
        yield "/home"  # type: ignore[misc]

    workload = workload_of(
        unchecked=unchecked,
        expected=expected,
        wrong_text=wrong_text,
        raises=raises,
        raises_at_once=raises_at_once,
        yields_nonsense=yields_nonsense,
    )
    record = drive(gthread, workload, lambda driver: driver.open_loop(60, 1.0))
    by_operation = {seen.operation: (seen.error, seen.status) for seen in record.observations}
    assert by_operation == {
        "unchecked": ("status", 500),
        "expected": ("", 404),
        "wrong_text": ("expectation", 200),
        "raises": ("journey", 200),
        "raises_at_once": ("journey", 0),
        "yields_nonsense": ("journey", 0),
    }
    # The same failure again and again is said once.
    assert len(record.failures) == 5
    told = "\n".join(record.failures)
    assert "KeyError: 'token'" in told
    assert "expected the text 'Goodbye', got 200 from /: '<h1>Hello stranger" in told
    assert "it yielded '/home'; a journey yields get(), post(), page() or think()" in told


def test_redirects_that_never_end_or_lead_away_are_failures_in_words(
    gthread: str, drive: Drive, workload_of: WorkloadOf
) -> None:
    def rounds(person: Person) -> Journey:
        yield get("/round")

    def leaves(person: Person) -> Journey:
        expect((yield get("/away")))

    record = drive(
        gthread,
        workload_of(rounds=rounds, leaves=leaves),
        lambda driver: driver.serial(["rounds", "leaves"], int, int, lambda *_: None),
    )
    assert len([seen for seen in record.observations if seen.operation == "rounds (redirect)"]) == 10
    assert any("more than 10 redirects" in one for one in record.failures)
    assert any("got 302 to https://example.org/" in one for one in record.failures)


def test_a_redirect_that_leads_away_is_a_failure_unless_it_was_expected_or_not_to_be_followed(
    gthread: str, drive: Drive, workload_of: WorkloadOf
) -> None:
    def unchecked(person: Person) -> Journey:
        yield get("/away")

    def stumbles(person: Person) -> Journey:
        answer = yield get("/away")
        answer.headers["X-Token"]

    def expected(person: Person) -> Journey:
        expect((yield get("/away")), 302)

    def unfollowed(person: Person) -> Journey:
        yield get("/away", follow=False)

    journeys = {one.__name__: one for one in (unchecked, stumbles, expected, unfollowed)}
    declared = Workload.from_spec(
        WorkloadSpec(
            operations=(
                OperationSpec(name="declared", path="/away", expect_status=None),
                OperationSpec(name="declared_expected", path="/away", expect_status=302),
            )
        )
    )
    workload = workload_of(**journeys, **declared.operations)
    record = drive(
        gthread, workload, lambda driver: driver.serial(list(workload.operations), int, int, lambda *_: None)
    )
    assert {seen.operation: (seen.error, seen.status) for seen in record.observations} == {
        "unchecked": ("status", 302),
        "stumbles": ("status", 302),
        "expected": ("", 302),
        "unfollowed": ("", 302),
        "declared": ("status", 302),
        "declared_expected": ("", 302),
    }
    assert any("leads away to https://example.org/" in one and "--host-header" in one for one in record.failures)


def test_ten_redirects_that_end_in_a_page_are_right(gthread: str, drive: Drive, workload_of: WorkloadOf) -> None:
    def counts(person: Person) -> Journey:
        expect((yield get("/down/10")), contains="at the bottom")

    def too_many(person: Person) -> Journey:
        yield get("/down/11")

    workload = workload_of(counts=counts, too_many=too_many)
    record = drive(gthread, workload, lambda driver: driver.serial(["counts", "too_many"], int, int, lambda *_: None))
    assert Counter((seen.operation, seen.error) for seen in record.observations) == {
        ("counts", ""): 1,
        ("counts (redirect)", ""): 10,
        ("too_many", ""): 1,
        ("too_many (redirect)", ""): 9,
        ("too_many (redirect)", "status"): 1,
    }


@pytest.mark.parametrize(
    ("method", "code", "echoed"),
    [
        ("POST", 301, "GET None '' mine"),
        ("POST", 302, "GET None '' mine"),
        ("POST", 303, "GET None '' mine"),
        ("POST", 307, "POST text/plain 'body' mine"),
        ("POST", 308, "POST text/plain 'body' mine"),
        ("PUT", 302, "PUT text/plain 'body' mine"),
        ("PUT", 303, "GET None '' mine"),
    ],
)
def test_redirects_keep_or_change_the_method_as_browsers_do(
    gthread: str, method: str, code: int, echoed: str, drive: Drive, workload_of: WorkloadOf
) -> None:
    def moves(person: Person) -> Journey:
        headers = {"Content-Type": "text/plain", "X-Own": "mine"}
        response = yield request(method, f"/move/{code}", "body", headers=headers)
        assert response.path == "/echo?x=1"
        expect(response, contains=echoed)

    record = drive(
        gthread, workload_of(moves=moves), lambda driver: driver.serial(["moves"], int, int, lambda *_: None)
    )
    assert record.failures == ()
    assert [seen.operation for seen in record.observations] == ["moves", "moves (redirect)"]


def test_a_redirect_that_the_interval_s_end_leaves_unfollowed_is_no_fault_of_the_journey(
    gthread: str, drive: Drive, workload_of: WorkloadOf
) -> None:
    def moves(person: Person) -> Journey:
        while True:
            expect((yield get("/move/302")), contains="GET")

    # Of twelve people half are between a redirect and the page it leads to when the interval ends.
    record = drive(gthread, workload_of(moves=moves), lambda driver: driver.closed_loop(12, 0.5))
    followed = sum(1 for seen in record.observations if seen.operation == "moves (redirect)")
    assert followed < len(record.observations) - followed
    assert record.failures == ()


def test_think_time_is_kept_in_the_open_loop_and_left_out_in_the_closed_one(
    gthread: str, drive: Drive, workload_of: WorkloadOf
) -> None:
    def two_pages(person: Person) -> Journey:
        expect((yield get("/", name="first")))
        yield think(0.3)
        expect((yield get("/", name="second")))

    workload = workload_of(two_pages=two_pages)
    record = drive(gthread, workload, lambda driver: driver.open_loop(20, 1.0))
    firsts = sorted(seen.done_s for seen in record.observations if seen.operation == "first")
    seconds = sorted(seen.due_s for seen in record.observations if seen.operation == "second")
    assert len(firsts) == len(seconds) == record.arrivals
    assert [due_s - done_s for done_s, due_s in zip(firsts, seconds, strict=True)] == pytest.approx(
        [0.3] * len(firsts), abs=0.01
    )
    closed = drive(gthread, workload, lambda driver: driver.closed_loop(1, 0.5))
    assert len(closed.observations) > 10


def test_plain_operations_need_no_journeys_file(gthread: str, drive: Drive) -> None:
    spec = WorkloadSpec(
        operations=(
            OperationSpec("home", "/", weight=2, expect_text="Hello"),
            OperationSpec("moved", "/welcome", expect_status=302),
            OperationSpec("wrong", "/", expect_text="Goodbye"),
        )
    )
    record = drive(gthread, Workload.from_spec(spec), lambda driver: driver.open_loop(40, 1.0))
    assert {(seen.operation, seen.error) for seen in record.observations} == {
        ("home", ""),
        ("moved", ""),
        ("wrong", "expectation"),
    }


def test_only_what_the_schedule_asked_for_tells_how_late_the_generator_is(
    gthread: str, drive: Drive, workload_of: WorkloadOf
) -> None:
    def two_steps(person: Person) -> Journey:
        yield get("/move/302")
        yield get("/")

    record = drive(gthread, workload_of(two_steps=two_steps), lambda driver: driver.open_loop(20, 0.5))
    arrived = Counter((seen.operation, seen.is_arrival) for seen in record.observations)
    # Of each journey the first request; not the redirect that follows it, nor the second step.
    assert arrived == {("two_steps", True): 10, ("two_steps (redirect)", False): 10, ("two_steps", False): 10}
