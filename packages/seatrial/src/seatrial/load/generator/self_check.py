"""What this generator can do on this machine, now: measured against a server that does nothing."""

from dataclasses import dataclass

from seatrial.load import event_loop
from seatrial.load.arrivals.shapes import Poisson
from seatrial.load.books.tally import Tally
from seatrial.load.driver import Driver
from seatrial.load.generator import cpus
from seatrial.load.generator.null_server import null_server
from seatrial.load.workload import Workload
from seatrial.spec.workload import OperationSpec, WorkloadSpec

__all__ = ["SelfCheck", "check_generator"]

_CONCURRENCY = 32
_LEAD_IN_S, _CLOSED_S, _OPEN_S = 0.05, 0.35, 0.35
# Too few arrivals have no 99th percentile.
_LEAST_RPS = 500.0


@dataclass(frozen=True, slots=True)
class SelfCheck:
    """One process of the generator against a server that does nothing, with plain requests.

    ceiling_rps: what it reaches with 32 connections. requests_per_cpu_s: by its own CPU time, which other programs
    disturb less. lateness_p50_s, lateness_p99_s: how late it sends at open_rate_rps. shares_cpu: server and generator
    had to share a CPU, so that the ceiling is too low.
    """

    ceiling_rps: float
    requests_per_cpu_s: float
    lateness_p50_s: float
    lateness_p99_s: float
    open_rate_rps: float = 0.0
    shares_cpu: bool = False


def check_generator(
    rate_rps: float | None = None, *, generator_cpus: tuple[int, ...] = (), server_cpus: tuple[int, ...] = ()
) -> SelfCheck:
    """Take about a second to find out. rate_rps: at which lateness is of interest, if not far above the ceiling.

    generator_cpus, server_cpus: where each runs meanwhile; if not said, on one CPU each of those this process may use.

    Raises:
        RigUnfit: the server could not be started.
    """
    mine, its = _places(generator_cpus, server_cpus, cpus.usable())
    with null_server(its) as url, cpus.kept_to(mine):
        return event_loop.run(_check(url, rate_rps, shares_cpu=mine == its and len(set(mine)) < 2))


def _places(
    generator_cpus: tuple[int, ...], server_cpus: tuple[int, ...], usable: tuple[int, ...]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """CPUs of the generator and of the server, apart where that is possible. Pure."""
    mine = generator_cpus or usable[-1:]
    its = server_cpus or tuple(cpu for cpu in usable if cpu not in mine)[:1] or mine
    return mine, its


async def _check(url: str, rate_rps: float | None, *, shares_cpu: bool) -> SelfCheck:
    workload = Workload.from_spec(WorkloadSpec(operations=(OperationSpec("null", "/"),)))
    async with Driver(url, workload, seed=1, run_token="selfcheck") as driver:  # noqa: S106 - no password
        # The first requests open the connections; they are not what is asked about.
        await driver.closed_loop(_CONCURRENCY, _LEAD_IN_S)
        tally = Tally(started_s=0.0, duration_s=1.0, timeout_s=workload.timeout_s)
        closed = await driver.closed_loop(_CONCURRENCY, _CLOSED_S, book=tally.add)
        took_s = closed.ended_s - closed.started_s
        ceiling_rps = tally.total.answered / took_s
        open_rate_rps = min(max(rate_rps or 0.0, _LEAST_RPS), 0.5 * ceiling_rps)
        tally = Tally(started_s=0.0, duration_s=1.0, timeout_s=workload.timeout_s)
        offsets = Poisson(open_rate_rps).offsets(_LEAD_IN_S + _OPEN_S, "self-check")
        await driver.follow(offsets, _OPEN_S, lead_in_s=_LEAD_IN_S, book=tally.add)
        p50_s, p99_s = tally.lateness.quantiles_s(0.5, 0.99)
        return SelfCheck(
            ceiling_rps=ceiling_rps,
            requests_per_cpu_s=ceiling_rps / max(closed.generator_busy, 0.01),
            lateness_p50_s=p50_s,
            lateness_p99_s=p99_s,
            open_rate_rps=open_rate_rps,
            shares_cpu=shares_cpu,
        )
