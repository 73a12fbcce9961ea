"""Values that are kept for a while: read once, by one thread, and kept longer while the database does not answer."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from flotilla.errors import UnavailableError
from flotilla.social.keeping import KeptFor

WAIT_S = 10


def test_a_value_is_read_once_until_its_time_is_over_or_it_was_changed_here(monkeypatch):
    now, reads = [100.0], []
    monkeypatch.setattr("flotilla.social.keeping.monotonic", lambda: now[0])
    kept = KeptFor(10, lambda: reads.append(1) or len(reads))

    assert [kept.get(), kept.get()] == [1, 1]
    now[0] += 9.9
    assert kept.get() == 1
    now[0] += 0.2
    assert [kept.get(), kept.get()] == [2, 2]
    kept.forget()
    assert kept.get() == 3


def test_while_one_thread_reads_anew_the_others_go_on_with_the_old_value():
    begun, go_on, reads = threading.Event(), threading.Event(), []

    def read():
        reads.append(1)
        if len(reads) == 2:
            begun.set()
            assert go_on.wait(WAIT_S)
        return len(reads)

    kept = KeptFor(60, read)
    kept.get()
    kept.forget()
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(kept.get)
        assert begun.wait(WAIT_S)
        assert [kept.get() for _ in range(5)] == [1] * 5
        go_on.set()
        assert slow.result(WAIT_S) == 2
    assert kept.get() == 2


def test_the_first_reading_is_waited_for_by_all_and_done_once():
    start, reads = threading.Barrier(4, timeout=WAIT_S), []
    kept = KeptFor(60, lambda: reads.append(1) or len(reads))

    def ask():
        start.wait()
        return kept.get()

    with ThreadPoolExecutor(4) as pool:
        assert [done.result(WAIT_S) for done in [pool.submit(ask) for _ in range(4)]] == [1] * 4


def test_without_a_database_the_old_value_counts_and_without_one_the_failure_is_told():
    answers = [UnavailableError("gone"), "here", UnavailableError("gone"), "back"]

    def read():
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    kept = KeptFor(60, read)
    with pytest.raises(UnavailableError):
        kept.get()
    assert kept.get() == "here"
    kept.forget()
    assert kept.get() == "here"
    kept.forget()
    assert kept.get() == "back"
