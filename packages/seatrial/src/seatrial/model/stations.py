"""The stations of a server, how busy each is, and the rate that each alone would allow. Pure."""

import math
from collections.abc import Mapping, Sequence

from seatrial.model.box import Box
from seatrial.model.route import APART, APP, BACKEND, POOL, THREADS
from seatrial.model.system import System
from seatrial.model.work import OperationDemand, Work

__all__ = ["STATIONS", "bounds_rps", "busy_shares"]

CPU, APP_CPU, DATABASE_CPU = "CPU", "app CPU", "database CPU"
SLOTS, CONNECTIONS, GIL, EVENT_LOOP, THREAD_POOL = "slots", "pool", "GIL", "event loop", "thread pool"

STATIONS: Mapping[str, str] = {
    CPU: "the CPUs that app and database share",
    APP_CPU: "the CPUs of the app, where the database is elsewhere",
    DATABASE_CPU: "the CPUs of the database's own machine",
    SLOTS: "the request slots: workers x threads",
    CONNECTIONS: "the database connections that the app keeps",
    GIL: "the processes: in each, one thread runs Python at a time",
    EVENT_LOOP: "the event loops: in each, one request runs until it awaits",
    THREAD_POOL: "the threads that an event loop gives functions which are not async",
}
"""Every station by its name, in words."""


def bounds_rps(demands: Sequence[OperationDemand], system: System) -> Mapping[str, float]:
    """The throughput that each station alone would allow, in requests per second, the lowest first.

    X <= m_k / D_k (Denning and Buzen, ACM Computing Surveys 10, 1978) of m_k servers and the demand D_k of a request
    there. What is held (slots, connections, threads) is held at least as long as its request takes alone, so a real
    throughput stays below them all. Stations that nobody needs are left out.
    """
    shares = math.fsum(demand.share for demand in demands)

    def mean(values: Sequence[float]) -> float:
        return math.fsum(d.share * value for d, value in zip(demands, values, strict=True)) / shares

    app_s, database_s = mean([d.app_cpu_s for d in demands]), mean([d.database_cpu_s for d in demands])
    threaded = [d.runs_in == "thread" for d in demands]
    alone_s = [_alone_s(d, system) for d in demands]
    found = (
        {CPU: (system.cpus, app_s + database_s)}
        if system.database_cpus is None
        else {APP_CPU: (system.cpus, app_s), DATABASE_CPU: (system.database_cpus, database_s)}
    )
    found[SLOTS] = (system.slots, mean(alone_s))
    if system.has_binding_pool:
        found[CONNECTIONS] = (
            system.workers * (system.pool or 0),
            mean([_held_s(d, system) if d.takes_from_pool else 0.0 for d in demands]),
        )
    if system.is_event_loop:
        on_loop = [
            0.0 if thread else alone if d.blocks_loop else d.app_cpu_s
            for d, alone, thread in zip(demands, alone_s, threaded, strict=True)
        ]
        found[EVENT_LOOP] = (system.workers, mean(on_loop))
        in_threads = [alone if thread else 0.0 for alone, thread in zip(alone_s, threaded, strict=True)]
        found[THREAD_POOL] = (system.workers * system.loop_threads, mean(in_threads))
    if system.gil and system.threads > 1 and (any(threaded) or not system.is_event_loop):
        found[GIL] = (system.workers, app_s)
    bounds = {name: servers / demand_s for name, (servers, demand_s) in found.items() if demand_s > 0.0}
    return dict(sorted(bounds.items(), key=lambda item: item[1]))


def busy_shares(box: Box, work: Work, served: Sequence[int], duration_s: float, ended_s: float) -> Mapping[str, float]:
    """The share of each station that was busy, or held, while these requests were served; ended_s: of the whole run.

    Slots and connections may all be held because the CPUs are full: which station gives way, `bounds_rps` tells.
    """
    system = box.system
    spent_s = [0.0] * (APART + 1)
    for kind, needs in zip(box.kinds, box.needs, strict=True):
        if kind in {APP, BACKEND, APART}:
            spent_s[kind] += math.fsum(needs[request] for request in served)
    spent_s[APP], spent_s[BACKEND] = spent_s[APP] * box.company, spent_s[BACKEND] * box.company
    app_s = spent_s[APP]
    if system.database_cpus is None:
        shares = {CPU: (app_s + spent_s[BACKEND]) / (system.cpus * duration_s)}
    else:
        shares = {
            APP_CPU: app_s / (system.cpus * duration_s),
            DATABASE_CPU: spent_s[APART] / (system.database_cpus * duration_s),
        }
    inside_s = math.fsum(box.left_s[request] - box.started_s[request] for request in served)
    shares[SLOTS] = inside_s / (system.slots * duration_s)
    if system.has_binding_pool:
        shares[CONNECTIONS] = box.held_s(POOL) / (system.workers * (system.pool or 0) * ended_s)
    if system.is_event_loop:
        threads_s = box.held_s(THREADS)
        if threads_s:
            shares[THREAD_POOL] = threads_s / (system.workers * system.loop_threads * ended_s)
        shares[EVENT_LOOP] = _on_the_loop_s(box, work, served) / (system.workers * duration_s)
    elif system.gil and system.threads > 1:
        shares[GIL] = app_s / (system.workers * duration_s)
    return shares


def _on_the_loop_s(box: Box, work: Work, served: Sequence[int]) -> float:
    """Seconds for which nobody else could go on: app CPU, and the waits of those who block."""
    blocks = work.flags([demand.blocks_loop for demand in work.demands])
    threaded = work.flags([demand.runs_in == "thread" for demand in work.demands])
    return math.fsum(
        needs[request]
        for kind, needs in zip(box.kinds, box.needs, strict=True)
        if kind <= APART
        for request in served
        if not threaded[request] and (kind == APP or blocks[request])
    )


def _alone_s(demand: OperationDemand, system: System) -> float:
    """The response time of a request that meets nobody, and finds time left where there is a quota."""
    return demand.app_cpu_s - demand.held_app_cpu_s + demand.wait_s + _held_s(demand, system)


def _held_s(demand: OperationDemand, system: System) -> float:
    """How long a request that meets nobody holds its connection."""
    waits_s = demand.held_wait_s + demand.round_trips * system.round_trip_s
    return demand.database_cpu_s / system.database_speed + demand.held_app_cpu_s + waits_s
