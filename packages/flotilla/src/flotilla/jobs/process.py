"""The process that does background work: a thread for each lane, so that mail never waits for a picture.

The threads sleep until the database says that there is work, or until the next is due; a poll now and then makes up for
a notification that got lost.
"""

import os
import signal
import threading
import time
from collections.abc import Callable
from functools import partial

import structlog

from flotilla.errors import UnavailableError
from flotilla.social import Site
from flotilla.social.background import Background
from flotilla.store.bus import listen
from flotilla.store.jobs import CHANNEL, JobRow

__all__ = ["GRACE_S", "LANES", "finish", "run_jobs"]

LANES = (("mail",), ("media",), ("default", "cleanup"), ("timelines",))
GRACE_S = 15.0
POLL_S = 60.0
NO_DATABASE_WAIT_S = 3.0


class Lane(threading.Thread):
    """One thread that does what is due in its queues, one thing at a time."""

    def __init__(self, background: Background, queues: tuple[str, ...]) -> None:
        super().__init__(name=f"jobs: {', '.join(queues)}", daemon=True)
        self._background = background
        self._queues = queues
        self._wake = threading.Event()
        self._stopping = False
        self.doing: JobRow | None = None

    def wake(self, queue: str = "") -> None:
        """There is work in that queue; without a name, perhaps in any."""
        if not queue or queue in self._queues:
            self._wake.set()

    def stop(self) -> None:
        """Begin nothing new; the thread ends after what it is doing."""
        self._stopping = True
        self._wake.set()

    def run(self) -> None:
        """Work until told to stop."""
        while not self._stopping:
            try:
                self._wake.clear()
                if not self._background.do_next(self._queues, taken=self._note):
                    due_s = self._background.seconds_until_due(self._queues)
                    self._wake.wait(POLL_S if due_s is None else max(0.05, min(due_s, POLL_S)))
            except UnavailableError as error:
                log = structlog.get_logger("flotilla.jobs")
                log.warning("database or storage unavailable", queues=self._queues, reason=error.what)
                self._wake.wait(NO_DATABASE_WAIT_S)

    def _note(self, job: JobRow | None) -> None:
        self.doing = job


def run_jobs(site: Site, *, once: bool = False) -> None:
    """Do background work until SIGTERM or SIGINT; with `once` only what is due now.

    What is being done when told to stop has GRACE_S to finish; after that it is given back, for the next process.
    """
    site.background.plan_repeated()
    if once:
        for queues in LANES:
            while site.background.do_next(queues):
                pass
        return
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stopping.set())
    lanes = [Lane(site.background, queues) for queues in LANES]
    for lane in lanes:
        lane.start()
    heard = partial(_wake_all, lanes)
    threading.Thread(target=listen, args=(site.settings, [CHANNEL], heard), name="jobs: listener", daemon=True).start()
    stopping.wait()
    finish(site.background, lanes, leave=os._exit)


def _wake_all(lanes: list[Lane], _channel: str, queue: str) -> None:
    for lane in lanes:
        lane.wake(queue)


def finish(background: Background, lanes: list[Lane], *, leave: Callable[[int], object]) -> None:
    """Let each lane finish what it is doing; what takes longer than GRACE_S is given back, and `leave` is called."""
    for lane in lanes:
        lane.stop()
    deadline_s = time.monotonic() + GRACE_S
    for lane in lanes:
        lane.join(max(0.0, deadline_s - time.monotonic()))
    late = [lane.doing for lane in lanes if lane.doing is not None]
    for job in late:
        background.give_back(job)
    if late:
        # The threads are still at it, and would hold the process.
        leave(0)
