"""What the app and its database keep in memory for any number of workers, and how many of them the plan holds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from seatrial.model.confidence import student_t_quantile

__all__ = ["MemoryModel", "MemorySeen", "memory_model", "workers_that_fit"]

MEBIBYTE = 1024 * 1024

CONNECTION_BYTES = 2 * MEBIBYTE
"""A backend of PostgreSQL after some queries, where the readings do not tell: 1.6 MiB were seen of PostgreSQL 18."""

CONNECTION_BYTES_MAX = 10 * MEBIBYTE
"""What a provider of managed PostgreSQL reckons for each connection (DigitalOcean)."""

THREAD_BYTES = 320 * 1024
"""Each further thread of a worker, where no reading tells: 0.3 MiB were seen of gunicorn's gthread workers with a small
Flask app, from 1 to 16 threads."""

BETWEEN_READINGS = 0.05
"""Memory is read at one moment; between two readings it can be this share higher or lower."""

NOISE_OF_A_WORKER = 0.1
"""A slope below this share of the smallest worker process is the noise of the readings, not the cost of a worker."""


@dataclass(frozen=True, slots=True)
class MemorySeen:
    """One reading in bytes of proportional set size. connections: backends that the app had, or could have, open.

    worker_bytes: of the worker processes alone, the smallest and the largest; (0, 0) where only the sum is known.
    """

    workers: int
    connections: int
    app_bytes: int
    database_bytes: int
    worker_bytes: tuple[int, int] = (0, 0)
    threads: int = 1
    services_bytes: int = 0


@dataclass(frozen=True, slots=True)
class MemoryModel:
    """Memory as a sum of parts, each in bytes of proportional set size.

    server_bytes: what does not grow with the workers, the server's own process among it. worker_bytes: each worker.
    database_bytes: PostgreSQL without connections; connection_bytes: each backend. services_bytes: pooler, cache and
    balancer, whatever the workers.
    growth_bytes_per_request: by which a worker grows with each request and does not shrink again. threads: of each
    worker in the readings (mean).
    spread_bytes: standard deviation between fresh starts; None when fewer than two can be compared. readings: how
    many there are; workers_mean, workers_square: mean of their worker counts and sum of squares about it.
    is_worker_assumed, is_connection_assumed: nothing in the readings tells; taken as high as they can be, or as usual.
    """

    server_bytes: float
    worker_bytes: float
    database_bytes: float
    connection_bytes: float
    growth_bytes_per_request: float = 0.0
    threads: float = 1.0
    spread_bytes: float | None = None
    readings: int = 1
    workers_mean: float = 1.0
    workers_square: float = 0.0
    is_worker_assumed: bool = False
    is_connection_assumed: bool = False
    services_bytes: float = 0.0

    @property
    def first_worker_bytes(self) -> float:
        """The app with one worker."""
        return self.server_bytes + self.worker_bytes

    def without_database(self) -> "MemoryModel":
        """The app's machine, when the database has one of its own."""
        return replace(self, database_bytes=0.0, connection_bytes=0.0, is_connection_assumed=False)

    def memory_of(
        self, workers: int, connections: int, *, threads: int | None = None, requests_per_worker: float = 0.0
    ) -> tuple[float, float, float]:
        """Bytes that app and database take together: (low, point, high), where 95 % of fresh starts lie between.

        threads: of each worker, as many as when it was read unless said otherwise: each further one takes about
        `THREAD_BYTES`. requests_per_worker: answered by each since it started; with a growth per request, that is what
        it grew by.
        The interval is that of one more observation about a fitted line (any textbook of regression), t with as many
        degrees of freedom as the readings leave, and never narrower than what lies between two readings. Where a part
        was assumed, low and high are what is possible, not a confidence.
        """
        growth = workers * requests_per_worker * self.growth_bytes_per_request
        database = self.database_bytes + connections * self.connection_bytes
        further = 0.0 if threads is None else workers * (threads - self.threads) * THREAD_BYTES
        point = self.server_bytes + workers * self.worker_bytes + further + database + self.services_bytes + growth
        half = max(self._half_width(workers), BETWEEN_READINGS * point) + abs(further)
        low, high = point - half, point + half
        if self.is_worker_assumed and workers > self.workers_mean:
            low -= (workers - self.workers_mean) * self.worker_bytes  # it may share all of its pages
        if self.is_connection_assumed:
            high += max(0, connections) * (CONNECTION_BYTES_MAX - self.connection_bytes)
        return max(0.0, low), point, high

    def _half_width(self, workers: int) -> float:
        freedom = self.readings - (2 if self.workers_square else 1)
        if self.spread_bytes is None or freedom < 1:
            return 0.0
        away = (workers - self.workers_mean) ** 2 / self.workers_square if self.workers_square else 0.0
        return student_t_quantile(0.975, freedom) * self.spread_bytes * math.sqrt(1.0 + 1.0 / self.readings + away)


