"""Journeys on Socket.IO, against a real python-socketio server under a real uvicorn."""

from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager

import pytest

from seatrial.load.books.observation import LoadRecord
from seatrial.load.driver import Driver
from seatrial.load.event_loop import run
from seatrial.load.journeys import (
    Event,
    Journey,
    Person,
    close,
    emit,
    expect,
    get,
    listen,
    post,
    socketio,
    think,
    wait_for,
)
from seatrial.load.workload import Workload

Drive = Callable[[str, Workload, Callable[[Driver], Awaitable[LoadRecord]]], LoadRecord]
WorkloadOf = Callable[..., Workload]
Uvicorn = Callable[..., AbstractContextManager[str]]


@pytest.fixture
def once(drive: Drive, workload_of: WorkloadOf) -> Callable[..., LoadRecord]:
    """Runs a journey once, pauses and all."""

    def driven(url: str, journey: Callable[[Person], Journey]) -> LoadRecord:
        return drive(url, workload_of(journey=journey), lambda driver: driver.follow([0.0], 0.05))

    return driven


Once = Callable[[str, Callable[[Person], Journey]], LoadRecord]


def text_of(event: Event) -> str:
    return str(event.args[0]["text"])


def test_a_person_joins_a_room_and_hears_what_others_post_there(town: str, once: Once) -> None:
    heard: list[object] = []

    def chats(person: Person) -> Journey:
        chat = yield socketio()
        heard.append((yield emit(chat, "join", {"room": "lobby"}, ack=True)))
        text = person.unique("note")
        yield emit(chat, "say", text)
        event = yield wait_for(chat, "new_post")
        heard.append(text_of(event) == text)
        # It came before the post and was left for whoever asks.
        heard.append((yield wait_for(chat, "presence")).args)

    record = once(town, chats)
    assert record.failures == ()
    assert heard == ["joined lobby", True, ()]
    # What only speaks is not counted; what waits for an answer is.
    assert [(seen.operation, seen.status) for seen in record.observations] == [
        ("journey (connect)", 101),
        ("journey (emit)", 0),
        ("journey (wait)", 0),
        ("journey (wait)", 0),
    ]
    assert record.heard.events == 2
    for seen in record.observations:
        assert seen.due_s <= seen.dispatched_s
        assert seen.sent_s <= seen.done_s


def test_an_acknowledgement_is_nothing_a_value_or_several(town: str, once: Once) -> None:
    answers: list[object] = []

    def asks(person: Person) -> Journey:
        chat = yield socketio()
        for values in ((), (7,), ("a", {"b": [None, True]}), (b"\x00\xff", {"inside": [b"two"]})):
            answers.append((yield emit(chat, "acknowledge", *values, ack=True, name="asks")))

    record = once(town, asks)
    assert record.failures == ()
    assert answers == [None, 7, ("a", {"b": [None, True]}), (b"\x00\xff", {"inside": [b"two"]})]
    assert Counter(seen.operation for seen in record.observations) == {"journey (connect)": 1, "asks": 4}


def test_the_server_may_refuse_and_says_why(town: str, once: Once) -> None:
    def enters(person: Person) -> Journey:
        yield socketio(auth={"token": "wrong"})

    def enters_nowhere(person: Person) -> Journey:
        yield socketio(namespace="/nowhere")

    record = once(town, enters)
    assert [(seen.status, seen.error) for seen in record.observations] == [(101, "status")]
    assert "the server refused the namespace /: the token is wrong {'hint': 'sign in'}" in record.failures[0]
    record = once(town, enters_nowhere)
    assert [seen.error for seen in record.observations] == ["status"]
    assert "the server refused the namespace /nowhere: Unable to connect" in record.failures[0]


def test_each_namespace_is_a_world_of_its_own(town: str, once: Once) -> None:
    names: list[object] = []

    def enters(person: Person) -> Journey:
        chat = yield socketio(namespace="/chat", auth={"name": "Ada"})
        names.append((yield wait_for(chat, "welcome")).args)

    assert once(town, enters).failures == ()
    assert names == [("Ada",)]


