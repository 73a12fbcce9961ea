"""One fresh start of the subject under load: the intervals that can be driven on it."""

import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from statistics import fmean

from seatrial.errors import LoadError
from seatrial.load.books.observation import LoadRecord
from seatrial.load.driver import Driver
from seatrial.measure.concurrency import next_concurrency, slots_seen
from seatrial.measure.demands import MemoryPoint
from seatrial.measure.interval import Conditions, run_interval
from seatrial.measure.machine_speed import MemoryWalk
from seatrial.measure.measurement import Measurement, MemoryReading, Verdict
from seatrial.measure.preflight import spin_ratio
from seatrial.measure.profile import FAILURES_TOLD, ProfileSample
from seatrial.measure.trial_rates import HALF_LOAD
from seatrial.measure.verdict import is_spoiled
from seatrial.measure.wrong_answers import refuse_wrong
from seatrial.spec.subject import saturating_requests
from seatrial.spec.trial_spec import TrialSpec
from seatrial.testbed.testbed import Testbed

__all__ = ["FreshStart", "steady"]

ATTEMPTS_MAX = 3
"""Of a trial that the rig spoiled; each spoiled one stays in the study."""

WINDOW_MAX_S = 8.0

STEP_LEAST_S = 1.5
STEP_ANSWERS = 40
"""Of each step of concurrency: as many answers as tell 5 % more of them, within `WINDOW_MAX_S`."""

UNKNOWN_SLOTS = 4
"""Kept inside while an app is warmed up of which nobody said how many requests it works on at once."""

PATIENCE = 0.5
"""Of the timeout, that an answer may take while an app is saturated: later ones would be cut off."""

IN_FLIGHT_MAX_S = 5.0
"""Seconds of arrivals that may wait at once before the generator refuses more (and counts them as failed)."""


