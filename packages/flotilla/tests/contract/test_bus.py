"""With a Valkey between them, processes hear of each other over it, and over the database whenever it is away."""

import contextlib
import dataclasses
import queue
import threading
import time

import psycopg
import pytest
from valkey_process import valkey_process

from flotilla.social import open_site
from flotilla.social.events import CHANNEL, Event, Kind, publish, read_event
from flotilla.store.bus import listen

WAIT_S = 20


@pytest.fixture(scope="module")
def valkey():
    with valkey_process() as process:
        yield process


@pytest.fixture
def bus_settings(settings, valkey):
    return dataclasses.replace(settings, bus_url=valkey.url)


@pytest.fixture
def bus_site(bus_settings):
    site = open_site(bus_settings)
    yield site
    site.close()


@pytest.fixture
def listeners(bus_settings, valkey):
    """Two listeners, as two live processes are, each a queue of what it hears; both are subscribed."""
    stop, threads, queues = threading.Event(), [], [queue.Queue(), queue.Queue()]
    for heard in queues:
        thread = threading.Thread(
            target=listen,
            args=(bus_settings, [CHANNEL], lambda channel, payload, heard=heard: heard.put((channel, payload))),
            kwargs={"stopped": stop.is_set},
            daemon=True,
        )
        thread.start()
        threads.append(thread)
    for heard in queues:
        # One greeting from each of the two ways.
        assert [heard.get(timeout=WAIT_S) for _ in range(2)] == [(CHANNEL, "")] * 2
    yield queues
    stop.set()
    with psycopg.connect(bus_settings.database_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'flotilla listener'"
        )
    for thread in threads:
        thread.join(WAIT_S)


def heard_events(heard, number):
    """The post ids of the next events, greetings aside."""
    found = []
    while len(found) < number:
        event = read_event(heard.get(timeout=WAIT_S)[1])
        if event is not None:
            found.append(event.number("post_id"))
    return found


def tell(site, post_id):
    with site.database.write(hides=False) as work:
        work.one("SELECT 1", {})
        publish(work, Kind.POSTED, post_id=post_id, author_id=2)


def test_every_listener_hears_over_valkey_after_the_commit_and_the_database_is_not_asked(
    bus_site, listeners, statements
):
    with statements() as sent:
        for number in range(1, 6):
            tell(bus_site, number)
    assert not [statement for statement in sent if "pg_notify" in statement]
    assert [heard_events(heard, 5) for heard in listeners] == [[1, 2, 3, 4, 5]] * 2
    with contextlib.suppress(RuntimeError), bus_site.database.write() as work:
        publish(work, Kind.POSTED, post_id=6, author_id=2)
        raise RuntimeError
    tell(bus_site, 7)
    assert [heard_events(heard, 1) for heard in listeners] == [[7]] * 2


def test_what_nobody_hears_over_valkey_goes_over_the_database(bus_site, valkey, statements):
    deadline_s = time.monotonic() + WAIT_S
    while dict(valkey.client().pubsub_numsub(CHANNEL)) != {CHANNEL.encode(): 0}:  # of the test before
        assert time.monotonic() < deadline_s
        time.sleep(0.05)
    with statements() as sent:
        tell(bus_site, 1)
    assert [statement for statement in sent if "pg_notify" in statement]


def test_nothing_told_while_valkey_is_dead_is_lost_and_it_is_used_again_when_it_is_back(
    bus_site, listeners, valkey, statements
):
    tell(bus_site, 1)
    assert [heard_events(heard, 1) for heard in listeners] == [[1]] * 2
    valkey.kill()
    try:
        for number in (2, 3):
            tell(bus_site, number)
        assert [heard_events(heard, 2) for heard in listeners] == [[2, 3]] * 2
    finally:
        valkey.start()
    deadline_s = time.monotonic() + WAIT_S
    number = 3
    while True:
        number += 1
        with statements() as sent:
            tell(bus_site, number)
        if not [statement for statement in sent if "pg_notify" in statement]:
            break
        assert time.monotonic() < deadline_s
        time.sleep(0.1)
    # The one that came back first may have heard the last alone; from when both are back, both hear all.
    assert heard_by_either(listeners, number)


def heard_by_either(listeners, post_id):
    deadline_s = time.monotonic() + WAIT_S
    while time.monotonic() < deadline_s:
        for heard in listeners:
            with contextlib.suppress(queue.Empty):
                if read_event(heard.get(timeout=0.1)[1]) == Event(Kind.POSTED, {"post_id": post_id, "author_id": 2}):
                    return True
    return False


def test_a_valkey_that_hangs_delays_a_change_by_a_moment_and_loses_nothing(bus_site, listeners, valkey):
    with valkey.hanging():
        began_s = time.monotonic()
        for number in (1, 2, 3):
            tell(bus_site, number)
        assert time.monotonic() - began_s < 3
        # What the server was sent before it was given up it may pass on as well, later.
        assert all({1, 2, 3} <= set(heard_events(heard, 3)) for heard in listeners)
