"""Every lever tried on the app: starts without and with it in turn, then those that help together."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Protocol

from seatrial.errors import SeatrialError, TestbedError
from seatrial.load.workload import Workload
from seatrial.measure.experiment import Bounds, Scouted, Starts
from seatrial.measure.lever_record import Comparison, Forecast, LeverRecord
from seatrial.measure.lever_time import STARTS_A_ROUND, time_plan
from seatrial.measure.measurement import Caveat
from seatrial.measure.preflight import preflight
from seatrial.measure.progress import Progress
from seatrial.measure.sizes import told_size
from seatrial.spec.lever import Lever, clash
from seatrial.spec.reading import Declared
from seatrial.spec.trial_spec import TrialSpec
from seatrial.testbed.testbed import Testbed

__all__ = ["Effort", "Judge", "LeverTrials"]

PULLED_TOGETHER_MAX = 6


class Judge(Protocol):
    """What trying must ask of what concludes, which comes after it: handed in by whoever knows the whole pipeline."""

    def forecast(self, scouted: Scouted, now: TrialSpec, then: TrialSpec) -> Forecast | None:
        """What the model says before anything of it is measured; None where it cannot know."""

    def gain(self, record: LeverRecord, base: Sequence[str], tried: Sequence[str]) -> float | None:
        """Highest throughput with over without, where it was surely raised; else None."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is spent: the whole time, the length of a start's parts, how many times two pairs for each lever."""

    budget_s: float
    bounds: Bounds = field(default_factory=Bounds)
    rounds: int = 2


