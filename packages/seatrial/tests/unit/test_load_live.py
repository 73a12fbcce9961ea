"""The steps on open sockets as values, deadlines looked at together, causes by name."""

import asyncio
import itertools
import time

import pytest

from seatrial.errors import LoadError
from seatrial.load.books.observation import HeardCounts, Observation
from seatrial.load.http.deadlines import Deadlines
from seatrial.load.journeys import close, emit, get, listen, load_journeys, post, send, socketio, wait_for, websocket
from seatrial.load.live.causes import CAUSES_MAX, Causes
from seatrial.load.live.events import Message
from seatrial.load.live.socket import UNREAD_BYTES_MAX, UNREAD_MAX, LiveSocket
from seatrial.load.live.socketio_socket import SocketIOSocket


class Nobody:
    """A step that connects and does not care."""

    def sending(self) -> None: ...

    def switched(self, status: int, set_cookies: list[str]) -> None: ...

    def opened(self, at_s: float) -> None: ...

    def failed(self, error: str, detail: str) -> None: ...


class Thing:
    """Something with a deadline."""

    def __init__(self, rung: list[tuple[str, float]], name: str) -> None:
        self.rung, self.name = rung, name

    def overdue(self) -> None:
        self.rung.append((self.name, time.perf_counter()))


def a_chat() -> SocketIOSocket:
    loop = asyncio.new_event_loop()
    loop.close()
    return SocketIOSocket(Nobody(), Deadlines(loop))


def test_steps_hold_what_they_were_given() -> None:
    asked = socketio("/live/?v=1", namespace="/chat", auth={"token": "t"}, bearer="b", name="joins", timeout_s=3)
    assert (asked.path, asked.namespace, asked.auth, asked.name, asked.timeout_s) == (
        "/live/?v=1",
        "/chat",
        {"token": "t"},
        "joins",
        3,
    )
    assert asked.headers == (("Authorization", "Bearer b"),)
    assert websocket("/a b#part", headers={"X": "y"}).path == "/a%20b"
    chat, stream = a_chat(), LiveSocket(Nobody())
    assert emit(chat, "say", 1, b"2", ack=True, cause="c").args == (1, b"2")
    assert send(stream, json={"a": 1}).data == '{"a": 1}'
    assert send(stream, "").data == ""
    assert wait_for(chat, "news").timeout_s is None
    assert listen(chat).seconds is None
    assert close(stream).socket is stream


def test_a_step_that_makes_no_sense_is_refused_where_it_is_made() -> None:
    chat, stream = a_chat(), LiveSocket(Nobody())
    for make in (
        lambda: socketio("live"),
        lambda: socketio(namespace="chat"),
        lambda: socketio(timeout_s=0),
        lambda: websocket("/", headers={"X": "a\nb"}),
        lambda: emit(chat, "connect"),
        lambda: emit(stream, "event"),
        lambda: send(chat, "text"),
        lambda: send(stream),
        lambda: send(stream, "text", json=1),
        lambda: send(stream, 7),  # type: ignore[arg-type]
        lambda: send(stream, "x" * 17_000_000),
        lambda: wait_for(socketio()),  # type: ignore[arg-type]
        lambda: wait_for(stream, "event"),
        lambda: wait_for(chat, timeout_s=-1),
        lambda: listen(None),  # type: ignore[arg-type]
        lambda: listen(chat, -1),
        lambda: close("chat"),  # type: ignore[arg-type]
    ):
        with pytest.raises(LoadError):
            make()


def test_a_request_may_have_a_cause() -> None:
    assert get("/").cause is None
    assert post("/", {"text": "hi"}, cause="n1").cause == "n1"
    again = post("/", "body").causing(7)
    assert (again.cause, again.body, again.method) == (7, b"body", "POST")


def test_a_journeys_file_may_use_them(tmp_path) -> None:
    path = tmp_path / "journeys.py"
    path.write_text("from seatrial.load.journeys import socketio\ndef live(person):\n    yield socketio()\n")
    assert next(load_journeys(path, ["live"])["live"](None)) == socketio()  # type: ignore[arg-type]


