"""A whole study, in order: quiet machine, prepared data, fresh starts of one worker, then of what the plan holds."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from seatrial.errors import SpecError
from seatrial.load.workload import Workload
from seatrial.measure.bench import Bench, StartRecord, confirm_seconds
from seatrial.measure.environment import describe_environment
from seatrial.measure.measurement import Caveat, Measurement, MemoryReading, OperationProfile, Verdict
from seatrial.measure.preflight import preflight
from seatrial.measure.profile import profiles_from
from seatrial.measure.progress import Progress
from seatrial.measure.study import Study
from seatrial.spec.trial_spec import TrialSpec
from seatrial.testbed.testbed import Testbed

__all__ = ["Conductor", "Foresight", "bracket", "contradicted"]


class Foresight(Protocol):
    """What measuring must ask of the model, which comes after it: handed in by whoever knows the whole pipeline."""

    def capacity_rps(
        self,
        spec: TrialSpec,
        profiles: Sequence[OperationProfile],
        seen: Sequence[Measurement],
    ) -> float | None:
        """Estimated capacity of one start, from what it has shown so far."""

    def best_workers(
        self,
        spec: TrialSpec,
        profiles: Sequence[OperationProfile],
        seen: Sequence[Measurement],
        memory: Sequence[MemoryReading],
    ) -> int:
        """The worker count worth trying on this plan (2 or more, since one worker has been measured)."""


class Conductor:
    """Runs one study; `study()` gives what is known at any moment, so an interruption loses nothing.

    Making it raises SpecError when the workload cannot be used, its journeys file among it.
    """

    def __init__(self, spec: TrialSpec, foresight: Foresight, progress: Progress) -> None:
        if spec.workload.arrivals_are != "operations":
            raise SpecError(
                "measure finds how many requests per second are too many, in trials of seconds; sessions with their "
                "pauses last longer, so that no trial would see a level load.",
                where=f"{spec.path}, workload.arrivals_are",
                try_this='Let arrivals_are be "operations" here, and drive the sessions with `seatrial load`.',
            )
        self._spec = spec
        # Imports the journeys file: what is wrong with it is told before anything is started.
        self._workload = Workload.from_spec(spec.workload)
        self._foresight = foresight
        self._progress = progress
        self._created_at = datetime.now(UTC).isoformat(timespec="seconds")
        self._environment: Mapping[str, Any] = describe_environment()
        self._caveats: tuple[Caveat, ...] = ()
        self._bench: Bench | None = None
        self._starts: list[StartRecord] = []
        self._searched: tuple[Measurement, ...] = ()
        self._complete = False

    def study(self) -> Study:
        """Everything seen so far."""
        unfinished = self._bench.unfinished() if self._bench is not None else None
        starts = [*self._starts, *([unfinished] if unfinished is not None else [])]
        samples = [sample for start in starts for sample in start.samples]
        counts: Counter[str] = Counter()
        for start in starts:
            counts.update(start.shares)
        return Study(
            created_at=self._created_at,
            spec=self._spec,
            environment=self._environment,
            operations=profiles_from(samples, counts),
            queries=next((start.queries for start in starts if start.queries), ()),
            measurements=tuple(m for start in starts for m in start.measurements) + self._searched,
            memory=tuple(start.memory for start in starts if start.memory is not None),
            caveats=self._caveats,
            complete=self._complete,
        )

    def prepare(self, testbed: Testbed) -> None:
        """Checks that the machine is quiet, then starts the database and runs the subject's own preparations."""
        measure = self._spec.measure
        self._progress.expect(self._expected_s())
        self._progress.step("is this machine quiet?", 3)
        placement = testbed.placement
        quiet = preflight(placement.subject_cpus, placement.generator_cpus, allow_noise=measure.allow_noise)
        cpus = {"subject_cpus": list(placement.subject_cpus), "generator_cpus": list(placement.generator_cpus)}
        self._environment = describe_environment(preflight=asdict(quiet), **({} if self._is_running_already else cpus))
        self._caveats = quiet.caveats() + tuple(Caveat("testbed", text) for text in testbed.caveats)
        if measure.restarts < 3:
            times = "repeat" if self._is_running_already else "fresh start"
            text = f"Only {measure.restarts} {times}(s): too few for an honest interval, which takes 3."
            self._caveats += (Caveat("few-restarts", text, "Set measure.restarts = 3 or more."),)
        if self._is_running_already:
            self._progress.step("asking the app whether it answers", 1)
            return
        if placement.cpus < self._spec.plan.limits.cpus:
            limits = replace(self._spec.plan.limits, granted_cpus=placement.cpus)
            self._spec = replace(self._spec, plan=replace(self._spec.plan, limits=limits))
        self._progress.step("starting the database, preparing the data", 20)
        testbed.prepare()

    async def conduct(self, testbed: Testbed) -> None:
        """Measures the declared server over `restarts` fresh starts, then the plan's best worker count.

        An app that is running already is measured as often, but not started afresh in between.
        """
        bench = Bench(self._spec, testbed, self._workload, self._progress)
        self._bench = bench
        (workers, threads), restarts = self._spec.subject.shape, self._spec.measure.restarts
        for number in range(1, restarts + 1):
            if not self._is_spoiled:
                is_last = number == restarts
                self._starts.append(await bench.measure(number, workers, threads, self._estimate, queries=is_last))
        confirmed = tuple(self._starts)
        for number in range(restarts + 1, restarts + self._spec.measure.brief_starts + 1):
            if not self._is_spoiled:
                known = self.study().operations
                brief = await bench.measure(number, workers, threads, self._estimate, profiles=known, is_brief=True)
                self._starts.append(brief)
        if not self._is_spoiled:
            await self._beyond(bench, confirmed)
        self._complete = True

    @property
    def _is_running_already(self) -> bool:
        return bool(self._spec.subject.url)

    @property
    def _is_spoiled(self) -> bool:
        return bool(self._starts) and self._starts[-1].is_spoiled

    async def _beyond(self, bench: Bench, base: Sequence[StartRecord]) -> None:
        """The search, when the confirming trials ask for it, and the worker count that the model finds best."""
        server, number = self._spec.subject.server, len(self._starts)
        known = self.study()
        if contradicted(base):
            number += 1
            self._searched = await bench.search(number, *self._spec.subject.shape, *bracket(base))
        if server.kind != "gunicorn" or self._is_running_already or not self._spec.measure.plan_starts:
            return
        workers = self._foresight.best_workers(self._spec, known.operations, known.measurements, known.memory)
        for _ in range(self._spec.measure.plan_starts if workers != server.workers else 0):
            number += 1
            start = await bench.measure(number, workers, server.threads, self._estimate, profiles=known.operations)
            self._starts.append(start)

    def _estimate(self, profiles: Sequence[OperationProfile], seen: Sequence[Measurement]) -> float | None:
        return self._foresight.capacity_rps(self._spec, profiles, seen)

    def _expected_s(self) -> float:
        measure = self._spec.measure
        confirm = 2 * confirm_seconds(measure.confirm_s, self._spec.slo.latency_max_s, 50.0)
        one_start = 4 + 6 + measure.half_load_s + measure.saturation_s + confirm
        brief = 4 + 6 + measure.saturation_s
        repeated = measure.restarts * (one_start + 5) + measure.brief_starts * brief
        if self._is_running_already:
            return 3 + 8 + repeated
        return 22 + repeated + 3 + measure.plan_starts * one_start


def contradicted(starts: Sequence[StartRecord]) -> bool:
    """Whether the confirming trials disagree with the estimate in at least half of the starts. Pure."""
    return 2 * sum(_disagrees(start) for start in starts) >= len(starts)


def _disagrees(start: StartRecord) -> bool:
    verdicts = {m.label: m.verdict for m in start.measurements if m.label.startswith("confirm")}
    low, high = verdicts.get("confirm low"), verdicts.get("confirm high")
    return low == Verdict.VIOLATED or high == Verdict.SUSTAINED


def bracket(starts: Sequence[StartRecord]) -> tuple[float | None, float | None]:
    """The highest rate that passed below all that failed, and the lowest that failed; None where never seen. Pure."""
    trials = [m for start in starts for m in start.measurements if m.label.startswith("confirm")]
    ceiling = min((m.offered_rate_rps for m in trials if m.verdict == Verdict.VIOLATED), default=None)
    passed = [m.offered_rate_rps for m in trials if m.verdict == Verdict.SUSTAINED]
    return max((rate for rate in passed if ceiling is None or rate < ceiling), default=None), ceiling
