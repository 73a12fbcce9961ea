"""The passes of a start that is measured from inside: one at a time, the mix at two rates, each operation by itself."""

import asyncio
import contextlib
import itertools
import time
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from seatrial.load import mix
from seatrial.load.books.observation import LoadRecord, Observation
from seatrial.load.driver import Driver
from seatrial.measure.demands import DatabaseActivity, Demands, InsideProfile, LoadedDemands, MiddlewareCost
from seatrial.measure.marked import Marks
from seatrial.measure.measurement import OperationProfile
from seatrial.measure.middleware import middleware_cost
from seatrial.measure.neighbours import busy_s, others_share
from seatrial.measure.profile import SETTLE_S, profile_sequence
from seatrial.measure.windows import Window, WindowClock, regressed, windows_of
from seatrial.testbed.activity import Glances, Watch, counters
from seatrial.testbed.database import Database
from seatrial.testbed.inside import InsideRequest
from seatrial.testbed.readings import CpuSeconds
from seatrial.testbed.testbed import Testbed

__all__ = ["InsidePass", "Lengths", "inside_profiles"]

LOADS = (0.5, 0.8)
"""Of saturation. At 80 % queues are there and the figures still hold still."""

WINDOW_S = 0.25
GLANCE_S = 0.02
ONE_OPERATION_S = 0.25
ONE_OPERATION_SHARE = 0.85
STATEMENTS_KEPT = 8

COUNTERS = ("transactions", "rows_read", "rows_fetched", "rows_written", "blocks_read", "blocks_hit", "temporary_bytes")


@dataclass(frozen=True, slots=True)
class Lengths:
    """Seconds of each pass; each_s: of all operations by themselves, at most."""

    warm_up_s: float
    alone_s: float
    load_s: float
    each_s: float

    @classmethod
    def beside(cls, half_load_s: float) -> "Lengths":
        """In proportion to how long the study's half load is: 16 s in all beside the usual 4 s."""
        return cls(0.4 * half_load_s, 0.75 * half_load_s, 0.95 * half_load_s, 0.95 * half_load_s)

    @property
    def all_s(self) -> float:
        """About what they take together."""
        return self.warm_up_s + self.alone_s + len(LOADS) * self.load_s + self.each_s


