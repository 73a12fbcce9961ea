"""Writes of several requests, stored in one transaction: group commit, inside one process.

There is no thread for it. The first request to come leads: it waits until the batch before is stored, though never
longer than it was told, then takes all who came meanwhile along. A request alone therefore waits for nobody.
"""

import os
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Generic, TypeVar
from weakref import WeakMethod

import structlog

from flotilla.errors import UnavailableError

__all__ = ["BATCH_MAX", "Batch"]

# No more than the threads that a process may have.
BATCH_MAX = 256
Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


class _Waiting(Generic[Item, Outcome]):
    """One request's write, until its outcome is known; None: it has to be done by itself."""

    __slots__ = ("done", "item", "outcome")

    def __init__(self, item: Item) -> None:
        self.item = item
        self.outcome: Outcome | None = None
        self.done = threading.Event()


class Batch(Generic[Item, Outcome]):
    """Writes of one kind. `store` puts all it is given into one transaction and says what became of each.

    What `store` answers with None, and everything when it raises, is left to the request itself, by the way each is
    done without batches: so what is refused is refused as always, and nobody suffers from a neighbour.
    """

    def __init__(
        self,
        name: str,
        store: Callable[[Sequence[Item]], Sequence[Outcome | None]],
        *,
        wait_s: float,
        deadline_s: float,
        watch: Callable[[str, int], object],
    ) -> None:
        self._name = name
        self._store = store
        self._wait_s = wait_s
        self._deadline_s = deadline_s
        self._watch = watch
        self._changed = threading.Condition()
        self._waiting: list[_Waiting[Item, Outcome]] = []
        self._storing = 0
        os.register_at_fork(after_in_child=partial(_call_if_alive, WeakMethod(self._begin_anew)))

    def submit(self, item: Item) -> Outcome | None:
        """What became of this write, once it is stored; None: it is not, the request has to do it by itself.

        Raises UnavailableError when there is no answer in time; the write may then be stored, or not.
        """
        mine = _Waiting[Item, Outcome](item)
        with self._changed:
            if len(self._waiting) >= BATCH_MAX:
                return None
            self._waiting.append(mine)
            leads = len(self._waiting) == 1
            if len(self._waiting) == BATCH_MAX:
                self._changed.notify_all()
        if leads:
            self._lead()
        elif not mine.done.wait(self._deadline_s):
            raise UnavailableError("The database did not answer in time.")
        return mine.outcome

    def _lead(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._storing or len(self._waiting) >= BATCH_MAX, self._wait_s)
            batch, self._waiting = self._waiting, []
            self._storing += 1
        try:
            self._watch(self._name, len(batch))
            outcomes = self._store([each.item for each in batch])
            for each, outcome in zip(batch, outcomes, strict=True):
                each.outcome = outcome
        except Exception as error:  # noqa: BLE001 (each request will meet it by itself, if it is its own)
            structlog.get_logger("flotilla.batches").warning(
                "a batch is done again one by one", kind=self._name, size=len(batch), error=str(error)
            )
        finally:
            with self._changed:
                self._storing -= 1
                self._changed.notify_all()
            for each in batch:
                each.done.set()

    def _begin_anew(self) -> None:
        # Whoever waited in the parent does not exist in a forked child, and a lock that was held would stay so.
        self._changed = threading.Condition()
        self._waiting = []
        self._storing = 0


def _call_if_alive(method: WeakMethod[Callable[[], None]]) -> None:
    alive = method()
    if alive is not None:
        alive()
