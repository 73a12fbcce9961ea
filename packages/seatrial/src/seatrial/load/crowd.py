"""Whom a load acts as, and who does what next."""

import itertools
import random
from collections.abc import Collection, Iterator

from seatrial.errors import LoadError
from seatrial.load import mix
from seatrial.load.arrivals.shapes import Part
from seatrial.load.journey.journey_run import Job
from seatrial.load.journey.person import Person
from seatrial.load.workload import Workload

__all__ = ["Crowd", "visitors"]


class Crowd:
    """The people of a workload, or one generator's part of them, and the visitors who come beside them.

    seed: of their own choices; the same seed makes the same people. run_token: see `Person.unique`.
    """

    def __init__(self, workload: Workload, seed: int, run_token: str, share: Part) -> None:
        self.people = tuple(
            Person(number, random.Random(f"{seed}/person/{number}"), run_token)
            for number in range(1 + share.index, workload.people + 1, share.count)
        )
        self._workload = workload
        self._visitors = visitors(workload.people + 1 + share.index, seed, run_token, share.count)

    def jobs(self, seed: str, names: Collection[str] | None = None, *, exact_in: int | None = None) -> Iterator[Job]:
        """What is begun next, by whom; without names, by the mix and without an end. LoadError at unknown names.

        exact_in: among so many the mix has exact shares, unless the workload's order is stratified anyway: as many as
        a trial has, or `mix.BLOCK` for a load in which no queue grows that the order could shape: there it only takes
        noise out of the throughput.
        """
        workload = self._workload
        operations = workload.operations
        if unknown := sorted(set(names or ()) - operations.keys()):
            raise LoadError(f"no operation is called {', '.join(unknown)}.", where="serial load")
        exact_in = mix.BLOCK if workload.order == "stratified" else exact_in
        if names is not None:
            wanted = iter(names)
        elif exact_in is None:
            wanted = mix.independent(workload.weights, f"{seed}/mix")
        else:
            wanted = mix.endless(workload.weights, f"{seed}/mix", exact_in)
        return (
            (name, operations[name], person)
            for name, person in zip(wanted, self._comers(f"{seed}/people"), strict=False)
        )

    def listeners(self, count: int) -> Iterator[Person]:
        """The people in turn: where there are more listeners than people, a person listens in several windows."""
        return itertools.islice(itertools.cycle(self.people), count)

    def _comers(self, seed: str) -> Iterator[Person]:
        """Who comes next: one of the people; to a session mostly somebody new."""
        rng = random.Random(seed)
        returning = self._workload.returning if self._workload.has_sessions else 1.0
        while True:
            yield rng.choice(self.people) if returning >= 1.0 or rng.random() < returning else next(self._visitors)


def visitors(first_number: int, seed: int | str, run_token: str, step: int = 1) -> Iterator[Person]:
    """People who come for the first time, numbered from first_number; nothing is kept of those who have left."""
    for number in itertools.count(first_number, step):
        yield Person(number, random.Random(f"{seed}/person/{number}"), run_token)
