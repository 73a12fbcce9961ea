"""What measuring asks of the model while it runs."""

from collections.abc import Sequence

from seatrial.advise.estimate import demands_under_load, estimate, system_of
from seatrial.measure.measurement import Measurement, MemoryReading, OperationProfile
from seatrial.model.capacity import saturation_rps
from seatrial.spec.trial_spec import TrialSpec

__all__ = ["ModelForesight"]

WORKERS_TRIED_MAX = 9
WORTH_A_WORKER = 0.02
"""A further worker must add this share of throughput to be worth its memory."""


class ModelForesight:
    """The model's answers while a study is made; `spec` is the declared one, with the CPUs that were granted."""

    def capacity_rps(
        self,
        spec: TrialSpec,
        profiles: Sequence[OperationProfile],
        seen: Sequence[Measurement],
    ) -> float | None:
        """Estimated capacity of one start, from what it has shown so far."""
        return estimate(profiles, seen, spec).capacity_rps

    def best_workers(
        self,
        spec: TrialSpec,
        profiles: Sequence[OperationProfile],
        seen: Sequence[Measurement],
        memory: Sequence[MemoryReading],
    ) -> int:
        """The fewest workers, one more than declared at least, beyond which one more adds less than 2 %.

        The declared count itself when the memory surely holds no more.
        """
        base, threads = spec.subject.server.workers, spec.subject.server.threads
        demands = demands_under_load(profiles, seen, system_of(spec, base, threads))
        most = min(WORKERS_TRIED_MAX, self._surely_fit(spec, memory))
        best, best_rps = base, 0.0
        for workers in range(base + 1, most + 1):
            rate = saturation_rps(demands, system_of(spec, workers, threads), spec.measure.seed, 6_000)
            if rate > best_rps * (1.0 + WORTH_A_WORKER):
                best, best_rps = workers, rate
            else:
                break
        return best

    def _surely_fit(self, spec: TrialSpec, memory: Sequence[MemoryReading]) -> int:
        # Before a second worker was seen, each further one is taken to cost as much as the first whole app.
        if not memory:
            return WORKERS_TRIED_MAX
        app = max(m.app_bytes / m.workers for m in memory)
        database = max(m.database_bytes for m in memory)
        return max(1, int((spec.plan.limits.subject_memory_bytes - database) / app))