def test_what_is_unread_is_bounded_by_number_and_by_size() -> None:
    few, large = LiveSocket(Nobody()), LiveSocket(Nobody())
    for number in range(UNREAD_MAX + 5):
        few.message(str(number), 0.0)
    for _ in range(5):
        large.message(b"x" * (UNREAD_BYTES_MAX // 2), 0.0)
    assert (few.dropped, large.dropped) == (5, 3)

    class Taker:
        def __init__(self, wanted: int) -> None:
            self.wanted, self.taken = wanted, list[Message]()

        def offered(self, heard: Message) -> bool:
            if len(self.taken) < self.wanted and int(heard.text) % 2:
                self.taken.append(heard)
                return True
            return False

        def ended(self, error: str, detail: str) -> None: ...

    odd, rest = Taker(2), Taker(1000)
    few.take(odd)
    assert [one.text for one in odd.taken] == ["5", "7"]
    few.take(rest)
    assert [int(one.text) for one in rest.taken] == list(range(9, UNREAD_MAX + 5, 2))


def test_a_socket_that_is_over_hears_nothing_and_closes_twice() -> None:
    stream = LiveSocket(Nobody())
    stream.close()
    stream.close()
    stream.message("late", 0.0)
    assert stream.end == ("", "the journey closed it")
    assert stream.dropped == 0


def test_deadlines_ring_after_their_time_in_the_order_of_time() -> None:
    async def main() -> None:
        rung: list[tuple[str, float]] = []
        deadlines = Deadlines(asyncio.get_running_loop())
        begun_s = time.perf_counter()
        at_s = {"late": begun_s + 0.35, "soon": begun_s + 0.12, "past": begun_s - 5}
        things = {name: Thing(rung, name) for name in ("late", "soon", "past", "moved", "cleared", "never")}
        for name, when_s in at_s.items():
            deadlines.set(things[name], when_s)
        deadlines.set(things["moved"], begun_s + 0.05)
        deadlines.set(things["moved"], begun_s + 0.25)
        deadlines.set(things["cleared"], begun_s + 0.05)
        deadlines.clear(things["cleared"])
        deadlines.clear(things["cleared"])
        deadlines.set(things["never"], float("inf"))
        assert len(deadlines) == 4
        deadline_s = begun_s + 10
        while len(deadlines) and time.perf_counter() < deadline_s:
            await asyncio.sleep(0.01)
        assert [name for name, _ in rung] == ["past", "soon", "moved", "late"]
        at_s["moved"] = begun_s + 0.25
        assert all(when_s >= at_s[name] for name, when_s in rung)
        # Nothing is left to wake up for; what comes later is rung again.
        deadlines.set(things["never"], time.perf_counter() + 0.01)
        while len(deadlines) and time.perf_counter() < deadline_s:
            await asyncio.sleep(0.01)
        assert rung[-1][0] == "never"
        deadlines.close()

    asyncio.run(main())


def test_a_deadline_that_rings_may_set_and_clear_others() -> None:
    async def main() -> None:
        rung: list[tuple[str, float]] = []
        deadlines = Deadlines(asyncio.get_running_loop())
        other, next_one = Thing(rung, "other"), Thing(rung, "next")

        class First:
            def overdue(self) -> None:
                rung.append(("first", 0.0))
                deadlines.clear(other)
                deadlines.set(next_one, time.perf_counter())

        now_s = time.perf_counter()
        deadlines.set(First(), now_s)
        deadlines.set(other, now_s + 0.2)
        deadline_s = now_s + 10
        while len(deadlines) and time.perf_counter() < deadline_s:
            await asyncio.sleep(0.01)
        assert [name for name, _ in rung] == ["first", "next"]

    asyncio.run(main())


def test_causes_are_known_once_sent_newest_first_and_bounded() -> None:
    causes = Causes()
    sends: list[int] = []
    one = causes.begin("one", 1.0, lambda: sends.append(1))
    assert causes.heard("one") is None
    one.sending()
    assert sends == [1]
    found = causes.heard("one")
    assert found is one
    assert found.due_s == 1.0
    assert found.sent_s > 0
    # The later of two with one name counts.
    causes.begin("one", 2.0).sending()
    again = causes.heard("one")
    assert again is not None
    assert again.due_s == 2.0
    assert causes.heard(["one"]) is None
    assert causes.heard(None) is None
    for number in itertools.islice(itertools.count(), CAUSES_MAX):
        causes.begin(number, 3.0).sending()
    assert len(causes) == CAUSES_MAX
    assert causes.heard("one") is None
    assert causes.heard(CAUSES_MAX - 1) is not None
    assert causes.unheard(3.0) == CAUSES_MAX - 1
    assert causes.unheard(3.1) == 0


def test_deliveries_that_some_listeners_miss_are_counted() -> None:
    causes = Causes()
    # Heard of by 0, 1, 2 and 3 of three listeners; one that was due before, and one that was never sent.
    for name, due_s, heard in (("none", 2.0, 0), ("one", 2.0, 1), ("two", 2.0, 2), ("all", 2.0, 3), ("old", 1.0, 1)):
        causes.begin(name, due_s).sending()
        for _ in range(heard):
            assert causes.heard(name)
    causes.begin("unsent", 2.0)
    assert causes.missing(2.0, by=3) == 2 + 1
    assert causes.missing(1.0, by=3) == 2 + 1 + 2
    assert causes.missing(1.0, by=0) == 0


def test_broadcasts_are_told_from_requests_and_counts_add_up() -> None:
    assert Observation("live (broadcast)", 1.0, 1.0, 1.1, 1.5, 0).is_broadcast
    assert not Observation("live", 1.0, 1.0, 1.1, 1.5, 200).is_broadcast
    assert HeardCounts(1, 2, 3, 4, 5) + HeardCounts(10, 20, 30, 40, 50) == HeardCounts(11, 22, 33, 44, 55)
