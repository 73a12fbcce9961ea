"""What the app and its database keep in memory, and how many workers the plan holds. Pure."""

from collections.abc import Sequence

from seatrial.advise.findings import MemoryFindings
from seatrial.measure.measurement import Caveat, MemoryReading
from seatrial.model.memory import MemoryModel, MemorySeen, memory_model, workers_that_fit
from seatrial.spec.plan import Limits
from seatrial.spec.subject import Subject

__all__ = ["footprint", "memory_seen"]


def memory_seen(
    readings: Sequence[MemoryReading], subject: Subject, *, growth_bytes_per_request: float = 0.0
) -> MemoryModel | None:
    """The memory model of a study's readings; None when memory could not be read."""
    if not readings:
        return None
    seen = [
        MemorySeen(
            workers=reading.workers,
            connections=subject.connections(reading.workers, reading.threads),
            app_bytes=reading.app_bytes,
            database_bytes=reading.database_bytes,
            worker_bytes=_of_workers(reading.process_bytes),
            threads=reading.threads,
            services_bytes=reading.services_bytes,
        )
        for reading in readings
    ]
    return memory_model(seen, growth_bytes_per_request=growth_bytes_per_request)


def footprint(
    readings: Sequence[MemoryReading], subject: Subject, threads: int, limits: Limits
) -> tuple[MemoryFindings, tuple[Caveat, ...]]:
    """Memory by part, from readings with one and with several workers; caveats where something had to be assumed."""
    model = memory_seen(readings, subject)
    if model is None:
        unknown = MemoryFindings(None, None, None, limits.system_memory_bytes, limits.memory_bytes, None)
        text = "Memory could not be read on this machine, so how many workers fit is not known."
        return unknown, (Caveat("no-memory-readings", text, "Measure on Linux."),)
    caveats: tuple[Caveat, ...] = ()
    if model.is_worker_assumed:
        text = "A further worker's memory was not measured: it is taken to cost as much as a whole process."
        caveats = (Caveat("further-worker-assumed", text),)
    first = subject.connections(1, threads)
    # Behind a pooler a further worker brings no connection to the database.
    is_pooled = subject.services.pooler != "none"
    on_the_plan = model.without_database() if subject.database.is_apart else model
    pooled_bytes = subject.services.pool_size * on_the_plan.connection_bytes if is_pooled else 0.0
    found = MemoryFindings(
        database=int(model.database_bytes + first * model.connection_bytes),
        first_worker=int(model.first_worker_bytes),
        further_worker=int(model.worker_bytes),
        system=limits.system_memory_bytes,
        plan=limits.memory_bytes,
        workers_that_fit=workers_that_fit(
            on_the_plan, limits.subject_memory_bytes - pooled_bytes, 0 if is_pooled else first
        ),
        services=int(model.services_bytes),
    )
    return found, caveats


def _of_workers(process_bytes: Sequence[int]) -> tuple[int, int]:
    """Of the smallest and the largest worker; the first of several processes is the server's own."""
    workers = process_bytes[1:] or process_bytes
    return (min(workers), max(workers)) if workers else (0, 0)