@dataclass(frozen=True, slots=True)
class InsidePass:
    """One start, measured from inside. weights: the declared mix; saturated_rps: its requests per second at saturation.

    slots: requests that the subject works on at once. requests_per_arrival: as seen. profiles: each operation alone.
    """

    driver: Driver
    testbed: Testbed
    marks: Marks
    weights: Mapping[str, float]
    profiles: Sequence[OperationProfile]
    saturated_rps: float
    requests_per_arrival: float
    slots: int
    seed: int
    lengths: Lengths

    async def run(self) -> Demands:
        """All passes, one after the other."""
        self.marks.order = mix.endless(self.weights, f"{self.seed}/inside")
        await self.driver.closed_loop(self.slots, self.lengths.warm_up_s)
        alone, cost = await self._alone()
        database = self.testbed.database
        watched = database if database is not None and database.is_private else None
        before = _counted(watched)
        loads, windows, requests = [], [], 0
        for load in LOADS:
            seen, inside, record = await self._loaded(load, watched)
            loads.append(seen)
            windows.append(inside)
            requests += len(record.requests)
        after = _counted(watched)
        by_one = await self._each_by_itself()
        return Demands(
            alone=alone,
            loads=tuple(loads),
            middleware=cost,
            regression=regressed([*itertools.chain(*windows), *by_one], self.profiles),
            database_per_request={
                name: (now - then) / max(1, requests) for name, now, then in zip(COUNTERS, after, before, strict=False)
            },
        )

    def _switch(self, is_on: bool) -> None:
        if self.testbed.inside is not None:
            self.testbed.inside.switch(on=is_on)

    def _new(self, known: int) -> tuple[InsideRequest, ...]:
        """What was measured after the first `known` requests."""
        return self.testbed.inside.requests()[known:] if self.testbed.inside else ()

    async def _alone(self) -> tuple[tuple[InsideProfile, ...], MiddlewareCost | None]:
        """One at a time, in turn with the middleware and without."""
        if self.testbed.inside is None:
            return (), None
        cpu: list[tuple[str, bool, float]] = []
        sent: list[Observation] = []

        def before() -> CpuSeconds:
            self._switch(len(sent) % 2 == 0)
            return self.testbed.cpu_seconds()

        def after() -> CpuSeconds:
            time.sleep(SETTLE_S)
            return self.testbed.cpu_seconds()

        def judged(observation: Observation, then: CpuSeconds, now: CpuSeconds) -> None:
            if not observation.error:
                cpu.append((observation.operation, len(sent) % 2 == 0, _used_s(then, now) or 0.0))
            sent.append(observation)

        expected_s = fmean([p.wall_s for p in self.profiles])
        sequence = profile_sequence(self.weights, expected_s, self.lengths.alone_s, self.seed)
        await self.driver.serial(sequence, before, after, judged)
        self._switch(False)
        self.testbed.check_alive()
        cost = middleware_cost(cpu) if self.testbed.cpu_seconds().app_s is not None else None
        return inside_profiles(self._new(0), self.marks, sent), cost

    async def _loaded(self, load: float, database: Database | None) -> tuple[LoadedDemands, list[Window], LoadRecord]:
        """The mix at one rate."""
        rate_rps = load * self.saturated_rps
        known = len(self._new(0))
        cpus = tuple(self.testbed.placement.subject_cpus)
        clock = WindowClock(self.testbed.cpu_seconds, WINDOW_S)
        self._switch(True)
        busy, used, since_s = busy_s(cpus), self.testbed.cpu_seconds(), time.perf_counter()
        with Watch(database.meter) if database is not None else contextlib.nullcontext() as watch:
            record, slots_seen = await self._driven(rate_rps, clock)
            glances = watch.glances if watch is not None else None
            looks_apart = watch is not None and watch.is_beside and not self.testbed.placement.shared
        lasted_s, busy_after, used_after = time.perf_counter() - since_s, busy_s(cpus), self.testbed.cpu_seconds()
        self._switch(False)
        self.testbed.check_alive()
        busy_now = None if busy is None or busy_after is None else busy_after - busy
        inside = self._new(known)
        right = [o for o in record.requests if not o.error]
        throughput_rps = sum(o.done_s <= record.ended_s for o in right) / (record.ended_s - record.started_s)
        seen = LoadedDemands(
            load=load,
            offered_rate_rps=rate_rps,
            throughput_rps=throughput_rps,
            response_time_s=fmean([o.done_s - o.due_s for o in right]) if right else 0.0,
            others_share=others_share(busy_now, _used_s(used, used_after), lasted_s, max(1, len(cpus))),
            operations=inside_profiles(inside, self.marks, ()),
            inside_wall_s=fmean([request.wall_s for request in inside]) if inside else None,
            busy_slots=fmean(slots_seen) if slots_seen else None,
            database=_activity(glances, throughput_rps, looks_apart=looks_apart),
        )
        return seen, windows_of(clock.readings, record.requests, record.started_s, record.ended_s), record

    async def _driven(self, rate_rps: float, clock: WindowClock) -> tuple[LoadRecord, list[int]]:
        slots_seen: list[int] = []
        beside = [asyncio.create_task(clock.run()), asyncio.create_task(self._glance(slots_seen))]
        try:
            arrivals_rps = rate_rps / self.requests_per_arrival
            return await self.driver.open_loop(arrivals_rps, self.lengths.load_s), slots_seen
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)

    async def _glance(self, slots_seen: list[int]) -> None:
        view = self.testbed.inside
        until_s = time.perf_counter() + self.lengths.load_s
        while view is not None and time.perf_counter() < until_s:
            await asyncio.sleep(GLANCE_S)
            slots_seen.append(view.in_flight())

    async def _each_by_itself(self) -> list[Window]:
        """Short loads that are mostly one operation each: without them all counts would rise and fall together."""
        if len(self.weights) < 2 or self.testbed.cpu_seconds().app_s is None:
            return []
        alone = {p.operation: p for p in self.profiles}
        natural = mix.independent(self.weights, f"{self.seed}/others")
        windows, until_s = [], time.perf_counter() + self.lengths.each_s
        for name in [*self.weights, *self.weights]:
            if name not in alone or time.perf_counter() > until_s:
                continue
            self.marks.order = _mostly(name, natural)
            cost = alone[name]
            rate_rps = 0.5 * min(self.slots / max(cost.wall_s, 1e-4), 1.0 / max(cost.cpu_s, 1e-4))
            before = self.testbed.cpu_seconds()
            record = await self.driver.open_loop(rate_rps / self.requests_per_arrival, ONE_OPERATION_S)
            await asyncio.sleep(SETTLE_S)
            readings = [(record.started_s, before), (time.perf_counter(), self.testbed.cpu_seconds())]
            # All that was sent has been answered: nothing of it is outside.
            windows += windows_of(readings, record.requests, record.started_s, time.perf_counter())
        return windows


