"""Which settings of a server are worth a thought on a plan, and what others would choose. Pure."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace

from seatrial.measure.tune_record import Shape, TuneRecord
from seatrial.spec.subject import EVENT_LOOP, EVENT_LOOP_SLOTS
from seatrial.spec.trial_spec import TrialSpec

__all__ = ["THREADS", "WORKERS", "candidates", "memory_of", "neighbours", "references"]

MEBIBYTE = 1024 * 1024

WORKERS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
THREADS = (1, 2, 4, 8, 16, 32)
"""Steps of half as many again or twice: between them capacity changes by less than starts differ."""

POOL_SHARES = (1, 2, 4)
"""A pool is as large as the threads that share it, or one so many times smaller: more are never used."""

LOOP_POOLS = (5, 10, 20, 40)
"""Connections of an event loop, whose requests are not counted."""

WORKERS_OF_A_CPU = 12
"""More workers than that for each CPU only wait for it, and those that wait for something else can be threads."""

CONNECTIONS_MAX = 92
"""PostgreSQL's own default of 100, less those kept for superusers and for Seatrial's meter."""

THREAD_BYTES = 320 * 1024
"""Of a further thread, as in `model.memory`."""

HEROKU_WORKERS = ((512, 2), (1024, 4), (2560, 5), (14 * 1024, 17))
"""WEB_CONCURRENCY that Heroku sets for a dyno of at most so many MB (devcenter.heroku.com/articles/python-concurrency,
read 2026-11)."""


def references(spec: TrialSpec, classes: tuple[str, ...]) -> Mapping[str, Shape]:
    """What one would set without measuring, by who says so."""
    kind = "sync" if "sync" in classes else classes[0]
    rule = 2 * math.ceil(spec.plan.limits.usable_cpus) + 1
    memory_mb = spec.plan.limits.memory_bytes / MEBIBYTE
    heroku = next((workers for most_mb, workers in HEROKU_WORKERS if memory_mb <= most_mb), HEROKU_WORKERS[-1][1])
    pool = None
    if spec.subject.is_told_its_pool:  # of which they say nothing: one for the one thread, of a loop what is declared
        pool = spec.subject.database.pool if kind in EVENT_LOOP else 1
    return {
        "gunicorn's default": Shape(kind, 1, pool=pool),
        "gunicorn's rule, 2 for each CPU and 1": Shape(kind, rule, pool=pool),
        f"Heroku's default for {memory_mb:.0f} MB": Shape(kind, heroku, pool=pool),
    }


def candidates(spec: TrialSpec, record: TuneRecord) -> tuple[Shape, ...]:
    """Every combination, those that others would set among them, that the plan's memory and the database's connections
    hold, as far as is known by now."""
    most = WORKERS_OF_A_CPU * math.ceil(spec.plan.limits.usable_cpus)
    every = (shape for server in _grid(record.classes, most) for shape in _with_pools(spec, server))
    return tuple(
        shape
        for shape in dict.fromkeys((*every, *record.references.values()))
        if _connections(spec, shape) <= CONNECTIONS_MAX
        and (memory_of(record, shape) or 0.0) <= spec.plan.limits.subject_memory_bytes
    )


def _grid(classes: tuple[str, ...], workers_max: int) -> Iterator[Shape]:
    for worker_class in classes:
        for workers in WORKERS:
            if workers <= workers_max:
                for threads in THREADS if Shape(worker_class, 1).has_threads else (1,):
                    yield Shape(worker_class, workers, threads)


def _with_pools(spec: TrialSpec, server: Shape) -> Iterator[Shape]:
    """Where the app can be told its pool, one for each size that makes a difference; the server itself where not."""
    declared = spec.subject.database.pool
    if declared is None or not spec.subject.is_told_its_pool:
        yield server
        return
    is_loop = server.worker_class in EVENT_LOOP
    sizes = LOOP_POOLS if is_loop else tuple(math.ceil(server.threads / share) for share in POOL_SHARES)
    for pool in sorted({*sizes, *((declared,) if is_loop or declared <= server.threads else ())}):
        yield replace(server, pool=pool)


def _connections(spec: TrialSpec, shape: Shape) -> int:
    in_a_worker = shape.threads if shape.has_threads or shape.worker_class == "sync" else EVENT_LOOP_SLOTS
    subject = spec.subject
    if shape.pool is not None:
        subject = replace(subject, database=replace(subject.database, pool=shape.pool))
    return subject.connections(shape.workers, in_a_worker)


def memory_of(record: TuneRecord, shape: Shape) -> float | None:
    """Bytes that app, database and services will take: of the nearest settings seen, and the difference in workers.

    Workers share pages, so a further one costs at most what one was seen to have for itself and its share of the rest.
    """
    known = [one for one in record.tried if one.seen.memory_bytes and one.seen.worker_bytes]
    if not known:
        return None
    near = min(known, key=lambda one: (abs(one.shape.workers - shape.workers), one.shape != shape))
    threads = shape.workers * shape.threads - near.shape.workers * near.shape.threads
    workers = shape.workers - near.shape.workers
    return (near.seen.memory_bytes or 0) + workers * (near.seen.worker_bytes or 0) + threads * THREAD_BYTES


def neighbours(shape: Shape, among: tuple[Shape, ...]) -> tuple[Shape, ...]:
    """One step away in workers, in threads with as large a share of connections, or in connections; of one kind."""

    def steps(one: Shape) -> tuple[int, int, int]:
        return _place(WORKERS, one.workers), _place(THREADS, one.threads), _pool_place(one)

    here = steps(shape)
    return tuple(
        one
        for one in among
        if one.worker_class == shape.worker_class
        and sum(abs(a - b) for a, b in zip(steps(one), here, strict=True)) == 1
    )


def _pool_place(shape: Shape) -> int:
    if shape.pool is None:
        return 0
    if shape.worker_class in EVENT_LOOP:
        return _place(LOOP_POOLS, shape.pool)
    return _place(POOL_SHARES, max(1.0, shape.threads / shape.pool))


def _place(scale: tuple[int, ...], value: float) -> int:
    return min(range(len(scale)), key=lambda place: abs(math.log(scale[place] / value)))
