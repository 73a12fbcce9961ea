"""One start of a subject as an experiment needs it: brief, always the same, so that two of them can be compared."""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from seatrial.errors import SeatrialError
from seatrial.load.books.observation import HeardCounts
from seatrial.load.driver import Driver
from seatrial.load.workload import Workload
from seatrial.measure.fresh_start import FreshStart
from seatrial.measure.machine_speed import MemoryWalk
from seatrial.measure.measurement import Caveat, HostUse, Measurement, OperationProfile, Verdict
from seatrial.measure.profile import profile_operations, profile_sequence, profiles_from
from seatrial.spec.trial_spec import TrialSpec
from seatrial.testbed.testbed import Testbed

__all__ = ["FIXED_LOAD", "Bounds", "Scouted", "Seen", "Starts"]

FIXED_LOAD = 0.7
"""Of what the app as declared answers at most: enough to make requests meet, not so much that chance makes queues."""

SATURATION_REQUESTS, FIXED_LOAD_REQUESTS = 40, 200
"""Of a slow app, so many at least; within twice the usual time."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long the parts of a start take, in seconds: a window of warm-up (five at least), saturation, fixed load."""

    window_s: float = 0.6
    saturation_s: float = 4.0
    fixed_load_s: float = 4.0
    profile_s: float = 4.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What one start showed.

    levers: names of those that were pulled, () for the app as declared. saturated_rps: good answers per second with
    always something waiting. At the fixed load: cpu_s, of app, database and services for each request;
    response_time_s, the objective's quantile; error_ratio. After saturation: memory_bytes, of all of them together;
    worker_bytes, of the largest worker; hosts, each of several, while saturated. heard: at the fixed load, by held
    listeners; None without them.
    None where nothing was read, or the rig spoiled it. failure: why it showed nothing; details: its last lines then.
    cost_s: how long the start took.
    """

    number: int
    levers: tuple[str, ...]
    saturated_rps: float | None = None
    cpu_s: float | None = None
    response_time_s: float | None = None
    memory_bytes: int | None = None
    worker_bytes: int | None = None
    error_ratio: float | None = None
    failure: str = ""
    details: str = ""
    caveats: tuple[Caveat, ...] = ()
    cost_s: float = 0.0
    hosts: tuple[HostUse, ...] = ()
    heard: HeardCounts | None = None


@dataclass(frozen=True, slots=True)
class Scouted:
    """The first start: what requests need when nobody else is there, and the rate that every other start is sent."""

    profiles: tuple[OperationProfile, ...]
    saturation: Measurement
    fixed_rate_rps: float
    cost_s: float


@dataclass(slots=True)
class Starts:
    """Makes fresh starts of one subject and its variants on one open test bed, the data restored before each."""

    testbed: Testbed
    workload: Workload
    bounds: Bounds = field(default_factory=Bounds)
    _walk: MemoryWalk = field(default_factory=MemoryWalk)
    _token: str = field(default_factory=lambda: f"{time.time_ns() // 1_000_000:x}")

    async def scout(self, spec: TrialSpec) -> Scouted:
        """The first start of the app as declared; what fails in it is raised."""
        since_s = time.monotonic()
        async with self._started(spec, 0, 0) as one:
            driver, start = one
            warm_rps = await start.warm_up(self.bounds.window_s)
            sequence = profile_sequence(
                self.workload.weights, start.slots / warm_rps, self.bounds.profile_s, spec.measure.seed
            )
            samples = await profile_operations(driver, self.testbed, sequence)
            saturation = await start.saturate(self._seconds(self.bounds.saturation_s, SATURATION_REQUESTS, warm_rps))
            rate_rps = FIXED_LOAD * min(warm_rps, saturation.throughput_rps or warm_rps)
            profiles = profiles_from(samples, start.shares())
            return Scouted(profiles, saturation, rate_rps, time.monotonic() - since_s)

    async def measure(
        self, spec: TrialSpec, levers: Sequence[str], *, number: int, seed_number: int, rate_rps: float
    ) -> Seen:
        """One start with these levers pulled, at this fixed load. seed_number: equal ones send the same requests.

        What goes wrong with it is part of what is returned.
        """
        since_s = time.monotonic()
        try:
            async with self._started(spec, number, seed_number) as (_, start):
                warm_rps = await start.warm_up(self.bounds.window_s)
                seconds = self._seconds(self.bounds.saturation_s, SATURATION_REQUESTS, warm_rps)
                saturation = await start.saturate(seconds)
                memory = start.memory("saturation")
                seconds = self._seconds(self.bounds.fixed_load_s, FIXED_LOAD_REQUESTS, rate_rps)
                fixed = await start.open_trial("fixed load", rate_rps, seconds)
        except SeatrialError as error:
            cost_s = time.monotonic() - since_s
            return Seen(number, tuple(levers), failure=error.what, details=error.details, cost_s=cost_s)
        return Seen(
            number=number,
            levers=tuple(levers),
            saturated_rps=saturation.throughput_rps if saturation.verdict != Verdict.INVALID else None,
            cpu_s=fixed.cpu_s,
            response_time_s=fixed.slo_quantile_s if fixed.verdict != Verdict.INVALID else None,
            memory_bytes=None if memory is None else memory.app_bytes + memory.database_bytes + memory.services_bytes,
            error_ratio=fixed.error_ratio,
            caveats=_distinct([*saturation.caveats, *fixed.caveats]),
            cost_s=time.monotonic() - since_s,
            hosts=saturation.hosts,
            heard=fixed.heard,
        )

    @asynccontextmanager
    async def _started(
        self, spec: TrialSpec, number: int, seed_number: int
    ) -> AsyncIterator[tuple[Driver, FreshStart]]:
        subject = spec.subject
        workers, threads = subject.shape
        self.testbed.use(subject)
        self.testbed.start(workers or 1, threads or 1, fresh_data=True)
        driver = Driver(
            self.testbed.url,
            self.workload,
            seed=spec.measure.seed + 1000 * seed_number,
            run_token=f"{self._token}{number:x}",
            allow_remote=spec.allow_remote,
        )
        start = FreshStart(
            spec,
            self.testbed,
            driver,
            self._walk,
            run=number,
            workers=workers,
            threads=threads,
        )
        async with driver:
            await driver.sign_in_all(deadline_s=subject.prepare_timeout_s)
            async with driver.hold(within_s=subject.prepare_timeout_s):
                yield driver, start

    def _seconds(self, usual_s: float, requests: int, rate_rps: float) -> float:
        return max(usual_s, min(2.0 * usual_s, requests / max(rate_rps, 1e-6)))


def _distinct(caveats: Sequence[Caveat]) -> tuple[Caveat, ...]:
    by_code: Mapping[str, Caveat] = {caveat.code: caveat for caveat in caveats}
    return tuple(by_code.values())