def test_the_persons_cookies_and_own_headers_go_with_the_request(town: str, once: Once) -> None:
    sent: list[dict[str, str]] = []

    def enters(person: Person) -> Journey:
        expect((yield get("/?count=lobby")))
        chat = yield socketio("/socket.io/?from=here", headers={"X-Own": "mine"})
        sent.append((yield emit(chat, "handshake", ack=True)))

    assert once(town, enters).failures == ()
    assert sent == [
        {
            "HTTP_COOKIE": "who=person",
            "HTTP_ORIGIN": town,
            "HTTP_X_OWN": "mine",
            "QUERY_STRING": "from=here&EIO=4&transport=websocket",
        }
    ]


def test_what_the_server_wants_acknowledged_is_acknowledged(town: str, once: Once) -> None:
    def is_called(person: Person) -> Journey:
        chat = yield socketio()
        yield emit(chat, "call me")
        assert (yield wait_for(chat)).name == "are you there"
        yield wait_for(chat, "you are there")

    assert once(town, is_called).failures == ()


def test_who_is_thrown_out_while_waiting_or_listening_has_failed(town: str, once: Once) -> None:
    def waits(person: Person) -> Journey:
        chat = yield socketio()
        yield emit(chat, "throw out")
        yield wait_for(chat, "never")

    def listens(person: Person) -> Journey:
        chat = yield socketio()
        yield emit(chat, "throw out")
        yield listen(chat, 30)

    def speaks_after(person: Person) -> Journey:
        chat = yield socketio()
        yield emit(chat, "throw out")
        yield think(0.3)
        yield emit(chat, "say", "hello")

    for journey, operation in ((waits, "wait"), (listens, "listen"), (speaks_after, "emit")):
        record = once(town, journey)
        assert [(seen.operation, seen.error) for seen in record.observations] == [
            ("journey (connect)", ""),
            (f"journey ({operation})", "reset"),
        ]
        assert "the server disconnected the namespace /" in record.failures[0]


def test_a_wait_that_is_too_long_is_a_timeout_after_as_long(town: str, once: Once) -> None:
    def waits(person: Person) -> Journey:
        chat = yield socketio()
        yield wait_for(chat, "never", timeout_s=0.3)

    def asks(person: Person) -> Journey:
        chat = yield socketio()
        yield emit(chat, "ignore", ack=True, timeout_s=0.3)

    for journey, words in ((waits, "no 'never' was heard in time"), (asks, "was not acknowledged in time")):
        record = once(town, journey)
        last = record.observations[-1]
        assert last.error == "timeout"
        assert last.response_time_s >= 0.3
        assert words in record.failures[0]


def test_a_broadcast_is_measured_from_when_its_post_was_due(town: str, once: Once) -> None:
    def posts(person: Person) -> Journey:
        chat = yield socketio()
        yield emit(chat, "join", {"room": "lobby"}, ack=True)
        text = person.unique("note")
        yield think(0.2)
        # The pause was the person's: the post is due after it.
        expect((yield post("/", text, cause=text, name="post")))
        yield wait_for(chat, "new_post", where=lambda event: text_of(event) == text, cause=text_of, name="heard")

    record = once(town, posts)
    assert record.failures == ()
    seen = {one.operation: one for one in record.observations}
    assert list(seen) == ["journey (connect)", "journey (emit)", "post", "heard (broadcast)", "heard"]
    broadcast, cause = seen["heard (broadcast)"], seen["post"]
    # 100 ms after the post the server tells: no sooner can anybody have heard of it.
    assert broadcast.response_time_s >= 0.1
    assert broadcast.done_s - broadcast.sent_s >= 0.1
    assert broadcast.due_s == cause.due_s <= cause.dispatched_s <= broadcast.sent_s <= cause.sent_s
    assert broadcast.done_s == seen["heard"].done_s
    assert broadcast.lateness_s == 0
    assert record.requests == tuple(one for one in record.observations if one is not broadcast)


def test_an_emitted_event_may_be_a_cause_too(town: str, once: Once) -> None:
    def hears_itself(person: Person) -> Journey:
        chat = yield socketio()
        yield emit(chat, "join", {"room": "lobby"}, ack=True)
        text = person.unique("said")
        yield emit(chat, "say", text, cause=text)
        yield wait_for(chat, "new_post", where=lambda event: text_of(event) == text, cause=text_of, name="own post")

    record = once(town, hears_itself)
    assert record.failures == ()
    assert Counter(seen.operation for seen in record.observations)["own post (broadcast)"] == 1


