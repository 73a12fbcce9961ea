"""The way to a database that is apart from the app: a relay in front of it, and what the relay really adds."""

import statistics
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import psycopg

from seatrial.errors import TestbedError
from seatrial.testbed import relay
from seatrial.testbed.meters import process_cpu_s
from seatrial.testbed.process import Order, Process, Warden, describe_exit, wait_until
from seatrial.testbed.readiness import free_port

__all__ = ["Distance"]

START_DEADLINE_S = 10.0
CONNECT_TIMEOUT_S = 5
ROUND_TRIPS = 40
"""Timed each way, with and without the relay: some 0.1 s."""


class Distance:
    """A running relay. added_s: what a round trip takes longer through it; cpu_s: its CPU time for one, where known."""

    process: Process
    added_s: float
    cpu_s: float | None

    def __init__(self, keeper: Warden, folder: Path, cpus: tuple[int, ...], database: Mapping[str, str]) -> None:
        """`database`: its placeholders, database_url and the others. Starts nothing yet."""
        self._keeper = keeper
        self._folder = folder
        self._cpus = cpus
        self._database = database

    @property
    def placeholders(self) -> Mapping[str, str]:
        """Those of the database as the app is to see it: through the relay."""
        return {**self._database, "database_port": str(self._port), "database_url": self._url}

    @property
    def _url(self) -> str:
        return self._database["database_url"].replace(f":{self._database['database_port']}/", f":{self._port}/")

    @classmethod
    def between(
        cls, keeper: Warden, folder: Path, cpus: tuple[int, ...], database: Mapping[str, str], round_trip_s: float
    ) -> "Distance":
        """A started one. Raises TestbedError."""
        distance = cls(keeper, folder, cpus, database)
        distance.start(round_trip_s)
        return distance

    def words(self) -> str:
        """What the reader must know of it."""
        cost = "" if self.cpu_s is None else f", and takes {1e6 * self.cpu_s:.0f} us of the load generator's CPU for it"
        return (
            f"The database is {1000 * self._asked_s:g} ms away by a relay of Seatrial's, not by a network: it really "
            f"adds {1000 * self.added_s:.2f} ms to each question and answer{cost}."
        )

    def start(self, round_trip_s: float) -> None:
        """Start the relay and time it. Raises TestbedError."""
        self._asked_s = round_trip_s
        self._port = free_port()
        argv = (
            *(sys.executable, "-I", "-S", str(Path(relay.__file__))),
            *(str(self._port), self._database["database_port"], repr(round_trip_s / 2.0)),
        )
        order = Order(argv, {}, self._folder, self._folder / "relay.log", cpus=self._cpus)
        self.process = Process(order, self._keeper)
        if not wait_until(self._settled, START_DEADLINE_S) or self.process.exit_status is not None:
            raise TestbedError(
                "the relay that stands for the way to the database did not start",
                try_this='Try again, or leave placement = "apart" out.',
                details=self.process.log_tail(),
            )
        direct_s = _round_trip_s(self._database["database_url"])
        before_s = process_cpu_s(self.process.pid)
        self.added_s = _round_trip_s(self._url) - direct_s
        after_s = process_cpu_s(self.process.pid)
        self.cpu_s = None if before_s is None or after_s is None else (after_s - before_s) / ROUND_TRIPS

    def _settled(self) -> bool:
        if self.process.exit_status is not None:
            return True
        try:
            psycopg.connect(self._url, connect_timeout=CONNECT_TIMEOUT_S).close()
        except psycopg.OperationalError:
            return False
        return True

    def check_alive(self) -> None:
        """Raise TestbedError when the relay has ended."""
        status = self.process.exit_status
        if status is not None:
            raise TestbedError(
                f"the relay in front of the database ended ({describe_exit(status)})", details=self.process.log_tail()
            )


def _round_trip_s(url: str) -> float:
    """The median of some questions that cost the database next to nothing, over one connection."""
    times = []
    with psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S) as connection:
        for _ in range(ROUND_TRIPS):
            began = time.perf_counter()
            connection.execute("SELECT 1")
            times.append(time.perf_counter() - began)
    return statistics.median(times)