class FreshStart:
    """Drives intervals on one running subject and keeps what they showed, in order."""

    def __init__(
        self,
        spec: TrialSpec,
        testbed: Testbed,
        driver: Driver,
        walk: MemoryWalk,
        *,
        run: int,
        workers: int | None,
        threads: int | None,
        slots: int | None = None,
    ) -> None:
        """slots: of an app that was running already, so that nobody said its workers and threads, where seen before."""
        self._spec = spec
        self._testbed = testbed
        self._driver = driver
        self._run = run
        self._workers = workers
        self._threads = threads
        self._slots_seen = slots
        self._counts: Counter[str] = Counter()
        self._arrivals = 0
        self._walk = walk
        self.measurements: list[Measurement] = []
        self.memory_growth: list[MemoryPoint] = []
        self._served = 0
        self._warm_rps = 0.0
        self.samples: tuple[ProfileSample, ...] = ()

    async def warm_up(self, window_s: float = 1.0) -> float:
        """Closed loop until CPU per request (or throughput) has no trend; returns requests per second at the end.

        Raises:
            LoadError: more than half of the answers are wrong; nothing measured on such a subject would mean anything.
        """
        windows: list[Measurement] = []
        until = time.perf_counter() + self._spec.measure.warm_up_max_s
        while not (steady([w.cpu_s or 1 / max(w.throughput_rps, 1e-9) for w in windows])):
            if windows and time.perf_counter() > until:
                break
            seen, record = await self._closed("warm-up", self.slots, window_s)
            refuse_wrong(seen, record, self._testbed.log_tail)
            if seen.requests:
                windows.append(seen)
            elif record.requests and window_s < WINDOW_MAX_S:
                window_s *= 2.0  # answers come later than a window is long: a slow app, not a silent one
            elif time.perf_counter() > until:
                raise self._unanswered("no request was answered", record)
        rate_rps = fmean(w.throughput_rps for w in windows[-2:])
        if rate_rps <= 0.0:
            raise self._unanswered("no request was answered rightly", record)
        self._warm_rps = rate_rps
        return rate_rps

    @property
    def slots(self) -> int:
        """How many requests the subject works on at once, as declared or as seen."""
        if self._workers is not None and self._threads is not None:
            return self._workers * self._threads
        return self._slots_seen or UNKNOWN_SLOTS

    async def find_slots(self, rate_rps: float) -> float:
        """Keeps more and more requests inside until no more are answered; returns the highest throughput, per second.

        For an app that was running already. rate_rps: what it answered while it was warmed up.
        """
        steps: list[tuple[int, float]] = []
        while (concurrency := next_concurrency(steps)) is not None:
            seconds = min(WINDOW_MAX_S, max(STEP_LEAST_S, STEP_ANSWERS / rate_rps))
            seen = await self._keep_fit(partial(self._closed, "concurrency", concurrency, seconds))
            if seen.verdict == Verdict.INVALID:
                break
            steps.append((concurrency, seen.throughput_rps))
        self._slots_seen = slots_seen(steps) if steps else None
        return max((throughput_rps for _, throughput_rps in steps), default=rate_rps)

    async def saturate(self, duration_s: float) -> Measurement:
        """Closed loop with `saturating_requests` inside: the throughput when there is always something waiting.

        Of a slow app fewer, so that they are answered within half of the timeout.
        """
        return await self._keep_fit(partial(self._closed, "saturation", self._saturating(1.0), duration_s))

    async def saturate_on(self, cpus: float, duration_s: float, half_load_s: float = 0.0) -> None:
        """The same on another fraction of the plan's CPUs, and half of that load for so long, where that is not 0.

        Nothing where the test bed cannot change it.
        """
        share = min(1.0, cpus / self._testbed.placement.whole_cpus)
        with self._testbed.held_to(cpus) as is_held:
            if not is_held:
                return
            attempt = partial(self._closed, "other quota", self._saturating(share), duration_s, cpus=cpus)
            try:
                full = await self._keep_fit(attempt)
                rate_rps = HALF_LOAD * full.throughput_rps
                # An app may answer nothing at all in time there.
                if half_load_s and rate_rps and full.verdict != Verdict.INVALID:
                    await self.open_trial("other quota, half load", rate_rps, half_load_s, cpus=cpus)
            except LoadError:  # most answers are wrong there: it tells nothing of costs, and ends no study
                self.measurements.pop()

    def _saturating(self, share: float) -> int:
        """share: of the warm rate, that is answered."""
        workers = self._workers or 1
        wanted = saturating_requests(workers, max(1, self.slots // workers))
        patient = int(PATIENCE * self._spec.workload.timeout_s * self._warm_rps * share)
        return min(wanted, max(patient, 4 * self.slots))

    async def open_trial(
        self, label: str, rate_rps: float, duration_s: float, *, cpus: float | None = None
    ) -> Measurement:
        """Holds an offered rate, in requests per second, whatever the answers do. cpus: if not the plan's."""
        arrivals_rps = rate_rps / self.requests_per_arrival
        waiting_s = max(IN_FLIGHT_MAX_S, 2.0 * self._spec.slo.latency_max_s)
        in_flight_max = max(200, int(rate_rps * waiting_s))
        conditions = self._conditions(label, "open", cpus=cpus)

        def drive() -> Awaitable[LoadRecord]:
            # A closed loop's connections came to a server that did nothing, so whoever woke first took most of them (of
            # 48 three workers 31, 12, 5); under load each comes where it is idle.
            self._driver.client.drop_idle()
            return self._driver.open_loop(arrivals_rps, duration_s, in_flight_max=in_flight_max)

        return await self._keep_fit(lambda: self._interval(drive, conditions))

    def memory(self, label: str) -> MemoryReading | None:
        """Proportional set sizes now; None where they cannot be read."""
        seen = self._testbed.readings()
        if seen.app_memory_bytes is None or self._workers is None or self._threads is None:
            return None
        return MemoryReading(
            run=self._run,
            label=label,
            workers=self._workers,
            threads=self._threads,
            app_bytes=seen.app_memory_bytes,
            process_bytes=seen.worker_memory_bytes,
            database_bytes=seen.database_memory_bytes or 0,
            limit_bytes=seen.memory_limit_bytes or 0,
            services_bytes=seen.services_memory_bytes or 0,
        )

    def note_growth(self, label: str) -> None:
        """Keep the app's memory now, beside how many requests it has served since its start."""
        app_bytes = self._testbed.readings().app_memory_bytes
        if app_bytes is not None:
            served = self._served + len(self.samples)
            self.memory_growth.append(MemoryPoint(self._run, label, served, app_bytes))

    def is_spoiled(self) -> bool:
        """Whether the rig spoiled the last interval on the plan's CPUs, and its repetitions."""
        return is_spoiled(self.measurements)

    @property
    def requests_per_arrival(self) -> float:
        """Requests that one operation causes on average, seen so far (redirects and steps counted)."""
        return sum(self._counts.values()) / self._arrivals if self._arrivals else 1.0

    def shares(self) -> Mapping[str, float]:
        """Each operation's share of all requests, seen so far."""
        total = sum(self._counts.values())
        return {name: count / total for name, count in self._counts.items()}

    async def _keep_fit(self, attempt: Callable[[], Awaitable[tuple[Measurement, LoadRecord]]]) -> Measurement:
        for _ in range(ATTEMPTS_MAX):
            seen, record = await attempt()
            self.measurements.append(seen)
            refuse_wrong(seen, record, self._testbed.log_tail)
            if seen.verdict != Verdict.INVALID:
                break
        return seen

    async def _closed(
        self, label: str, concurrency: int, duration_s: float, *, cpus: float | None = None
    ) -> tuple[Measurement, LoadRecord]:
        def drive() -> Awaitable[LoadRecord]:
            # Servers of one process, such as waitress, may allow no more than a hundred connections.
            return self._driver.closed_loop(concurrency, duration_s, is_spread=(self._workers or 2) > 1)

        seen, record = await self._interval(drive, self._conditions(label, "closed", concurrency, cpus))
        self._counts.update(o.operation for o in record.requests)
        self._arrivals += record.arrivals
        return seen, record

    async def _interval(
        self, drive: Callable[[], Awaitable[LoadRecord]], conditions: Conditions
    ) -> tuple[Measurement, LoadRecord]:
        cpus = self._testbed.placement.subject_cpus
        ratio, walk_s = spin_ratio(cpus), self._walk.seconds(cpus)
        seen, record = await run_interval(self._testbed, drive, conditions, clock=time.perf_counter, spin_ratio=ratio)
        self._served += len(record.requests)
        return replace(seen, memory_walk_s=(walk_s + self._walk.seconds(cpus)) / 2.0), record

    def _conditions(
        self, label: str, mode: str, concurrency: int | None = None, cpus: float | None = None
    ) -> Conditions:
        return Conditions(
            run=self._run,
            label=label,
            mode=mode,
            workers=self._workers,
            threads=self._threads,
            slo=self._spec.slo,
            timeout_s=self._spec.workload.timeout_s,
            cpus=cpus or self._testbed.placement.whole_cpus,
            is_other_quota=cpus is not None,
            subject_cpus=tuple(self._testbed.placement.subject_cpus),
            allow_noise=self._spec.measure.allow_noise,
            requests_per_arrival=self.requests_per_arrival,
            concurrency=concurrency,
            slots=self._slots_seen,
            is_database_apart=self._spec.subject.database.is_apart,
        )

    def _unanswered(self, what: str, record: LoadRecord) -> LoadError:
        causes = Counter(o.error for o in record.requests if o.error)
        told = ", ".join(f"{cause}: {count}" for cause, count in causes.most_common(3))
        return LoadError(
            f"{what} within {self._spec.measure.warm_up_max_s:g} s of warm-up" + (f" ({told})" if told else ""),
            where="warm-up",
            try_this="Open the app yourself. If it is only slow, raise measure.warm_up_max_s.",
            details="\n".join(record.failures[:FAILURES_TOLD])
            + "\n\nlast lines of the app:\n"
            + self._testbed.log_tail(),
        )


def steady(values: Sequence[float], *, windows: int = 5, drift_max: float = 0.05) -> bool:
    """Whether the last `windows` values have no trend: their line moves less than `drift_max` of their mean. Pure."""
    if len(values) < windows:
        return False
    last = values[-windows:]
    mean = fmean(last)
    middle = (windows - 1) / 2
    slope = sum((i - middle) * (v - mean) for i, v in enumerate(last)) / sum((i - middle) ** 2 for i in range(windows))
    return abs(slope) * (windows - 1) <= drift_max * mean