def test_a_journeys_own_mistakes_are_told_in_words(town: str, once: Once) -> None:
    def wrong_cause(person: Person) -> Journey:
        chat = yield socketio()
        yield emit(chat, "join", {"room": "lobby"}, ack=True)
        yield wait_for(chat, "presence", cause=lambda event: event.args[0]["text"])

    def wrong_where(person: Person) -> Journey:
        chat = yield socketio()
        yield emit(chat, "join", {"room": "lobby"}, ack=True)
        yield wait_for(chat, "presence", where=lambda event: event.args[0])

    def not_json(person: Person) -> Journey:
        chat = yield socketio()
        yield emit(chat, "join", {"room": object()}, ack=True)

    def closed_before(person: Person) -> Journey:
        chat = yield socketio()
        yield close(chat)
        yield emit(chat, "join", {"room": "lobby"})

    def wrong_event(person: Person) -> Journey:
        chat = yield socketio()
        yield emit(chat, "join", {"room": "lobby"}, ack=True)
        event = yield wait_for(chat)
        assert event.name == "new_post"

    for journey, error, words in (
        (wrong_cause, "", r"`cause` raised IndexError: tuple index out of range, of <Event presence ()>"),
        (wrong_where, "journey", "`where` raised IndexError"),
        (not_json, "journey", "emit('join') cannot be sent: Object of type object is not JSON serializable"),
        (closed_before, "journey", "the journey closed it"),
        (wrong_event, "journey", "got <Event presence ()>"),
    ):
        record = once(town, journey)
        assert [seen.error for seen in record.observations][-1] == error
        assert words in record.failures[0]


def test_sockets_are_closed_with_their_journey_even_when_it_raises(town: str, drive: Drive) -> None:
    seen: list[str] = []

    def leaves(person: Person) -> Journey:
        chat = yield socketio()
        yield emit(chat, "join", {"room": "leavers"}, ack=True)
        if person.random.random() < 0.5:
            raise RuntimeError("away")

    def counts(person: Person) -> Journey:
        for _ in range(100):
            seen.append((yield get("/?count=leavers")).text)
            if seen[-1].startswith("0 there"):
                return
            yield think(0.05)

    async def both(driver: Driver) -> LoadRecord:
        await driver.follow([i * 0.001 for i in range(20)], 0.1)
        return await driver.follow([0.0], 0.05)

    journeys = iter([leaves] * 20 + [counts])

    def either(person: Person) -> Journey:
        yield from next(journeys)(person)

    workload = Workload({"either": either}, {"either": 1}, people=5, timeout_s=5.0)
    drive(town, workload, both)
    assert seen[-1].startswith("0 there")


def test_listening_is_left_out_where_pauses_are(town: str, drive: Drive, workload_of: WorkloadOf) -> None:
    def listens(person: Person) -> Journey:
        chat = yield socketio()
        yield listen(chat, 60)

    record = drive(town, workload_of(listens=listens), lambda driver: driver.closed_loop(2, 0.5))
    assert record.failures == ()
    assert len(record.observations) > 4


def test_the_interval_ends_who_still_listens_without_a_fault(town: str, drive: Drive) -> None:
    def listens(person: Person) -> Journey:
        chat = yield socketio()
        yield listen(chat)

    workload = Workload({"listens": listens}, {"listens": 1}, people=3, timeout_s=0.5)
    record = drive(town, workload, lambda driver: driver.follow([0.0, 0.1], 0.3))
    assert record.failures == ()
    sessions = Workload({"listens": listens}, {"listens": 1}, people=3, timeout_s=5.0, arrivals_are="sessions")
    record = drive(town, sessions, lambda driver: driver.follow([0.0, 0.1], 0.3))
    assert record.failures == ()
    assert record.sessions is not None
    assert record.sessions.under_way_at_end == 2


def test_pings_are_answered_for_as_long_as_a_journey_listens(uvicorn: Uvicorn) -> None:
    def listens(person: Person) -> Journey:
        chat = yield socketio()
        heard.append((yield listen(chat, 3.5)))
        heard.append((yield emit(chat, "acknowledge", "still here", ack=True)))

    async def main(url: str) -> LoadRecord:
        workload = Workload({"listens": listens}, {"listens": 1}, timeout_s=20.0)
        async with Driver(url, workload, seed=1, run_token="t") as driver:
            return await driver.follow([0.0], 0.05)

    heard: list[object] = []
    # Unanswered, the server gives up a second after its first ping. It announces whole seconds only.
    with uvicorn(PING_S="1") as url:
        record = run(main(url))
    assert record.failures == ()
    assert heard == [0, "still here"]
