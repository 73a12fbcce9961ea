"""Settings of a server tried on one open test bed: one after the other while they promise more, the best again."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Protocol

from seatrial.errors import SpecError, TestbedError
from seatrial.load.workload import Workload
from seatrial.measure.experiment import Bounds, Starts
from seatrial.measure.measurement import Caveat
from seatrial.measure.preflight import preflight
from seatrial.measure.progress import Progress
from seatrial.measure.sizes import told_size
from seatrial.measure.tune_record import Shape, Tried, TuneRecord
from seatrial.spec.reading import Declared
from seatrial.spec.trial_spec import TrialSpec
from seatrial.testbed.testbed import Testbed

__all__ = ["Patience", "TuneJudgement", "TuneTrials"]

SHAPES_MIN = 3
"""Tried however short the time is: with fewer there is no answer."""


class TuneJudgement(Protocol):
    """What trying must ask of what concludes, which comes after it: handed in by whoever knows the whole pipeline."""

    def next_shape(self, record: TuneRecord) -> Shape | None:
        """The settings to try next; None when nothing else is worth a start."""

    def finalists(self, record: TuneRecord) -> tuple[Shape, ...]:
        """The settings to compare with each other in the end."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How much is spent: the whole time, the length of a start's parts, most starts before the comparison, and how
    often each of the best is started again for it."""

    budget_s: float
    bounds: Bounds = field(default_factory=Bounds)
    searching_starts: int = 14
    rounds: int = 2


class TuneTrials:
    """`record()` is what is known at any moment, so an interruption loses nothing."""

    def __init__(
        self, declared: Declared, judge: TuneJudgement, record: TuneRecord, progress: Progress, patience: Patience
    ) -> None:
        """record: nothing tried yet. Raises SpecError when the workload cannot be used, its journeys file among it."""
        self._declared = declared
        self._spec = declared.spec
        with told_size(self._spec.subject.size):
            self._workload = Workload.from_spec(self._spec.workload)
        self._judge = judge
        self._progress = progress
        self._patience = patience
        self._since_s = time.monotonic()
        self._record = replace(record, created_at=datetime.now(UTC).isoformat(timespec="seconds"))
        self._start_s = 0.0

    def record(self) -> TuneRecord:
        """Everything seen so far."""
        return replace(self._record, spent_s=self._spent_s)

    def prepare(self, testbed: Testbed) -> None:
        """Checks that the machine is quiet, prepares the data, and finds out which kinds of worker can be started."""
        self._progress.expect(self._patience.budget_s)
        self._progress.step("is this machine quiet?", 3)
        placement = testbed.placement
        noise = self._spec.measure.allow_noise
        quiet = preflight(placement.subject_cpus, placement.generator_cpus, allow_noise=noise)
        self._progress.step("starting the database, preparing the data", 20)
        testbed.prepare()
        caveats = (*quiet.caveats(), *(Caveat("testbed", text) for text in testbed.caveats))
        self._keep(caveats=caveats)
        for kind in self._record.classes:
            if told := self._impossible(testbed, Shape(kind, 1)):
                self._keep(
                    classes=tuple(one for one in self._record.classes if one != kind),
                    refused={**self._record.refused, kind: told},
                )

    def _impossible(self, testbed: Testbed, shape: Shape) -> str:
        try:
            testbed.use(self._spec_of(shape).subject)
        except (TestbedError, SpecError) as error:
            return f"{error.what}. {error.try_this}".strip()
        return ""

    def _spec_of(self, shape: Shape) -> TrialSpec:
        """Raises SpecError for what the file's other keys rule out."""
        if shape == self._record.declared:
            return self._spec
        found = self._declared.with_levers([shape.lever])
        if isinstance(found, str):
            raise SpecError(found, where=str(self._spec.path))
        return found

    async def conduct(self, testbed: Testbed) -> None:
        """The first start; the search; the best in turn, there and back."""
        starts = Starts(testbed, self._workload, self._patience.bounds)
        self._progress.step("first start: what a request needs", 15)
        scouted = await starts.scout(self._spec)
        self._start_s = max(1.0, scouted.cost_s - self._patience.bounds.profile_s)
        self._keep(scouted=scouted)
        for _ in range(self._patience.searching_starts):
            # Time is kept for a further start of each of the best and of the declared one.
            if len(self._record.shapes) >= SHAPES_MIN and self._remaining_s < 5.0 * self._start_s:
                break
            shape = self._judge.next_shape(self._record)
            if shape is None:
                break
            await self._start(starts, shape, scouted.fixed_rate_rps, seed_number=1)
        finalists = self._judge.finalists(self._record)
        for number in range(self._patience.rounds):
            await self._turn(starts, finalists if number % 2 else finalists[::-1], scouted.fixed_rate_rps, number + 2)
        self._keep(complete=True)

    async def _turn(self, starts: Starts, shapes: Sequence[Shape], rate_rps: float, seed_number: int) -> None:
        if self._remaining_s < len(shapes) * self._start_s:
            return
        for shape in shapes:
            await self._start(starts, shape, rate_rps, seed_number=seed_number)

    async def _start(self, starts: Starts, shape: Shape, rate_rps: float, *, seed_number: int) -> None:
        number = len(self._record.tried) + 1
        self._progress.step(f"start {number}: {shape.words()}", self._start_s)
        seen = await starts.measure(
            self._spec_of(shape), (shape.words(),), number=number, seed_number=seed_number, rate_rps=rate_rps
        )
        self._keep(tried=(*self._record.tried, Tried(shape, seen)))
        if seen.failure and shape == self._record.declared:
            raise TestbedError(seen.failure, details=seen.details)
        if not seen.failure:
            self._start_s = 0.7 * self._start_s + 0.3 * seen.cost_s

    def _keep(self, **changes: object) -> None:
        self._record = replace(self._record, **changes)  # type: ignore[arg-type]

    @property
    def _spent_s(self) -> float:
        return time.monotonic() - self._since_s

    @property
    def _remaining_s(self) -> float:
        return self._patience.budget_s - self._spent_s
