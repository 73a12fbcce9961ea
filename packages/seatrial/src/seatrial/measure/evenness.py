"""Whether each worker had its share of the work, and what it means when some had none. Pure."""

from collections.abc import Mapping, Sequence

from seatrial.measure.measurement import Caveat

__all__ = ["IDLE_SHARE", "idle_workers", "idle_workers_caveat", "worker_shares"]

IDLE_SHARE = 0.1
"""Of an even share: less is what a worker does for which nothing comes, such as its heartbeat and the odd request."""


def worker_shares(first: Mapping[int, float], last: Mapping[int, float], workers: int) -> tuple[float, ...]:
    """Each worker's part of what all of them used of the CPU between two readings, the largest first; they sum to 1.

    first, last: process id -> CPU seconds so far, of all of the app's processes. The workers are those that used most:
    who only watches over them uses next to nothing. () for one worker, and where there are not so many processes.
    """
    used = sorted((used_s - first[pid] for pid, used_s in last.items() if pid in first), reverse=True)[:workers]
    whole_s = sum(used)
    if workers < 2 or len(used) < workers or whole_s <= 0.0:
        return ()
    return tuple(used_s / whole_s for used_s in used)


def idle_workers(shares: Sequence[float]) -> int:
    """How many of them had next to nothing to do."""
    return sum(share * len(shares) < IDLE_SHARE for share in shares)


def idle_workers_caveat(shares: Sequence[float]) -> tuple[Caveat, ...]:
    """Of an interval in which something was always waiting."""
    idle = idle_workers(shares)
    if not idle:
        return ()
    text = (
        f"{idle} of {len(shares)} workers had next to nothing to do while requests waited for others: a connection "
        "that is kept open stays with the worker that took it, and workers that wake first take most."
    )
    return (Caveat("idle-workers", text, "Try fewer workers with more threads, or the sync class: see seatrial tune."),)
