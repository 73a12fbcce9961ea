"""A whole load, generated: in this process, or by several at once whose books are merged exactly."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from typing import TypeVar

from seatrial.errors import LoadError, SeatrialError
from seatrial.load import event_loop
from seatrial.load.books.glance import Glance, glance_of_all
from seatrial.load.generator import cpus
from seatrial.load.generator.member import Order, PartResult, take_part
from seatrial.load.generator.plan import LoadPlan
from seatrial.load.generator.result import LoadResult, load_result
from seatrial.load.generator.self_check import SelfCheck, check_generator

__all__ = ["generate"]

_Answer = TypeVar("_Answer")
# From the word to the first arrival: that the word has reached all processes, and that none is late already.
_HEAD_START_S = 0.1
_STARTS_WITHIN_S = 60.0
_ANSWERS_WITHIN_S = 30.0


def generate(
    plan: LoadPlan, tell: Callable[[str], None] = lambda _: None, *, show: Callable[[Glance], None] | None = None
) -> LoadResult:
    """Drive the plan to its end. tell: gets a phrase for each step, for people who wait; show: a glance each second.

    Raises:
        SpecError, LoadError: of the workload, the target, signing in, or a process of the generator that ended. Nothing
            is left then, nor after Ctrl-C, nor when this process is killed: its children end with it.
        KeyboardInterrupt: Ctrl-C before anything was measured, or twice. Once gives what was seen until then.
    """
    if not plan.run_token:
        plan = replace(plan, run_token=f"{time.time_ns() // 1_000_000:x}")
    check = _self_check(plan, tell)
    if plan.processes == 1:
        with cpus.kept_to(plan.cpus):
            parts: tuple[PartResult, ...] = (event_loop.run(_here(plan, tell, show)),)
    else:
        parts = _by_children(plan, tell, show)
    if min(part.lasted_s for part in parts) <= 0:
        raise KeyboardInterrupt
    return load_result(plan, parts, self_check=check, cpus=len(plan.cpus or cpus.usable()) or os.cpu_count() or 1)


def _self_check(plan: LoadPlan, tell: Callable[[str], None]) -> SelfCheck | None:
    if not plan.is_self_checked:
        return None
    tell("what can this generator do on this machine?")
    rate_rps = None
    if plan.arrivals is not None:
        rate_rps = plan.arrivals.mean_rate_rps(plan.lead_in_s + plan.duration_s) / plan.processes
    return check_generator(rate_rps, generator_cpus=_places(plan)[0][:1])


def _places(plan: LoadPlan) -> tuple[tuple[int, ...], ...]:
    """The CPUs of each process: one each, where one is left for the subject; those of the plan are the generator's."""
    return cpus.shares(plan.cpus or cpus.usable(), plan.processes, keep_free=0 if plan.cpus else 1)


async def _here(plan: LoadPlan, tell: Callable[[str], None], show: Callable[[Glance], None] | None) -> PartResult:
    async def at_once() -> float:
        tell(_loading(plan))
        return time.perf_counter() + _HEAD_START_S

    if plan.workload.sign_in:
        tell(f"signing {plan.workload.people} people in")
    return await take_part(plan, 0, at_once, show)


def _loading(plan: LoadPlan) -> str:
    return f"{plan.lead_in_s + plan.duration_s:g} s of load"


def _by_children(
    plan: LoadPlan, tell: Callable[[str], None], show: Callable[[Glance], None] | None
) -> tuple[PartResult, ...]:
    signing_in = f", signing {plan.workload.people} people in" if plan.workload.sign_in else ""
    tell(f"starting {plan.processes} processes{signing_in}")
    with contextlib.ExitStack() as children:
        pipes = [children.enter_context(_child()) for _ in range(plan.processes)]
        for index, (pipe, places) in enumerate(zip(pipes, _places(plan), strict=True)):
            pipe.send(Order(plan, index, places, is_watched=show is not None))
        _answers(pipes, str, _STARTS_WITHIN_S + plan.sign_in_within_s, {})
        tell(_loading(plan))
        begins_s = time.perf_counter() + _HEAD_START_S
        for pipe in pipes:
            pipe.send(begins_s)
        at_most_s = plan.lead_in_s + plan.duration_s + plan.workload.timeout_s + _ANSWERS_WITHIN_S
        parts: dict[int, PartResult] = {}
        try:
            _answers(pipes, PartResult, at_most_s, parts, show)
        except KeyboardInterrupt:
            for pipe in pipes:
                with contextlib.suppress(OSError):  # it has just ended by itself
                    pipe.send("break off")
            _answers(pipes, PartResult, _ANSWERS_WITHIN_S, parts)
        return tuple(parts[index] for index in range(len(pipes)))


@contextlib.contextmanager
def _child() -> Iterator[Connection]:
    """A process that does one part; it is killed at the end if it is still there."""
    ours, its = Pipe()
    # A session of its own: Ctrl-C is for this process, which then ends the others. What journeys print is not the
    # result, so it goes to standard error. -P: what lies in the current folder is not imported by accident.
    # Imported, not run as a program: else what it pickles would be of its __main__, which is not ours.
    command = [sys.executable, "-P", "-c", "from seatrial.load.generator.member import main; main()", str(its.fileno())]
    with (
        ours,
        its,
        subprocess.Popen(
            command, pass_fds=[its.fileno()], stdin=subprocess.DEVNULL, stdout=2, start_new_session=True
        ) as process,
    ):
        its.close()
        try:
            yield ours
        finally:
            process.kill()


def _answers(
    pipes: Sequence[Connection],
    kind: type[_Answer],
    at_most_s: float,
    answers: dict[int, _Answer],
    show: Callable[[Glance], None] | None = None,
) -> None:
    """Adds to `answers` one of each child that is not there yet; the first that fails ends the waiting."""
    deadline_s = time.monotonic() + at_most_s
    glances: dict[Connection, Glance] = {}
    while len(answers) < len(pipes):
        waiting = {pipe: index for index, pipe in enumerate(pipes) if index not in answers}
        ready = wait(waiting, max(0.0, deadline_s - time.monotonic()))
        if not ready:
            raise _ended(f"did not answer within {at_most_s:.0f} s", len(waiting), len(pipes))
        for pipe in [pipe for pipe in waiting if pipe in ready]:
            try:
                answer = pipe.recv()
            except (EOFError, ConnectionError):
                raise _ended("ended by itself", 1, len(pipes)) from None
            if isinstance(answer, SeatrialError):
                raise answer
            if isinstance(answer, Glance):
                glances[pipe] = answer
                if show is not None and len(glances) == len(waiting):
                    show(glance_of_all(list(glances.values())))
                    glances.clear()
                continue
            assert isinstance(answer, kind)
            answers[waiting[pipe]] = answer


def _ended(what: str, how_many: int, of: int) -> LoadError:
    return LoadError(
        f"{how_many} of the generator's {of} processes {what}.",
        where="load generator",
        try_this="Look above for what it printed last. If nothing is there, the system may have ended it for lack of "
        "memory: use fewer processes.",
    )