def _used_s(then: CpuSeconds, now: CpuSeconds) -> float | None:
    """By app and database together; None where nothing was read."""
    if then.app_s is None or now.app_s is None:
        return None
    return now.app_s - then.app_s + (now.database_s or 0.0) - (then.database_s or 0.0)


def _mostly(name: str, others: Iterator[str]) -> Iterator[str]:
    owed = 0.0
    while True:
        owed += ONE_OPERATION_SHARE
        if owed >= 1.0:
            owed -= 1.0
            yield name
        else:
            yield next(others)


def inside_profiles(
    seen: Sequence[InsideRequest], marks: Marks, sent: Sequence[Observation]
) -> tuple[InsideProfile, ...]:
    """Means of each operation, in the order of their names. Pure.

    sent: requests that never overlapped, to find how long each was on its way into the app; () for others.
    """
    by_name: dict[str, list[tuple[InsideRequest, float | None]]] = defaultdict(list)
    sent_s = sorted((o.sent_s, o.done_s) for o in sent)
    for request in seen:
        place = bisect_right(sent_s, (request.began_s, float("inf"))) - 1
        is_there = place >= 0 and request.began_s <= sent_s[place][1]
        before_s = request.began_s - sent_s[place][0] if is_there else None
        name = marks.name(request.operation, is_redirect=request.is_redirect)
        if name:
            by_name[name].append((request, before_s))
    return tuple(_profile(name, by_name[name]) for name in sorted(by_name))


def _profile(name: str, seen: Sequence[tuple[InsideRequest, float | None]]) -> InsideProfile:
    requests = [request for request, _ in seen]
    known = [before_s for _, before_s in seen if before_s is not None]
    has_driver = any(request.has_driver for request in requests)
    return InsideProfile(
        operation=name,
        requests=len(requests),
        wall_s=fmean(r.wall_s for r in requests),
        cpu_s=fmean(r.cpu_s for r in requests),
        elsewhere_s=fmean(r.elsewhere_s for r in requests),
        answer_bytes=fmean(r.answer_bytes for r in requests),
        before_s=fmean(known) if known else None,
        driver_wait_s=fmean(r.driver_s - r.driver_cpu_s for r in requests) if has_driver else None,
        hold_s=fmean(r.hold_s for r in requests) if has_driver else None,
        rows=fmean(r.rows for r in requests) if has_driver else None,
        calls=fmean(r.driver_calls for r in requests) if has_driver else None,
    )


def _activity(glances: Glances | None, throughput_rps: float, *, looks_apart: bool) -> DatabaseActivity | None:
    if glances is None or not glances.count or throughput_rps <= 0.0:
        return None
    scale = 1.0 / glances.count / throughput_rps
    return DatabaseActivity(
        glances=glances.count,
        held_s=glances.held * scale if looks_apart else None,
        running_s=glances.running * scale if looks_apart else None,
        lock_wait_s=glances.locked * scale,
        other_wait_s=glances.waiting * scale,
        statements=tuple((text, count * scale) for text, count in glances.by_text.most_common(STATEMENTS_KEPT)),
    )


def _counted(database: Database | None) -> tuple[int, ...]:
    if database is None:
        return ()
    with contextlib.closing(database.meter()) as connection:
        return counters(connection)
