"""What to try next, and which settings to compare in the end: by the model, mended by what was measured. Pure."""

import math
from collections.abc import Sequence
from statistics import fmean

from seatrial.advise.tuning.candidates import candidates, neighbours
from seatrial.advise.tuning.promise import Promises
from seatrial.measure.tune_record import Shape, TuneRecord
from seatrial.spec.trial_spec import TrialSpec

__all__ = ["FINALISTS", "TuneJudge"]

FINALISTS = 3

WORTH_A_TRIAL = 1.02
"""Times the best that was measured: what promises less is tried only next to the best, in case the model is wrong."""

NEAR_THE_BEST = 0.93
"""Of the best: the model is wrong by some 6 % for other numbers of workers (`advise.carrier`)."""

KIND_WORTH_A_TRIAL = 0.80
"""Of the best promise: about what the model may be wrong by for another kind of worker."""

AS_GOOD = 0.98
"""Of the highest promise: of those the one with the fewest workers and threads is tried first."""


class TuneJudge:
    """Asked between starts. Remembers what it simulated, nothing else."""

    def __init__(self, spec: TrialSpec) -> None:
        self._spec = spec
        self._promises: Promises | None = None

    def next_shape(self, record: TuneRecord) -> Shape | None:
        """The declared settings, the best of each kind, whatever promises more, the best's neighbours, then what others
        would set; None when nothing is left that is worth a start."""
        if record.declared not in record.shapes:
            return record.declared
        left = tuple(shape for shape in candidates(self._spec, record) if shape not in record.shapes)
        measured = {shape: self.worth_rps(record, shape) for shape in record.shapes}
        best_rps = max(measured.values(), default=0.0)
        promises = {shape: self.promised_rps(record, shape, KIND_WORTH_A_TRIAL * best_rps) for shape in left}
        most_rps = max((best_rps, *promises.values()))
        for kind in record.classes:
            shape = self._first([one for one in left if one.worker_class == kind], promises)
            if shape and promises[shape] >= KIND_WORTH_A_TRIAL * most_rps and not self._is_known(record, shape):
                return shape
        first = self._first(left, promises)
        if first and promises[first] > WORTH_A_TRIAL * best_rps:
            return first
        if measured:
            best = max(measured, key=lambda shape: measured[shape])
            near = [s for s in neighbours(best, left) if promises[s] >= NEAR_THE_BEST * best_rps]
            if found := self._first(near, promises):
                return found
        return next((s for s in record.references.values() if s in left), None)

    def finalists(self, record: TuneRecord) -> tuple[Shape, ...]:
        """The best few, and the declared settings to compare them with."""
        worth = {shape: self.worth_rps(record, shape) for shape in record.shapes}
        ordered = sorted((s for s in worth if record.starts_of(s)), key=lambda shape: -worth[shape])
        if not ordered:
            return ()
        near = [s for s in ordered if worth[s] >= NEAR_THE_BEST * worth[ordered[0]]][:FINALISTS]
        declared = [record.declared] if record.declared not in near and record.starts_of(record.declared) else []
        return (*near, *declared)

    def worth_rps(self, record: TuneRecord, shape: Shape) -> float:
        """The capacity that its starts showed; 0 where the app did not work so, or nothing meets the objective."""
        starts = record.starts_of(shape)
        promises = self.promises(record)
        if not starts or promises is None:
            return 0.0
        return promises.of(shape, fmean(seen.saturated_rps or 0.0 for seen in starts)).worth_rps

    def promised_rps(self, record: TuneRecord, shape: Shape, least_rps: float = 0.0) -> float:
        """The model's capacity, times what measured settings of the same kind (or any) had of theirs.

        Only of settings whose requests wait for connections, or do not, as these. Of what cannot reach `least_rps`,
        only a bound below it.
        """
        promises = self.promises(record)
        if promises is None:
            return 0.0
        # How long a request holds a connection the model cannot know, so what threads that wait for one showed of it
        # says nothing of those that have one each.
        any_kind = [one for one in record.shapes if record.starts_of(one) and one.shares_pool == shape.shares_pool]
        same = [one for one in any_kind if one.worker_class == shape.worker_class]
        ratios = [
            math.log(fmean(seen.saturated_rps or 0.0 for seen in record.starts_of(one)) / promises.saturated_rps(one))
            for one in same or any_kind
            if promises.saturated_rps(one)
        ]
        ratio = math.exp(fmean(ratios)) if ratios else 1.0
        bound_rps = promises.saturated_rps(shape) * ratio
        # Most of the time goes into capacities; what even saturated is no match needs none.
        return bound_rps if bound_rps < least_rps else promises.of(shape).worth_rps * ratio

    def promises(self, record: TuneRecord) -> Promises | None:
        """None before the first start."""
        if self._promises is None and record.scouted is not None:
            self._promises = Promises(self._spec, record.scouted)
        return self._promises

    def _is_known(self, record: TuneRecord, shape: Shape) -> bool:
        """Whether settings of its kind were tried that should be nearly as good."""
        promises = self.promises(record)
        return promises is None or any(
            promises.saturated_rps(one) >= NEAR_THE_BEST * promises.saturated_rps(shape)
            for one in record.shapes
            if one.worker_class == shape.worker_class
        )

    def _first(self, shapes: Sequence[Shape], promises: dict[Shape, float]) -> Shape | None:
        """The one that promises most; of nearly equal ones the one with the fewest workers, then threads.

        Then with the most connections: what of a request's wait holds one, the first start does not tell.
        """
        if not shapes:
            return None
        most_rps = max(promises[shape] for shape in shapes)
        alike = [shape for shape in shapes if promises[shape] >= AS_GOOD * most_rps]
        return min(alike, key=lambda shape: (shape.workers, shape.threads, -(shape.pool or 0)))
