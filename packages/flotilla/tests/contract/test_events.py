"""What happened reaches a listener on the real PostgreSQL once it is stored, and never when it is not."""

import queue
import threading

import psycopg
import pytest

from flotilla.errors import RuleError
from flotilla.social.events import CHANNEL, Event, Kind, publish, read_event
from flotilla.store.bus import listen

WAIT_S = 20


@pytest.fixture
def heard(settings):
    """A queue of what a listener hears."""
    events, stop = queue.Queue(), threading.Event()

    def hear(channel, payload):
        events.put((channel, payload))

    thread = threading.Thread(target=listen, args=(settings, [CHANNEL], hear), kwargs={"stopped": stop.is_set})
    thread.daemon = True
    thread.start()
    assert events.get(timeout=WAIT_S) == (CHANNEL, "")
    yield events
    stop.set()
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'flotilla listener'"
        )
    thread.join(WAIT_S)


def tell_and_fail(site):
    with site.database.write() as work:
        publish(work, Kind.POSTED, post_id=1, author_id=2)
        raise RuleError("no")


def test_an_event_is_heard_after_the_commit_and_not_after_a_failure(site, heard, owner):
    with pytest.raises(RuleError):
        tell_and_fail(site)
    with site.database.write() as work:
        work.count("INSERT INTO g.hashtag VALUES (7, 'tea')", {})
        publish(work, Kind.POSTED, post_id=3, author_id=4)
        publish(work, Kind.POSTED, post_id=3, author_id=4)
        publish(work, Kind.TYPING, conversation_id=5, account_id=6, account_ids=[7, 8])
        with pytest.raises(queue.Empty):
            heard.get(timeout=0.2)
    first, second = (read_event(heard.get(timeout=WAIT_S)[1]) for _ in range(2))
    assert first == Event(Kind.POSTED, {"post_id": 3, "author_id": 4})
    assert (second.number("conversation_id"), second.numbers("account_ids")) == (5, (7, 8))
    assert heard.empty()


def test_a_listener_comes_back_when_its_connection_breaks_and_says_so(site, heard, owner):
    owner_url_ends = "SELECT pid FROM pg_stat_activity WHERE application_name = 'flotilla listener'"
    pids = [pid for (pid,) in owner.execute(owner_url_ends).fetchall()]
    with site.database.read() as work:
        for pid in pids:
            work.one("SELECT pg_terminate_backend(%(pid)s)", {"pid": pid})
    assert heard.get(timeout=WAIT_S) == (CHANNEL, "")
    with site.database.read() as work:
        publish(work, Kind.ANNOUNCED)
    assert read_event(heard.get(timeout=WAIT_S)[1]) == Event(Kind.ANNOUNCED, {})


def test_an_event_that_postgresql_would_not_take_is_refused(site):
    with pytest.raises(ValueError, match="too large"), site.database.write() as work:
        publish(work, Kind.MESSAGED, post_id=1, account_ids=[2**62] * 400)


@pytest.mark.parametrize("payload", ["", "[]", "7", "{}", '{"kind": "of tomorrow"}', "{"])
def test_what_is_no_event_of_this_version_is_passed_over(payload):
    assert read_event(payload) is None


def test_a_lost_notification_does_not_undo_what_was_stored(site, owner):
    with site.database.write() as work:
        work.count("INSERT INTO g.hashtag VALUES (7, 'tea')", {})
        work.tell(CHANNEL, "x" * 9_000)
    assert owner.execute("SELECT name FROM g.hashtag").fetchall() == [("tea",)]
    with site.database.read() as work:
        assert work.one("SELECT 1", {}) == (1,)
