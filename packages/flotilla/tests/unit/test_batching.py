"""Group commit without a database: who goes with whom, how long anybody waits, what a failure does."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import structlog

from flotilla.errors import UnavailableError
from flotilla.social import batching
from flotilla.social.batching import Batch

WAIT_S = 30.0


class Gate:
    """A store whose batches each wait to be let through, and are noted."""

    def __init__(self):
        self.batches = []
        self.begun = threading.Semaphore(0)
        self.open = threading.Semaphore(0)

    def store(self, items):
        self.batches.append(sorted(items))
        self.begun.release()
        assert self.open.acquire(timeout=WAIT_S)
        return [None if item < 0 else 10 * item for item in items]

    def batch(self, **limits):
        return Batch("x", self.store, watch=lambda *_: None, **({"wait_s": WAIT_S, "deadline_s": WAIT_S} | limits))


def gathered(batch, count):
    moment = threading.Event()
    while len(batch._waiting) < count:
        assert not moment.wait(0.002)


def test_those_who_come_while_a_batch_is_stored_are_the_next_and_each_gets_its_own_outcome():
    gate = Gate()
    batch = gate.batch()
    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(batch.submit, 1)
        assert gate.begun.acquire(timeout=WAIT_S)
        others = [pool.submit(batch.submit, item) for item in (2, -3, 4, 5)]
        gathered(batch, 4)
        gate.open.release(2)
        assert first.result(WAIT_S) == 10
        assert [other.result(WAIT_S) for other in others] == [20, None, 40, 50]
    assert gate.batches == [[1], [-3, 2, 4, 5]]


def test_nobody_waits_longer_for_the_batch_before_than_was_said():
    gate = Gate()
    batch = gate.batch(wait_s=0.01)
    with ThreadPoolExecutor(2) as pool:
        pool.submit(batch.submit, 1)
        assert gate.begun.acquire(timeout=WAIT_S)
        pool.submit(batch.submit, 2)
        assert gate.begun.acquire(timeout=WAIT_S), "the second waits for the first, which is stuck"
        gate.open.release(2)


def test_a_batch_that_fails_is_left_to_each_and_the_next_one_works():
    failures = [ValueError("no")]

    def store(items):
        if failures:
            raise failures.pop()
        return items

    batch = Batch("x", store, wait_s=0, deadline_s=WAIT_S, watch=lambda *_: None)
    with structlog.testing.capture_logs() as logs:
        assert batch.submit(1) is None
    assert logs[0]["error"] == "no"
    assert batch.submit(2) == 2


def test_a_full_batch_goes_at_once_and_who_does_not_fit_in_goes_alone(monkeypatch):
    monkeypatch.setattr(batching, "BATCH_MAX", 2)
    gate = Gate()
    batch = gate.batch()
    with ThreadPoolExecutor(3) as pool:
        pool.submit(batch.submit, 1)
        assert gate.begun.acquire(timeout=WAIT_S)
        pool.submit(batch.submit, 2)
        pool.submit(batch.submit, 3)
        assert gate.begun.acquire(timeout=WAIT_S), "two wait for the first, though they are as many as may go"
        gate.open.release(2)
    monkeypatch.setattr(batching, "BATCH_MAX", 0)
    assert batch.submit(4) is None
    assert gate.batches == [[1], [2, 3]]


def test_who_gets_no_answer_in_time_is_told_so():
    gate = Gate()
    batch = gate.batch(deadline_s=0.05)
    with ThreadPoolExecutor(2) as pool:
        pool.submit(batch.submit, 1)
        assert gate.begun.acquire(timeout=WAIT_S)
        pool.submit(batch.submit, 2)
        gathered(batch, 1)
        with pytest.raises(UnavailableError):
            batch.submit(3)
        gate.open.release(2)
