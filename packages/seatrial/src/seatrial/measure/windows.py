"""CPU of short windows of load, and what was answered in each, for the regression over them."""

import asyncio
import itertools
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from seatrial.load.books.observation import Observation
from seatrial.measure.demands import RegressionRow
from seatrial.measure.measurement import OperationProfile
from seatrial.measure.regression import regress
from seatrial.testbed.readings import CpuSeconds

__all__ = ["Window", "WindowClock", "regressed", "windows_of"]

APART_MAX = 0.1
"""Of all counts of two names: the windows' edges fall between an operation and its redirect now and then."""


@dataclass(frozen=True, slots=True)
class Window:
    """cpu_s: of app and database together. answered: operation -> right answers."""

    cpu_s: float
    answered: Mapping[str, int]

    @property
    def requests(self) -> int:
        """All that were answered in it."""
        return sum(self.answered.values())


class WindowClock:
    """Reads the CPU meters at set times beside a load. readings: (when, what they said)."""

    def __init__(self, meters: Callable[[], CpuSeconds], every_s: float) -> None:
        """meters: two reads of open files."""
        self.readings: list[tuple[float, CpuSeconds]] = []
        self._meters = meters
        self._every_s = every_s

    async def run(self) -> None:
        """Until it is cancelled."""
        next_s = time.perf_counter()
        while True:
            self.readings.append((time.perf_counter(), self._meters()))
            next_s += self._every_s
            await asyncio.sleep(next_s - time.perf_counter())


def windows_of(
    readings: Sequence[tuple[float, CpuSeconds]], seen: Sequence[Observation], started_s: float, ended_s: float
) -> list[Window]:
    """The windows between readings that lie inside the interval. Pure.

    A request counts in the window in which it was answered: part of its work may lie in the one before.
    """
    done = sorted((o.done_s, o.operation) for o in seen if not o.error)
    times = [at for at, _ in done]
    windows = []
    for (from_s, before), (to_s, after) in itertools.pairwise(readings):
        if from_s >= started_s and to_s <= ended_s and before.app_s is not None and after.app_s is not None:
            inside = done[bisect_left(times, from_s) : bisect_left(times, to_s)]
            used_s = after.app_s - before.app_s + (after.database_s or 0.0) - (before.database_s or 0.0)
            windows.append(Window(used_s, Counter(name for _, name in inside)))
    return windows


def regressed(windows: Sequence[Window], profiles: Sequence[OperationProfile]) -> tuple[RegressionRow, ...]:
    """Each operation's CPU by regression over the windows, beside what it costs alone. Pure.

    alone_s is carried to the windows' own level by one factor for all: only the shape can differ.
    """
    full = [window for window in windows if window.requests]
    alone = {p.operation: p.cpu_s for p in profiles}
    expected_s = sum(count * alone.get(name, 0.0) for window in full for name, count in window.answered.items())
    if not expected_s:
        return ()
    factor = sum(window.cpu_s for window in full) / expected_s
    groups = _together(full, sorted({name for window in full for name in window.answered}))
    counts = [[fmean(window.answered.get(name, 0) for name in group) for group in groups] for window in full]
    return tuple(
        RegressionRow(
            operation=" + ".join(group),
            requests=sum(window.answered.get(group[0], 0) for window in full),
            alone_s=sum(alone[name] for name in group) * factor,
            regressed_s=one.cost_s,
            error_s=one.error_s,
        )
        for group, one in zip(groups, regress(counts, [window.cpu_s for window in full]), strict=True)
        if all(name in alone for name in group)
    )


def _together(windows: Sequence[Window], names: Sequence[str]) -> list[list[str]]:
    """Names that always come in equal numbers, such as an operation and its redirect: nothing could tell them apart."""
    groups: list[list[str]] = []
    for name in names:
        own = [window.answered.get(name, 0) for window in windows]
        for group in groups:
            others = [window.answered.get(group[0], 0) for window in windows]
            apart = sum(abs(a - b) for a, b in zip(own, others, strict=True))
            if apart <= APART_MAX * (sum(own) + sum(others)):
                group.append(name)
                break
        else:
            groups.append([name])
    return groups
