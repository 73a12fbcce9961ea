"""What measuring asks of the model while it runs."""

import math
from collections.abc import Sequence
from dataclasses import replace

from seatrial.advise.estimate import demands_under_load, estimate, system_of
from seatrial.advise.prediction import Predictor
from seatrial.errors import StudyError
from seatrial.measure.measurement import Measurement, OperationProfile
from seatrial.measure.prediction_check import PredictionCheck
from seatrial.measure.study import Study
from seatrial.model.capacity import saturation_rps
from seatrial.model.crowding import crowding
from seatrial.spec.trial_spec import TrialSpec

__all__ = ["ModelForesight"]

WORKERS_TRIED_MAX = 9
CROWD = 4
"""Workers on each CPU that are a crowd: 2.4 times as much of one as two are (`model.crowding`)."""

WORTH_CROWDING = 1.5
"""Times as large a step of crowding as what was measured must a further start be."""

WORTH_A_WORKER = 0.02
"""A further worker must add this share of throughput to be worth its memory."""


class ModelForesight:
    """The model's answers while a study is made; its spec is the declared one, with the CPUs that were granted."""

    def capacity_rps(
        self,
        spec: TrialSpec,
        profiles: Sequence[OperationProfile],
        seen: Sequence[Measurement],
    ) -> float | None:
        """Estimated capacity of one start, from what it has shown so far."""
        return estimate(profiles, seen, spec).capacity_rps

    def worth_trying(self, study: Study) -> tuple[int, int] | None:
        """The fewest workers, one more than declared at least, beyond which one more adds less than 2 %.

        Where memory surely holds no more of them: one fewer; of single workers twice the threads, if they have threads.
        """
        spec, server = study.spec, study.spec.subject.whole_server
        base, threads = server.workers, server.threads
        demands = demands_under_load(study.operations, study.measurements, system_of(spec, base, threads))
        most = min(max(WORKERS_TRIED_MAX, base + 1), self._surely_fit(study))
        best, best_rps = base, 0.0
        for workers in range(base + 1, most + 1):
            rate = saturation_rps(demands, system_of(spec, workers, threads), spec.measure.seed, 6_000)
            if rate > best_rps * (1.0 + WORTH_A_WORKER):
                best, best_rps = workers, rate
            else:
                break
        if best != base:
            return best, threads
        # Each instance of the server has a worker at least.
        if base > spec.subject.services.instances:
            return base - 1, threads
        return (base, 2 * threads) if server.worker_class == "gthread" else None

    def worth_crowding(self, study: Study) -> tuple[int, int] | None:
        """Four workers on each CPU, as far as memory surely holds them, or one: whichever differs more from declared.

        None where what was measured tells nearly as much.
        """
        spec, server = study.spec, study.spec.subject.whole_server
        cpus, declared = spec.plan.limits.usable_cpus, server.workers

        def step(workers: int) -> float:
            return abs(crowding(workers, cpus) - crowding(declared, cpus))

        each = max(1, math.floor(cpus))
        most = min(CROWD * each, self._surely_fit(study))
        workers = max((max(each, spec.subject.services.instances), most), key=step)
        known = max((step(m.workers) for m in study.measurements if m.workers), default=0.0)
        if not spec.subject.server.can_vary or step(workers) < max(1.0, WORTH_CROWDING * known):
            return None
        return workers, server.threads

    def prediction(self, study: Study, workers: int, threads: int, starts: int) -> PredictionCheck | None:
        """What the study so far predicts that so many starts of them will show; None where it cannot tell."""
        try:
            predictor = Predictor(study)
        except StudyError:
            return None  # the findings say why
        there = replace(predictor.declared, workers=workers, threads=threads)
        predicted = predictor.predict(there, starts=starts)
        if predicted.capacity_rps is None:
            return None
        return PredictionCheck(
            predicted_at=study.created_at,
            workers=workers,
            threads=threads,
            worker_class=there.worker_class,
            cpus=there.cpus,
            predicted_rps=predicted.capacity_rps,
            low_rps=predicted.low_rps,
            high_rps=predicted.high_rps,
        )

    def _surely_fit(self, study: Study) -> int:
        # Before a second worker was seen, each further one is taken to cost as much as the first whole app.
        if not study.memory:
            return WORKERS_TRIED_MAX
        app = max(m.app_bytes / m.workers for m in study.memory)
        database = max(m.database_bytes for m in study.memory)
        return max(1, int((study.spec.plan.limits.subject_memory_bytes - database) / app))
