"""What operations cost with other amounts of data: each prepared afresh, in a test bed of its own."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from seatrial.errors import SeatrialError
from seatrial.load import event_loop
from seatrial.load.workload import Workload
from seatrial.measure.bench import Bench
from seatrial.measure.measurement import Caveat, SizeDemands
from seatrial.measure.progress import Progress
from seatrial.spec.trial_spec import TrialSpec
from seatrial.testbed.testbed import Testbed

__all__ = ["SIZE_VARIABLE", "measure_sizes", "told_size"]

SIZE_VARIABLE = "SEATRIAL_SIZE"
"""Where a journeys file finds how much data there is."""

PASSES = 3
"""Of single requests: the growth between two sizes is often smaller than one pass can tell."""

ONE_SIZE_S = 45.0


@contextmanager
def told_size(size: int | None) -> Iterator[None]:
    """While it is open, a journeys file that is imported finds the amount of data in its environment."""
    before = os.environ.get(SIZE_VARIABLE)
    if size is not None:
        os.environ[SIZE_VARIABLE] = str(size)
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(SIZE_VARIABLE, None)
        else:
            os.environ[SIZE_VARIABLE] = before


def measure_sizes(spec: TrialSpec, progress: Progress) -> tuple[tuple[SizeDemands, ...], tuple[Caveat, ...]]:
    """Every operation alone with each of `measure.sizes`, smallest first; () without any.

    What fails here fails nothing else: the sizes before it are kept, and a caveat says what happened.
    """
    sizes = sorted(set(spec.measure.sizes))
    found: list[SizeDemands] = []
    progress.expect(ONE_SIZE_S * len(sizes))
    for number, size in enumerate(sizes, 1):
        try:
            found.append(_at_size(spec, number, size, progress))
        except SeatrialError as error:
            text = f"With {size:,} as the amount of data nothing was measured: {error.what}"
            return tuple(found), (Caveat("size-not-measured", text, error.try_this),)
    return tuple(found), ()


def _at_size(spec: TrialSpec, number: int, size: int, progress: Progress) -> SizeDemands:
    sized = replace(spec, subject=replace(spec.subject, size=size))
    server = spec.subject.whole_server
    with told_size(size):
        workload = Workload.from_spec(spec.workload)
        with Testbed(sized) as testbed:
            progress.step(f"preparing the data again, {size:,} of it", 20)
            testbed.prepare()
            bench = Bench(sized, testbed, workload, progress)
            return SizeDemands(size, event_loop.run(bench.alone(number, server.workers, server.threads, PASSES)))
