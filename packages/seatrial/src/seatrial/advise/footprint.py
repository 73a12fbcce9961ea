"""What the app and its database keep in memory, and how many workers the plan holds. Pure."""

from collections.abc import Sequence
from statistics import median

from seatrial.advise.findings import MemoryFindings
from seatrial.measure.measurement import Caveat, MemoryReading
from seatrial.model.memory import workers_that_fit
from seatrial.spec.plan import Limits

__all__ = ["footprint"]


def footprint(readings: Sequence[MemoryReading], limits: Limits) -> tuple[MemoryFindings, tuple[Caveat, ...]]:
    """Memory by part, from readings with one and with several workers; caveats where something had to be assumed."""
    if not readings:
        unknown = MemoryFindings(None, None, None, limits.system_memory_bytes, limits.memory_bytes, None)
        text = "Memory could not be read on this machine, so how many workers fit is not known."
        return unknown, (Caveat("no-memory-readings", text, "Measure on Linux."),)
    fewest, most = min(r.workers for r in readings), max(r.workers for r in readings)
    app_fewest = median(r.app_bytes for r in readings if r.workers == fewest)
    database = median(r.database_bytes for r in readings if r.workers == fewest)
    caveats: tuple[Caveat, ...] = ()
    smallest = min((min(r.process_bytes[1:]) for r in readings if len(r.process_bytes) > 1), default=0)
    app_most = median(r.app_bytes for r in readings if r.workers == most)
    # A difference far below any worker process is the noise of two readings, not the cost of a worker.
    if most > fewest and (app_most - app_fewest) / (most - fewest) > 0.1 * smallest:
        database_most = median(r.database_bytes for r in readings if r.workers == most)
        further = max(1.0, (app_most - app_fewest) / (most - fewest))
        per_worker_database = max(0.0, (database_most - database) / (most - fewest))
    else:
        # One configuration only: a worker's own pages are at most what its process holds now.
        further = max((max(r.process_bytes) for r in readings if r.process_bytes), default=app_fewest / fewest)
        per_worker_database = 0.0
        text = "A further worker's memory was not measured: it is taken to cost as much as a whole process."
        caveats = (Caveat("further-worker-assumed", text),)
    first = max(further, app_fewest - further * (fewest - 1))
    database_first = database - per_worker_database * (fewest - 1)
    fit = workers_that_fit(
        limits.memory_bytes,
        system_bytes=limits.system_memory_bytes,
        database_bytes=int(database_first),
        first_worker_bytes=int(first),
        further_worker_bytes=int(further),
        per_worker_database_bytes=int(per_worker_database),
    )
    found = MemoryFindings(
        database=int(database_first),
        first_worker=int(first),
        further_worker=int(further),
        system=limits.system_memory_bytes,
        plan=limits.memory_bytes,
        workers_that_fit=fit,
    )
    return found, caveats
