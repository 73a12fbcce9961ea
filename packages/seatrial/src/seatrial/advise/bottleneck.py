"""What gives way first. Pure."""

from collections.abc import Mapping
from typing import Any

from seatrial.advise.findings import DemandMs, MemoryFindings
from seatrial.measure.figures import rounded
from seatrial.measure.measurement import Measurement
from seatrial.spec.subject import Server

__all__ = ["bottleneck"]

CPU_BOUND = 0.9
"""Utilization from which the CPU is what saturates."""


def bottleneck(
    saturated: Measurement | None, demand: DemandMs, memory: MemoryFindings, server: Server
) -> Mapping[str, Any]:
    """The station that is full when the subject is saturated: {"station", "utilization", "sentence"}."""
    if memory.workers_that_fit == 0:
        return {
            "station": "memory",
            "utilization": None,
            "sentence": "The app with one worker and its database need more memory than the plan leaves them.",
        }
    if saturated is None:
        return {"station": "unknown", "utilization": None, "sentence": "The subject was never saturated."}
    busy = saturated.cpu_utilization
    if busy is None:
        sentence = "CPU could not be read here, so what gives way first is not known."
        return {"station": "unknown", "utilization": None, "sentence": sentence}
    if busy >= CPU_BOUND:
        larger = "the app" if (demand.app or 0.0) >= (demand.database or 0.0) else "PostgreSQL"
        sentence = f"The CPU: {100 * busy:.0f} % busy when saturated, most of it with {larger}."
        return {"station": "CPU", "utilization": busy, "sentence": sentence}
    slots = server.slots
    own_ms = (demand.app or 0.0) - (demand.services or 0.0)
    in_one_process = saturated.throughput_rps * own_ms / 1000.0 / server.workers
    if in_one_process >= CPU_BOUND:
        sentence = (
            f"The workers: each Python process runs on one CPU at a time and is {100 * in_one_process:.0f} % busy, "
            f"while the plan's CPUs are {100 * busy:.0f} % busy. One more worker uses what is left."
        )
        return {"station": "workers", "utilization": busy, "sentence": sentence}
    held = "its one slot was" if slots == 1 else f"all {slots} were"
    # A slot is held for slots / throughput seconds; what its CPU time does not fill is waiting of some kind.
    held_ms = 1000.0 * slots / saturated.throughput_rps if saturated.throughput_rps else 0.0
    explained = (demand.total or 0.0) + (demand.wait or 0.0)
    if explained > 0.7 * held_ms:
        waiting = f"{rounded(demand.wait or 0.0)} ms of each request is waiting"
        why = f"{waiting}. More threads or workers help; a faster CPU does not."
    else:
        why = (
            f"each was held for {rounded(held_ms)} ms a request, of which {rounded(explained)} ms are explained. "
            "Look for locks, a small connection pool, or other programs on the machine."
        )
    sentence = f"The request slots: {held} taken while the CPU was only {100 * busy:.0f} % busy, since {why}"
    return {"station": "slots", "utilization": busy, "sentence": sentence}