def memory_model(seen: Sequence[MemorySeen], *, growth_bytes_per_request: float = 0.0) -> MemoryModel:
    """The parts that explain the readings best: straight lines in the workers and in the connections (least squares).

    Proportional set sizes add up to the pages that are really there, so the app is a straight line in its workers.
    Raises ValueError without readings.
    """
    if not seen:
        raise ValueError("a memory model needs at least one reading")
    workers = [reading.workers for reading in seen]
    app, worker = _line(workers, [reading.app_bytes for reading in seen])
    smallest = min(reading.worker_bytes[0] for reading in seen)
    is_worker_assumed = worker is None or worker <= max(NOISE_OF_A_WORKER * smallest, 0.0)
    if is_worker_assumed or worker is None:
        fewest = [reading for reading in seen if reading.workers == min(workers)]
        app = fmean(reading.app_bytes for reading in fewest)
        largest = max(reading.worker_bytes[1] for reading in seen)
        worker = float(largest or app / fewest[0].workers)
        app = max(0.0, app - worker * fewest[0].workers)
    database, connection, is_connection_assumed = _database(seen)
    mean = fmean(workers)
    return MemoryModel(
        server_bytes=app,
        worker_bytes=worker,
        database_bytes=database,
        connection_bytes=connection,
        growth_bytes_per_request=max(0.0, growth_bytes_per_request),
        threads=fmean(reading.threads for reading in seen),
        spread_bytes=_spread(workers, [reading.app_bytes + reading.database_bytes for reading in seen]),
        readings=len(seen),
        workers_mean=mean,
        workers_square=sum((count - mean) ** 2 for count in workers),
        is_worker_assumed=is_worker_assumed,
        is_connection_assumed=is_connection_assumed,
        services_bytes=fmean(reading.services_bytes for reading in seen),
    )


def workers_that_fit(model: MemoryModel, available_bytes: float, connections_per_worker: int) -> int:
    """The most workers whose predicted memory is at most so many bytes; 0 when not even one fits.

    Raises ValueError for a further worker that takes nothing, since then any number would fit.
    """
    each = model.worker_bytes + connections_per_worker * model.connection_bytes
    if each <= 0:
        raise ValueError("a further worker must take some memory; measure it with at least two workers")
    left = available_bytes - model.server_bytes - model.database_bytes - model.services_bytes
    return max(0, math.floor(left / each + 1e-9))


def _database(seen: Sequence[MemorySeen]) -> tuple[float, float, bool]:
    """Bytes of the database without connections and of each connection, and whether the latter had to be assumed."""
    values = [reading.database_bytes for reading in seen]
    database, connection = _line([reading.connections for reading in seen], values)
    if connection is not None and connection > 0.0 and database > 0.0:
        return database, connection, False
    if connection is not None or not any(values):
        # It did not grow with the connections, so what it had at most is what it has with any number.
        return float(max(values)), 0.0, False
    assumed = min(CONNECTION_BYTES, max(values) / (1 + seen[0].connections))
    return max(values) - assumed * seen[0].connections, assumed, True


def _line(places: Sequence[int], values: Sequence[float]) -> tuple[float, float | None]:
    """Least squares: the value at 0 and the slope; without two different places the mean and None."""
    middle, mean = fmean(places), fmean(values)
    square = sum((place - middle) ** 2 for place in places)
    if not square:
        return mean, None
    slope = sum((place - middle) * (value - mean) for place, value in zip(places, values, strict=True)) / square
    return mean - slope * middle, slope


def _spread(places: Sequence[int], values: Sequence[float]) -> float | None:
    """Standard deviation about the line; None when no reading is left over to tell."""
    start, slope = _line(places, values)
    freedom = len(values) - (1 if slope is None else 2)
    if freedom < 1:
        return None
    residuals = [value - start - (slope or 0.0) * place for place, value in zip(places, values, strict=True)]
    return math.sqrt(sum(residual**2 for residual in residuals) / freedom)