class LeverTrials:
    """Tries the levers on an open test bed; `record()` is what is known at any moment, so an interruption loses
    nothing."""

    def __init__(
        self,
        declared: Declared,
        levers: Sequence[Lever],
        judge: Judge,
        progress: Progress,
        effort: Effort,
    ) -> None:
        """Raises SpecError when the workload cannot be used, its journeys file among it."""
        self._declared = declared
        self._spec = declared.spec
        with told_size(self._spec.subject.size):
            self._workload = Workload.from_spec(self._spec.workload)
        self._judge = judge
        self._progress = progress
        self._effort = effort
        self._since_s = time.monotonic()
        self._levers = {lever.name: lever for lever in levers}
        self._specs: dict[str, TrialSpec] = {}
        created_at = datetime.now(UTC).isoformat(timespec="seconds")
        self._record = LeverRecord(created_at, tuple(levers), effort.budget_s)
        self._start_s = 0.0
        self._rate_rps = 0.0
        self._pair = 1

    def record(self) -> LeverRecord:
        """Everything seen so far."""
        return replace(self._record, levers=tuple(self._levers.values()), spent_s=self._spent_s)

    def prepare(self, testbed: Testbed) -> None:
        """Checks that the machine is quiet, prepares the data, and finds out which levers are none for this app."""
        self._progress.expect(self._effort.budget_s)
        self._progress.step("is this machine quiet?", 3)
        placement = testbed.placement
        noise = self._spec.measure.allow_noise
        quiet = preflight(placement.subject_cpus, placement.generator_cpus, allow_noise=noise)
        self._progress.step("starting the database, preparing the data", 20)
        testbed.prepare()
        caveats = [*quiet.caveats(), *(Caveat("testbed", text) for text in testbed.caveats)]
        self._record = replace(self._record, caveats=tuple(caveats))
        for lever in [lever for lever in self._levers.values() if not lever.refusal]:
            found = self._possible(testbed, [lever])
            if isinstance(found, str):
                self._levers[lever.name] = replace(lever, refusal=found)
            else:
                self._specs[lever.name] = found

    def _possible(self, testbed: Testbed, levers: Sequence[Lever]) -> TrialSpec | str:
        found = self._declared.with_levers(levers)
        if isinstance(found, str):
            return found
        try:
            testbed.use(found.subject)
        except TestbedError as error:
            return f"{error.what}. {error.try_this}".strip()
        return found

    async def conduct(self, testbed: Testbed) -> None:
        """The first start; each lever against the app as it is; what helps, together."""
        starts = Starts(testbed, self._workload, self._effort.bounds)
        self._progress.step("first start: what a request needs", 15)
        scouted = await starts.scout(self._spec)
        self._rate_rps = scouted.fixed_rate_rps
        self._start_s = max(1.0, scouted.cost_s - self._effort.bounds.profile_s)
        self._keep(fixed_rate_rps=self._rate_rps, forecasts=self._forecasts(scouted))
        plan = time_plan(self._in_order(), self._start_s, self._remaining_s, rounds=self._effort.rounds)
        self._keep(left_out=plan.left_out)
        self._progress.expect(min(self._remaining_s, self._start_s * (plan.starts + 4)))
        await self._round(starts, plan.once, must=True)
        await self._round(starts, tuple(reversed(plan.twice)), must=False)
        await self._combine(starts)
        self._keep(complete=True)

    def _forecasts(self, scouted: Scouted) -> Mapping[str, Forecast]:
        told = {name: self._judge.forecast(scouted, self._spec, spec) for name, spec in self._specs.items()}
        return {name: forecast for name, forecast in told.items() if forecast is not None}

    def _in_order(self) -> list[str]:
        """The app's own first, since somebody thought of them; then by what the model says, unknown like no change."""

        def promise(name: str) -> tuple[bool, float]:
            forecast = self._record.forecasts.get(name)
            return self._levers[name].is_own, forecast.ratio if forecast else 1.0

        return sorted(self._specs, key=promise, reverse=True)

    async def _round(self, starts: Starts, names: Sequence[str], *, must: bool) -> None:
        """A B B A C C A: every lever between two starts without it. must: what there is no time for is left out."""
        before: int | None = None
        for place, name in enumerate(names):
            is_first = must and not self._record.comparisons
            if not is_first and self._remaining_s < STARTS_A_ROUND * self._start_s:
                if must:
                    self._keep(left_out=(*names[place:], *self._record.left_out))
                return
            before = await self._between(starts, (), (name,), before)

    async def _between(
        self, starts: Starts, base: tuple[str, ...], tried: tuple[str, ...], before: int | None
    ) -> int | None:
        """A B B A, the first A being `before` if there is one; returns the number of the last A."""
        if " + ".join(tried) in self._record.failures:
            return before
        first = before if before is not None else await self._start(starts, base, must=True)
        second = await self._start(starts, tried)
        if second is None:
            return first
        self._pair += 1
        third = await self._start(starts, tried)
        last = await self._start(starts, base, must=True)
        pairs = [(first, second), *([(last, third)] if third is not None else [])]
        self._keep(
            comparisons=(
                *self._record.comparisons,
                Comparison(base, tried, tuple((a, b) for a, b in pairs if a is not None)),
            )
        )
        return last

    async def _start(self, starts: Starts, names: tuple[str, ...], *, must: bool = False) -> int | None:
        """One start; its number, or None when it did not work. must: then that is raised."""
        number = len(self._record.starts) + 1
        told = " + ".join(names) or "as it is"
        self._progress.step(f"start {number}: {told}", self._start_s)
        spec = self._combined(names)
        # The two of a pair are sent the same requests.
        seen = await starts.measure(spec, names, number=number, seed_number=self._pair, rate_rps=self._rate_rps)
        self._keep(starts=(*self._record.starts, seen))
        if not seen.failure:
            self._start_s = 0.7 * self._start_s + 0.3 * seen.cost_s
            return number
        if must:
            raise TestbedError(seen.failure, details=seen.details)
        self._keep(failures={**self._record.failures, " + ".join(names): seen.failure})
        return None

    def _combined(self, names: Sequence[str]) -> TrialSpec:
        if not names:
            return self._spec
        found = self._declared.with_levers([self._levers[name] for name in names])
        if isinstance(found, str):
            raise TestbedError(found)
        return found

    async def _combine(self, starts: Starts) -> None:
        """Best first; the next best on top of it while it still helps; then all of them against none."""
        gains = {name: self._judge.gain(self.record(), (), (name,)) for name in self._specs}
        helping = sorted((name for name, gain in gains.items() if gain), key=lambda name: -(gains[name] or 0.0))
        if not helping:
            return
        pulled: tuple[str, ...] = (helping[0],)
        for name in helping[1:]:
            together = [self._levers[each] for each in (*pulled, name)]
            if clash(together[:-1], together[-1]) or isinstance(self._possible(starts.testbed, together), str):
                continue
            if len(pulled) == PULLED_TOGETHER_MAX or not await self._blocks(starts, pulled, (*pulled, name)):
                break
            if self._judge.gain(self.record(), pulled, (*pulled, name)):
                pulled = (*pulled, name)
        self._keep(combined=pulled)
        if len(pulled) > 1:
            await self._blocks(starts, (), pulled)

    async def _blocks(self, starts: Starts, base: tuple[str, ...], tried: tuple[str, ...]) -> bool:
        """A B B A B B A, or as much of it as there is time for; whether any of it was done."""
        before: int | None = None
        for block in range(self._effort.rounds):
            if self._remaining_s < (STARTS_A_ROUND + (block == 0)) * self._start_s:
                return block > 0
            try:
                before = await self._between(starts, base, tried, before)
            except SeatrialError:
                return False  # what was found alone stays true
        return True

    def _keep(self, **changes: object) -> None:
        self._record = replace(self._record, **changes)  # type: ignore[arg-type]

    @property
    def _spent_s(self) -> float:
        return time.monotonic() - self._since_s

    @property
    def _remaining_s(self) -> float:
        return self._effort.budget_s - self._spent_s
