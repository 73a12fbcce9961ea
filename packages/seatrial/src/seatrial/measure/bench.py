"""One configuration measured, from a fresh start to the two trials that must confirm the estimate."""

import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from seatrial.load.driver import Driver
from seatrial.load.workload import Workload
from seatrial.measure.demands import Demands, MemoryPoint
from seatrial.measure.figures import rounded
from seatrial.measure.fresh_start import FreshStart
from seatrial.measure.inside_pass import InsidePass, Lengths
from seatrial.measure.machine_speed import MemoryWalk
from seatrial.measure.marked import Marks
from seatrial.measure.measurement import Measurement, MemoryReading, OperationProfile, QueryProfile, Verdict
from seatrial.measure.profile import ProfileSample, profile_operations, profile_sequence, profiles_from
from seatrial.measure.progress import Progress
from seatrial.measure.queries import count_queries
from seatrial.measure.trial_rates import CONFIRM_LOW, HALF_LOAD, confirm_seconds, must_fail_rps, next_rate, other_quota
from seatrial.measure.verdict import is_spoiled
from seatrial.spec.trial_spec import TrialSpec
from seatrial.testbed.testbed import Testbed

__all__ = ["SEARCH_TRIALS_MAX", "Bench", "Estimate", "StartRecord"]

CONFIRM_LOW_SHARE = 0.6
"""Of the time of the trial above capacity: below it a queue need not grow for the trial to tell."""

SATURATION_REQUESTS = 40

SEARCH_TRIALS_MAX = 8

Estimate = Callable[[Sequence[OperationProfile], Sequence[Measurement]], float | None]
"""(profiles, this start's measurements) -> capacity in requests per second; None when no rate meets the objective."""


@dataclass(frozen=True, slots=True)
class StartRecord:
    """All that one fresh start gave."""

    samples: tuple[ProfileSample, ...]
    shares: Mapping[str, float]
    measurements: tuple[Measurement, ...]
    memory: MemoryReading | None
    queries: tuple[QueryProfile, ...] = ()
    memory_growth: tuple[MemoryPoint, ...] = ()
    requests_per_arrival: float = 1.0

    @property
    def is_spoiled(self) -> bool:
        """Whether the rig spoiled its last interval on the plan's CPUs, and its repetitions: it would go on so."""
        return is_spoiled(self.measurements)


