"""A whole study, in order: quiet machine, prepared data, fresh starts of one worker, then of what the plan holds."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from statistics import fmean
from typing import Any, Protocol

from seatrial.errors import SeatrialError, SpecError
from seatrial.load.workload import Workload
from seatrial.measure.bench import SEARCH_TRIALS_MAX, Bench, StartRecord
from seatrial.measure.demands import Demands
from seatrial.measure.durations import STARTING_S, crowd_s, inside_s, start_s, study_s
from seatrial.measure.environment import describe_environment
from seatrial.measure.fault_starts import FaultStarts
from seatrial.measure.faults_pass import FaultsSeen
from seatrial.measure.measurement import Caveat, Measurement, OperationProfile, Verdict
from seatrial.measure.parts import with_parts
from seatrial.measure.prediction_check import PredictionCheck
from seatrial.measure.preflight import preflight
from seatrial.measure.profile import profiles_from
from seatrial.measure.progress import Progress
from seatrial.measure.study import Study
from seatrial.measure.time_limit import TimeLimit
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

    def worth_trying(self, study: Study) -> tuple[int, int] | None:
        """Workers and threads worth a start of their own on this plan; None where memory holds nothing else."""

    def worth_crowding(self, study: Study) -> tuple[int, int] | None:
        """Workers and threads of a brief start that shows what workers cost each other; None where that is known."""

    def prediction(self, study: Study, workers: int, threads: int, starts: int) -> PredictionCheck | None:
        """What the study so far predicts that so many starts of them will show; None where it cannot tell."""


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
        self._limit = TimeLimit(spec.measure.within_s)
        self._created_at = datetime.now(UTC).isoformat(timespec="seconds")
        self._environment: Mapping[str, Any] = describe_environment()
        self._caveats: tuple[Caveat, ...] = ()
        self._bench: Bench | None = None
        self._starts: list[StartRecord] = []
        self._searched: tuple[Measurement, ...] = ()
        self._checks: tuple[PredictionCheck, ...] = ()
        self._demands: Demands | None = None
        self._faults = FaultsSeen((), ())
        self._complete = False

    def study(self) -> Study:
        """Everything seen so far."""
        unfinished = self._bench.unfinished() if self._bench is not None else None
        starts = [*self._starts, *([unfinished] if unfinished is not None else [])]
        samples = [sample for start in starts for sample in start.samples]
        counts: Counter[str] = Counter()
        for start in starts:
            counts.update(start.shares)
        queries = next((start.queries for start in starts if start.queries), ())
        inside = self._demands.alone if self._demands else ()
        return Study(
            created_at=self._created_at,
            spec=self._spec,
            environment=self._environment,
            operations=with_parts(profiles_from(samples, counts), queries, inside),
            queries=queries,
            measurements=tuple(m for start in starts for m in start.measurements) + self._searched,
            memory=tuple(start.memory for start in starts if start.memory is not None),
            demands=self._demands,
            memory_growth=tuple(point for start in starts for point in start.memory_growth),
            caveats=self._caveats + self._limit.caveats(),
            complete=self._complete,
            checks=self._checks,
            settings=self._faults.settings,
            files=self._faults.files,
        )

    def prepare(self, testbed: Testbed) -> None:
        """Checks that the machine is quiet, then starts the database and runs the subject's own preparations."""
        measure = self._spec.measure
        self._progress.expect(study_s(self._spec))
        self._progress.step("is this machine quiet?", 3)
        placement = testbed.placement
        quiet = preflight(placement.subject_cpus, placement.generator_cpus, allow_noise=measure.allow_noise)
        cpus = {"subject_cpus": list(placement.subject_cpus), "generator_cpus": list(placement.generator_cpus)}
        self._environment = describe_environment(preflight=asdict(quiet), **({} if self._is_running_already else cpus))
        self._caveats = quiet.caveats()
        if measure.restarts < 3:
            times = "repeat" if self._is_running_already else "fresh start"
            text = f"Only {measure.restarts} {times}(s): too few for an honest interval, which takes 3."
            self._caveats += (Caveat("few-restarts", text, "Set measure.restarts = 3 or more."),)
        if self._is_running_already:
            self._caveats += tuple(Caveat("testbed", text) for text in testbed.caveats)
            self._progress.step("asking the app whether it answers", 1)
            return
        if placement.cpus < self._spec.plan.limits.cpus:
            limits = replace(self._spec.plan.limits, granted_cpus=placement.cpus)
            self._spec = replace(self._spec, plan=replace(self._spec.plan, limits=limits))
        self._progress.step("starting the database, preparing the data", 20)
        testbed.prepare()
        self._caveats += tuple(Caveat("testbed", text) for text in testbed.caveats)
        if testbed.round_trip_s is not None:
            self._environment = {**self._environment, "database_round_trip_s": testbed.round_trip_s}
        if testbed.service_versions:
            self._environment = {**self._environment, "services": dict(testbed.service_versions)}

    async def conduct(self, testbed: Testbed) -> None:
        """Measures the declared server over `restarts` fresh starts, then what the model finds best on the plan.

        An app that is running already is measured as often, but not started afresh in between.
        """
        bench = Bench(self._spec, testbed, self._workload, self._progress)
        self._bench = bench
        faults = FaultStarts(self._spec, testbed, self._workload)
        self._faults = faults.named()
        (workers, threads), restarts = self._spec.subject.shape, self._spec.measure.restarts
        for number in range(1, restarts + 1):
            if not self._is_spoiled:
                is_last = number == restarts
                self._starts.append(await bench.measure(number, workers, threads, self._estimate, queries=is_last))
        confirmed = tuple(self._starts)
        for number in range(restarts + 1, restarts + self._spec.measure.brief_starts + 1):
            if not self._is_spoiled:
                known = self.study().operations
                brief = bench.measure(
                    number, workers, threads, self._estimate, profiles=known, is_brief=True, has_half_load=False
                )
                self._starts.append(await brief)
        if not self._is_spoiled:
            await self._search(bench, confirmed)
            await self._look_inside(bench, confirmed[-1])
            await self._beyond(bench)
            await self._crowd(bench)
            await self._look_for_faults(faults, bench)
        self._complete = True

    async def _search(self, bench: Bench, base: Sequence[StartRecord]) -> None:
        """As many longer trials as fit, where the confirming ones ask for them; their bracket stays where none does."""
        step_s = self._spec.measure.search_trial_s
        wanted = "the search that a contradicted estimate asks for"
        if not contradicted(base) or not self._limit.allows(wanted, STARTING_S + step_s):
            return
        trials_max = int(min(SEARCH_TRIALS_MAX, (self._limit.left_s - STARTING_S) / step_s))
        number, shape = len(self._starts) + 1, self._spec.subject.shape
        self._searched = await bench.search(number, *shape, *bracket(base), trials_max=trials_max)

    async def _look_inside(self, bench: Bench, seen: StartRecord) -> None:
        """One more start for the parts of a request's time. What fails here fails nothing else."""
        server = self._spec.subject.whole_server
        if not self._spec.measure.inside or self._is_running_already:
            return
        if not self._limit.allows("where the time of a request goes", inside_s(self._spec)):
            return
        number, known = len(self._starts) + 1, self.study().operations
        try:
            self._demands = await bench.look_inside(number, server.workers, server.threads, known, seen)
        except SeatrialError as error:
            text = f"Where the time of a request goes was not seen, since the start for it failed: {error.what}"
            self._caveats += (Caveat("not-seen-inside", text, error.try_this),)

    async def _look_for_faults(self, starts: FaultStarts, bench: Bench) -> None:
        """One more start for what costs the app besides its own code. What fails here fails nothing else."""
        wanted = "what debugging, templates and files cost"
        if starts.expected_s and not self._limit.allows(wanted, starts.expected_s):
            return
        self._progress.expect(starts.expected_s)
        try:
            self._faults = await starts.look(bench, len(self._starts) + 3, self.study().operations)
        except SeatrialError as error:
            text = f"What debugging, templates and files cost was not seen, since the start for it failed: {error.what}"
            self._caveats += (Caveat("faults-not-seen", text, error.try_this),)

    @property
    def _is_running_already(self) -> bool:
        return bool(self._spec.subject.url)

    @property
    def _is_spoiled(self) -> bool:
        return bool(self._starts) and self._starts[-1].is_spoiled

    async def _beyond(self, bench: Bench) -> None:
        """What the model finds best on the plan: predicted, then measured."""
        server, number = self._spec.subject.server, len(self._starts) + bool(self._searched)
        if not server.can_vary or self._is_running_already or not self._spec.measure.plan_starts:
            return
        known, planned = self.study(), self._spec.measure.plan_starts
        if not self._limit.allows("the check of a prediction", 3 + planned * start_s(self._spec)):
            return
        shape = self._foresight.worth_trying(known)
        if shape is None:
            return
        predicted = self._foresight.prediction(known, *shape, planned)
        self._checks = () if predicted is None else (predicted,)
        rates = []
        for _ in range(planned):
            number += 1
            start = await bench.measure(number, *shape, self._estimate, profiles=known.operations)
            self._starts.append(start)
            rates.append(None if start.is_spoiled else self._estimate(known.operations, start.measurements))
        found = [rate for rate in rates if rate is not None]
        self._checks = tuple(check.against(fmean(found) if found else None) for check in self._checks)

    async def _crowd(self, bench: Bench) -> None:
        """Half a load and saturations with clearly more workers, or fewer. What fails here fails nothing else."""
        if self._is_running_already or not self._spec.measure.plan_starts or self._starts[-1].is_spoiled:
            return
        known, number = self.study(), len(self._starts) + 1 + bool(self._searched)
        shape = self._foresight.worth_crowding(known)
        if shape is None or not self._limit.allows("what workers cost each other", crowd_s(self._spec)):
            return
        brief = bench.measure(number, *shape, self._estimate, profiles=known.operations, is_brief=True)
        try:
            self._starts.append(await brief)
        except SeatrialError as error:
            text = f"What workers cost each other was not seen, since the start for it failed: {error.what}"
            self._caveats += (Caveat("crowd-not-seen", text, error.try_this),)

    def _estimate(self, profiles: Sequence[OperationProfile], seen: Sequence[Measurement]) -> float | None:
        return self._foresight.capacity_rps(self._spec, profiles, seen)


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
