"""One process of a generator: does its part of a plan. `main` makes it a child of `fleet` at the end of a pipe.

It reads an `Order`, answers "ready" when its people are signed in, reads when to begin, and answers with a
`PartResult`, or at any time with the SeatrialError that ended it; what it reads meanwhile makes it break off. When the
pipe ends, so does it: with its parent, however that ended.
"""

import asyncio
import contextlib
import os
import sys
import threading
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

from seatrial.errors import LoadError, SeatrialError
from seatrial.load import event_loop
from seatrial.load.arrivals.shapes import Part
from seatrial.load.books.glance import Glance
from seatrial.load.books.histogram import Histogram
from seatrial.load.books.observation import HeardCounts, LoadRecord, Observation
from seatrial.load.books.sessions import SessionCounts
from seatrial.load.books.tally import Tally
from seatrial.load.driver import Driver
from seatrial.load.generator import cpus
from seatrial.load.generator.plan import LoadPlan
from seatrial.load.generator.pulse import Pulse
from seatrial.load.generator.watch import Watch
from seatrial.load.workload import Workload

__all__ = ["Order", "PartResult", "main", "take_part"]

_READY = "ready"


@dataclass(frozen=True, slots=True)
class Order:
    """What a child is told first: the plan, which of its processes it is (from 0), and the CPUs to keep to.

    is_watched: whether somebody wants a `Glance` of it each second.
    """

    plan: LoadPlan
    index: int
    cpus: tuple[int, ...] = ()
    is_watched: bool = False


@dataclass(frozen=True, slots=True)
class PartResult:
    """What one process did and saw, in the `lasted_s` seconds of the interval (less than planned if broken off).

    arrivals: operations (or sessions) begun in the interval. busy: its share of a CPU meanwhile; waited: the share of
    the time in which it was ready to run and others had that CPU. pulse: of a closed loop, how late it heard an alarm
    of its own. in_flight_max: the most requests it had on their way. failures: the first of each kind, in words.
    is_interrupted, abandoned, refused_before, curtailed: as in `LoadRecord`.
    """

    tally: Tally
    lasted_s: float
    arrivals: int
    busy: float
    in_flight_max: int
    failures: tuple[str, ...] = ()
    sessions: SessionCounts | None = None
    heard: HeardCounts = field(default=HeardCounts())
    waited: float = 0.0
    pulse: Histogram | None = None
    is_interrupted: bool = False
    abandoned: int = 0
    refused_before: int = 0
    curtailed: int = 0


async def take_part(
    plan: LoadPlan,
    index: int,
    begins: Callable[[], Awaitable[float]],
    show: Callable[[Glance], None] | None = None,
) -> PartResult:
    """Sign in, connect listeners, ask when to begin (perf_counter), and drive the part `index` of the plan.

    show: gets a glance a second.

    Cancelled while it drives it gives what it has seen.

    Raises:
        SpecError, LoadError: of the workload, the target, or signing in.
    """
    driver = Driver(
        plan.base_url,
        Workload.from_spec(plan.workload),
        seed=plan.seed,
        run_token=plan.run_token,
        host_header=plan.host_header,
        allow_remote=plan.allow_remote,
        verify=plan.verify,
        ca_file=plan.ca_file,
        share=Part(index, plan.processes),
    )
    async with driver, contextlib.AsyncExitStack() as held:
        await driver.sign_in_all(plan.sign_in_within_s)
        await held.enter_async_context(driver.hold(within_s=plan.sign_in_within_s))
        begins_s = await begins()
        tally = Tally(
            started_s=begins_s + plan.lead_in_s, duration_s=plan.duration_s, timeout_s=plan.workload.timeout_s
        )
        pulse = None
        with Watch(driver, tally, show) if show is not None else contextlib.nullcontext():
            if plan.arrivals is not None:
                record = await _open(driver, plan, index, begins_s, tally)
            else:
                async with Pulse(tally.started_s, plan.duration_s) as pulse:
                    record = await _closed(driver, plan, index, begins_s, tally)
        return PartResult(
            tally=tally,
            lasted_s=min(plan.duration_s, record.ended_s - tally.started_s)
            if record.is_interrupted
            else plan.duration_s,
            arrivals=record.arrivals if plan.arrivals is not None else tally.total.requests,
            busy=record.generator_busy,
            in_flight_max=record.in_flight_max,
            failures=record.failures,
            sessions=record.sessions,
            heard=record.heard,
            waited=record.generator_waited,
            pulse=None if pulse is None else pulse.lateness,
            is_interrupted=record.is_interrupted,
            abandoned=record.abandoned,
            refused_before=record.refused_before,
            curtailed=record.curtailed,
        )


async def _open(driver: Driver, plan: LoadPlan, index: int, begins_s: float, tally: Tally) -> LoadRecord:
    assert plan.arrivals is not None
    mine = plan.arrivals.part(index, plan.processes)
    return await driver.follow(
        mine.offsets(plan.lead_in_s + plan.duration_s, plan.seed),
        plan.duration_s,
        in_flight_max=plan.share(plan.in_flight_max, index),
        lead_in_s=plan.lead_in_s,
        book=tally.add,
        book_before=tally.add_before,
        starts_s=begins_s,
        is_kept_if_cancelled=True,
    )


async def _closed(driver: Driver, plan: LoadPlan, index: int, begins_s: float, tally: Tally) -> LoadRecord:
    assert plan.concurrency is not None
    started_s, add, add_before = tally.started_s, tally.add, tally.add_before

    def book(seen: Observation) -> None:
        # One closed loop through lead-in and interval: two would leave a gap, while the first one's last answers come.
        if seen.due_s >= started_s:
            add(seen)
        else:
            add_before(seen)

    return await driver.closed_loop(
        plan.share(plan.concurrency, index),
        plan.lead_in_s + plan.duration_s,
        book=book if plan.lead_in_s else add,
        starts_s=begins_s,
        is_kept_if_cancelled=True,
    )


def main() -> None:
    """Be the child at the end of the pipe whose file descriptor is the first argument."""
    parent = Connection(int(sys.argv[1]))
    order: Order = parent.recv()
    cpus.keep_to(order.cpus)
    parent.send(_answer(order, parent))


def _answer(order: Order, parent: Connection) -> PartResult | SeatrialError:
    try:
        return event_loop.run(_child(order, parent))
    except SeatrialError as error:
        return error
    except Exception as error:  # noqa: BLE001 - told to the parent, which raises it
        return LoadError(
            f"process {order.index + 1} of the generator failed: {type(error).__name__}: {error}",
            where="load generator",
            details=traceback.format_exc(),
        )


async def _child(order: Order, parent: Connection) -> PartResult:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    begins: asyncio.Future[float] = loop.create_future()

    def listen() -> None:
        # In a thread, so that it hears the end of the pipe even while a journey keeps the event loop.
        try:
            begins_s = parent.recv()
            loop.call_soon_threadsafe(begins.set_result, begins_s)
            parent.recv()
            if task is not None:
                loop.call_soon_threadsafe(task.cancel)
            parent.recv()
        except (EOFError, OSError):
            os._exit(1)

    threading.Thread(target=listen, daemon=True).start()

    async def ready() -> float:
        parent.send(_READY)
        return await begins

    return await take_part(order.plan, order.index, ready, parent.send if order.is_watched else None)
