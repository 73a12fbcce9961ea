"""Seatrial's people as users of Locust: what an exported locustfile.py imports, and nobody else.

Importing it imports Locust, which makes this process's sockets and threads gevent's.
"""

import itertools
import logging
import random
import secrets
import time
from collections.abc import Iterator
from functools import cache
from typing import Any

import gevent
from locust import FastHttpUser, events, task
from locust.env import Environment
from locust.exception import StopUser
from locust.runners import WorkerRunner

from seatrial.export.locust_exchange import Sender
from seatrial.export.locust_journey import JourneyPerformer
from seatrial.load import mix
from seatrial.load.journey.page_run import AT_ONCE
from seatrial.load.journey.person import Person
from seatrial.load.workload import Workload

__all__ = ["JourneyUser"]

_SEED = 1
_log = logging.getLogger("seatrial")


class JourneyUser(FastHttpUser):
    """One person who signs in once and then does a journey each time Locust's wait_time says so.

    A class of an exported locustfile sets workload, rate_rps (journeys begun per second by all users together), users
    (how many those are) and wait_time = constant_throughput(rate_rps / users). Each user keeps a place of their own in
    the round of users / rate_rps seconds: evenly spaced, or drawn at random for Poisson arrivals, since users who began
    together would go on asking all at once. Places are told by the clock of the day, so that machines agree on them.
    """

    abstract = True
    workload: Workload
    rate_rps: float
    users: int
    # The requests of a page go out together, as a browser sends them.
    concurrency = AT_ONCE

    def __init__(self, environment: Environment) -> None:
        self.network_timeout = self.connection_timeout = self.workload.timeout_s
        super().__init__(environment)
        self._crew = _crew(environment, type(self))
        self._place, self.person = next(self._crew.people)
        workload = self.workload
        self._sender = Sender(self.client, str(self.host), keep_alive=workload.keep_alive, headers=workload.headers)

    def on_start(self) -> None:
        """Sign in, then wait for one's place in the round. Who cannot sign in takes no part."""
        sign_in = self.workload.sign_in
        if sign_in is not None:
            name = getattr(sign_in, "__name__", "sign_in")
            if not self._crew.performer.perform(self._sender, name, sign_in, self.person):
                _log.error("person %d could not be signed in and takes no part", self.person.number)
                raise StopUser
        round_s = self.users / self.rate_rps
        is_random = self.workload.arrivals == "poisson"
        place = self.person.random.random() if is_random else self._place % self.users / self.users
        gevent.sleep((place * round_s - time.time()) % round_s)
        # constant_throughput would count the time since the user was made as its first run.
        self._cp_last_run, self._cp_last_wait_time = time.perf_counter(), 0

    @task
    def next_journey(self) -> None:
        """Whatever is next in the mix."""
        name = next(self._crew.names)
        person = self._crew.comer(self.person)
        self._crew.performer.perform(self._sender, name, self.workload.operations[name], person)


class _Crew:
    """What the users of one process share: who comes next, and what is done next.

    The processes of a load are told apart by the index that Locust's master gives each worker.
    """

    def __init__(self, environment: Environment, workload: Workload) -> None:
        runner, options = environment.runner, environment.parsed_options
        self.index = max(0, runner.worker_index) if isinstance(runner, WorkerRunner) else 0
        self._workers = max(self.index + 1, int(getattr(options, "expect_workers", 1) or 1))
        self._run_token = f"{secrets.token_hex(4)}w{self.index}"
        self._workload = workload
        self._comers = random.Random(f"{_SEED}/people/{self.index}")
        self._visitors = (self._person(workload.people + 1 + place) for place in self._places())
        self.people = self._signed_in()
        self.performer = JourneyPerformer(environment)
        draw = mix.endless if workload.order == "stratified" else mix.independent
        self.names = draw(workload.weights, f"{_SEED}/mix/{self.index}")

    def comer(self, person: Person) -> Person:
        """Who does the next journey: the user's person, or, where arrivals are sessions, mostly somebody new."""
        workload = self._workload
        if not workload.has_sessions or self._comers.random() < workload.returning:
            return person
        return next(self._visitors)

    def _signed_in(self) -> Iterator[tuple[int, Person]]:
        """Places among all users, and their people: numbered 1 to `people`, and again from 1 when there are more."""
        return ((place, self._person(1 + place % self._workload.people)) for place in self._places())

    def _places(self) -> Iterator[int]:
        return itertools.count(self.index, self._workers)

    def _person(self, number: int) -> Person:
        return Person(number, random.Random(f"{_SEED}/person/{number}"), self._run_token)


@cache
def _crew(environment: Environment, users: type[JourneyUser]) -> _Crew:
    return _Crew(environment, users.workload)


def _check_users(environment: Environment, **_: Any) -> None:
    """The rate holds for as many users as it was reckoned for."""
    started = getattr(environment.parsed_options, "num_users", None)
    for user in environment.user_classes:
        if issubclass(user, JourneyUser) and not isinstance(environment.runner, WorkerRunner) and started != user.users:
            _log.warning(
                "%s users are started; %d together offer %g journeys per second: use --users %d, or export again",
                started or 1,
                user.users,
                user.rate_rps,
                user.users,
            )


events.test_start.add_listener(_check_users)  # type: ignore[no-untyped-call]