class Bench:
    """Measures configurations of one subject on an open testbed, one fresh start at a time."""

    def __init__(self, spec: TrialSpec, testbed: Testbed, workload: Workload, progress: Progress) -> None:
        self._spec = spec
        self._testbed = testbed
        self._workload = workload
        self._progress = progress
        # Unique over all studies on the same data: text written by an earlier run must not be met again.
        self._unfinished: FreshStart | None = None
        self._study_token = f"{time.time_ns() // 1_000_000:x}"
        self._slots: int | None = None  # of an app that was running already, once seen
        self._walk = MemoryWalk()

    async def measure(
        self,
        number: int,
        workers: int | None,
        threads: int | None,
        estimate: Estimate,
        *,
        profiles: Sequence[OperationProfile] = (),
        queries: bool = False,
        is_brief: bool = False,
        has_half_load: bool = True,
    ) -> StartRecord:
        """Starts the subject afresh and measures it; without workers and threads, it is one that is running already.

        profiles: known already, so the pass of single requests is left out. queries: count SQL in a pass of its own.
        is_brief: nothing is confirmed, but it is loaded on another fraction of a CPU as well. has_half_load: on the
        plan's, its half load is measured, and not its saturation alone.
        """
        settings = self._spec.measure
        name = _name(number, workers)
        async with self.started(number, workers, threads, name) as driver:
            one = self._fresh(driver, number, workers, threads)
            self._unfinished = one
            warm_rps = await self._warm(one, name, is_unknown=workers is None and self._slots is None)
            if one.is_spoiled():
                return self._finished(one, None)
            one.note_growth("warm-up")
            if not profiles:
                self._progress.step(f"{name}: one request at a time", 5)
                expected_s = one.slots / warm_rps
                sequence = profile_sequence(self._workload.weights, expected_s, 5.0, settings.seed + number)
                one.samples = await profile_operations(driver, self._testbed, sequence)
            if has_half_load:
                self._progress.step(f"{name}: half its load", settings.half_load_s)
                await one.open_trial("half load", HALF_LOAD * warm_rps, settings.half_load_s)
                if one.is_spoiled():
                    return self._finished(one, one.memory("half load"))
                one.note_growth("half load")
            # Answers of a slow subject come in waves of one per slot: some tens of them make a rate.
            saturation_s = min(60.0, max(settings.saturation_s, SATURATION_REQUESTS / warm_rps))
            self._progress.step(f"{name}: saturated", saturation_s)
            await one.saturate(saturation_s)
            memory = one.memory("saturation")
            one.note_growth("saturation")
            cpus = other_quota(self._spec) if is_brief and not one.is_spoiled() else None
            if cpus is not None:
                self._progress.step(f"{name}: on {cpus:g} vCPU", saturation_s + settings.half_load_s)
                await one.saturate_on(cpus, saturation_s, settings.half_load_s)
            if is_brief or one.is_spoiled():
                return self._finished(one, memory)
            known = tuple(profiles) or profiles_from(one.samples, one.shares())
            estimate_rps = estimate(known, one.measurements)
            await self._confirm(one, name, estimate_rps)
            counted: tuple[QueryProfile, ...] = ()
            database = self._testbed.database
            if queries and database is not None and database.is_private:
                self._progress.step(f"{name}: counting SQL", 3)
                counted = await count_queries(driver, database, tuple(self._workload.weights))
            return self._finished(one, memory, counted)

    async def _warm(self, one: FreshStart, name: str, *, is_unknown: bool) -> float:
        """Requests per second in the end. is_unknown: nobody said how many it works on at once."""
        self._progress.step(f"{name}: warming up", 6)
        warm_rps = await one.warm_up()
        if is_unknown:
            self._progress.step(f"{name}: how many requests it works on at once", 8)
            warm_rps = await one.find_slots(warm_rps)
            self._slots = one.slots
        return warm_rps

    def _fresh(self, driver: Driver, number: int, workers: int | None, threads: int | None) -> FreshStart:
        return FreshStart(
            self._spec,
            self._testbed,
            driver,
            self._walk,
            run=number,
            workers=workers,
            threads=threads,
            slots=self._slots,
        )

    def unfinished(self) -> StartRecord | None:
        """What the start that is under way has shown so far; None between starts."""
        return None if self._unfinished is None else _record_of(self._unfinished, None)

    def _finished(
        self, one: FreshStart, memory: MemoryReading | None, queries: tuple[QueryProfile, ...] = ()
    ) -> StartRecord:
        self._unfinished = None
        return _record_of(one, memory, queries)

    async def search(
        self,
        number: int,
        workers: int | None,
        threads: int | None,
        low_rps: float | None,
        high_rps: float | None,
        *,
        trials_max: int = SEARCH_TRIALS_MAX,
    ) -> tuple[Measurement, ...]:
        """Narrows [low, high] with longer trials, for a subject whose confirming trials contradicted the estimate.

        After RFC 9971 (MLRsearch): full-length trials only; the bracket that remains is the answer's interval.
        """
        settings = self._spec.measure
        name = _name(number, workers)
        async with self.started(number, workers, threads, name) as driver:
            one = self._fresh(driver, number, workers, threads)
            await one.warm_up()
            self._unfinished = one
            self._progress.expect(trials_max / 2 * settings.search_trial_s)
            for _ in range(trials_max):
                rate_rps = next_rate(low_rps, high_rps)
                if rate_rps is None:
                    break
                step = f"{name}: the estimate was contradicted, trying {rounded(rate_rps)}/s"
                self._progress.step(step, settings.search_trial_s)
                seen = await one.open_trial("search", rate_rps, settings.search_trial_s)
                if seen.verdict == Verdict.SUSTAINED:
                    low_rps = rate_rps
                elif seen.verdict == Verdict.VIOLATED:
                    high_rps = rate_rps
                else:
                    break  # the rig spoiled it three times; it would go on doing so
            self._unfinished = None
            return tuple(one.measurements)

    async def alone(self, number: int, workers: int, threads: int, passes: int) -> tuple[OperationProfile, ...]:
        """Starts the subject afresh and profiles every operation, one request at a time; nothing else is measured."""
        name = _name(number, workers)
        samples: list[ProfileSample] = []
        async with self.started(number, workers, threads, name) as driver:
            one = self._fresh(driver, number, workers, threads)
            expected_s = one.slots / await self._warm(one, name, is_unknown=False)
            for turn in range(passes):
                self._progress.step(f"{name}: one request at a time", 5)
                seed = self._spec.measure.seed + 100 * number + turn
                sequence = profile_sequence(self._workload.weights, expected_s, 5.0, seed)
                samples += await profile_operations(driver, self._testbed, sequence)
            return profiles_from(samples, one.shares())

    async def look_inside(
        self, number: int, workers: int, threads: int, profiles: Sequence[OperationProfile], seen: StartRecord
    ) -> Demands:
        """One more start, watched from inside. seen: a whole start of the same server. Nothing of it is a capacity."""
        name = f"one more start ({workers} worker{'s' if workers > 1 else ''})"
        marks = Marks(self._workload)
        async with self.started(number, workers, threads, name, marks.workload, is_measured=True) as driver:
            lengths = Lengths.beside(self._spec.measure.half_load_s)
            self._progress.step(f"{name}: where the time of a request goes", lengths.all_s)
            return await InsidePass(
                driver=driver,
                testbed=self._testbed,
                marks=marks,
                weights=self._workload.weights,
                profiles=profiles,
                saturated_rps=next(m.throughput_rps for m in seen.measurements if m.label == "saturation"),
                requests_per_arrival=seen.requests_per_arrival,
                slots=workers * threads,
                seed=self._spec.measure.seed,
                lengths=lengths,
            ).run()

    @asynccontextmanager
    async def started(
        self,
        number: int,
        workers: int | None,
        threads: int | None,
        name: str,
        driven: Workload | None = None,
        *,
        is_measured: bool = False,
    ) -> AsyncIterator[Driver]:
        """A fresh start, and a driver with everybody signed in.

        driven: instead of the declared workload. is_measured: with the measuring middleware in the server.
        """
        self._progress.step(f"{name}: starting, signing {self._workload.people} people in", 4)
        # An app that is running already is only asked whether it answers.
        # The middleware is WSGI's, and tells requests apart by the threads that they have.
        is_measured = is_measured and not self._spec.subject.server.is_event_loop
        self._testbed.start(workers or 1, threads or 1, fresh_data=True, is_measured=is_measured)
        driver = Driver(
            self._testbed.url,
            driven or self._workload,
            seed=self._spec.measure.seed + 1000 * number,
            run_token=f"{self._study_token}{number:x}",
            allow_remote=self._spec.allow_remote,
        )
        async with driver:
            await driver.sign_in_all(deadline_s=self._spec.subject.prepare_timeout_s)
            async with driver.hold(within_s=self._spec.subject.prepare_timeout_s):
                yield driver

    async def _confirm(self, one: FreshStart, name: str, estimate_rps: float | None) -> None:
        slo, settings = self._spec.slo, self._spec.measure
        if estimate_rps is None:
            self._progress.step(f"{name}: is even 1/s too much?", 2 * settings.confirm_s)
            await one.open_trial("confirm high", 1.0, 2 * settings.confirm_s)
            return
        seconds = confirm_seconds(settings.confirm_s, slo.latency_max_s, estimate_rps)
        low_s = max(CONFIRM_LOW_SHARE * seconds, min(seconds, 100.0 / estimate_rps))
        self._progress.step(f"{name}: {rounded(CONFIRM_LOW * estimate_rps)}/s must pass", low_s)
        await one.open_trial("confirm low", CONFIRM_LOW * estimate_rps, low_s)
        one.note_growth("confirm low")
        saturated = [m.throughput_rps for m in one.measurements if m.label == "saturation"]
        high_rps = must_fail_rps(estimate_rps, max(saturated, default=0.0))
        self._progress.step(f"{name}: {rounded(high_rps)}/s must fail", seconds)
        await one.open_trial("confirm high", high_rps, seconds)


def _record_of(one: FreshStart, memory: MemoryReading | None, queries: tuple[QueryProfile, ...] = ()) -> StartRecord:
    growth = tuple(one.memory_growth)
    return StartRecord(
        one.samples, one.shares(), tuple(one.measurements), memory, queries, growth, one.requests_per_arrival
    )


def _name(number: int, workers: int | None) -> str:
    if workers is None:
        return f"repeat {number}"
    return f"start {number} ({workers} worker{'s' if workers > 1 else ''})"
