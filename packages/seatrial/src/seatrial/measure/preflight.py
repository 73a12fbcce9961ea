"""Is this machine quiet enough to measure on?"""

import os
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

from seatrial.errors import RigUnfit
from seatrial.load.generator.cpus import kept_to
from seatrial.load.generator.self_check import SelfCheck, check_generator
from seatrial.measure.measurement import Caveat

__all__ = ["QUIET_RATIO", "UNFIT_RATIO", "Preflight", "preflight", "spin_ratio", "steal_s"]

QUIET_RATIO = 1.05
"""Wall time over CPU time of a fixed spin, 95th percentile, up to which wall times can be trusted."""

UNFIT_RATIO = 1.5
"""Above this even the order of the answer would be the neighbours'."""


@dataclass(frozen=True, slots=True)
class Preflight:
    """How quiet the machine was.

    spin_ratio_p95: wall over CPU time of 5 ms spins on the subject's CPUs (1 = alone). timer_lateness_p99_s: how late a
    sleeping process wakes on the generator's CPUs. steal_share: CPU time the hypervisor gave to others meanwhile.
    self_check: what the load generator reached there against a server that does nothing.
    """

    spin_ratio_p95: float
    timer_lateness_p99_s: float
    steal_share: float
    attempts: int
    self_check: SelfCheck | None = None

    def caveats(self) -> tuple[Caveat, ...]:
        """What the reader must know of the machine's noise."""
        if self.spin_ratio_p95 <= QUIET_RATIO:
            return ()
        return (
            Caveat(
                "noisy-machine",
                f"The machine was not quiet: fixed work took up to {self.spin_ratio_p95:.2f} times its own CPU time "
                f"(quiet is up to {QUIET_RATIO}). CPU costs hold; rates and response times are pessimistic.",
                "Close other programs and measure again.",
            ),
        )


def preflight(
    subject_cpus: tuple[int, ...], generator_cpus: tuple[int, ...], *, allow_noise: bool = False, attempts: int = 4
) -> Preflight:
    """Spins on the subject's CPUs and sleeps on the generator's, up to `attempts` times until the machine is quiet.

    Then the generator checks itself, against a server on the subject's CPUs. Whoever allows noise does not wait for it
    to end: one attempt tells how much there is.

    Raises:
        RigUnfit: still too noisy at the last attempt, unless `allow_noise`.
    """
    best: Preflight | None = None
    for attempt in range(1, 2 if allow_noise else attempts + 1):
        seen = _look(subject_cpus, generator_cpus, attempt)
        if best is None or seen.spin_ratio_p95 < best.spin_ratio_p95:
            best = seen
        if best.spin_ratio_p95 <= QUIET_RATIO:
            break
        time.sleep(1.0)  # neighbours come in bursts; a bounded wait, counted in `attempts`
    assert best is not None
    if best.spin_ratio_p95 > UNFIT_RATIO and not allow_noise:
        raise RigUnfit(
            f"this machine is too busy to measure on: fixed CPU work takes {best.spin_ratio_p95:.1f} times "
            f"its own CPU time (quiet is up to {QUIET_RATIO}, usable up to {UNFIT_RATIO})",
            where="preflight",
            try_this="Close other programs and try again. To measure all the same, with a caveat on every number, "
            "set measure.allow_noise = true in seatrial.toml.",
        )
    check = check_generator(generator_cpus=generator_cpus, server_cpus=subject_cpus)
    return replace(best, self_check=check)


def spin_ratio(cpus: Iterable[int], *, spins: int = 20, spin_s: float = 0.002) -> float:
    """95th percentile of wall time over CPU time of short spins on `cpus`; unpinned where none can be chosen."""
    ratios = []
    with kept_to(cpus):
        for _ in range(spins):
            wall, cpu = time.perf_counter(), time.thread_time()
            while time.thread_time() - cpu < spin_s:
                pass
            ratios.append((time.perf_counter() - wall) / (time.thread_time() - cpu))
    ratios.sort()
    return ratios[min(len(ratios) - 1, int(0.95 * len(ratios)))]


def steal_s() -> float:
    """Seconds of CPU the hypervisor gave to others since boot, over all CPUs; 0 where it is not told."""
    if not sys.platform.startswith("linux"):
        return 0.0
    with open("/proc/stat", encoding="ascii") as stat:  # noqa: PTH123 - a kernel file, read at once
        fields = stat.readline().split()
    return float(fields[8]) / float(os.sysconf("SC_CLK_TCK")) if len(fields) > 8 else 0.0


def _look(subject_cpus: tuple[int, ...], generator_cpus: tuple[int, ...], attempt: int) -> Preflight:
    steal, since = steal_s(), time.perf_counter()
    ratio = max(spin_ratio([cpu], spins=60, spin_s=0.005) for cpu in subject_cpus or (0,))
    lateness = _timer_lateness(generator_cpus)
    wall = time.perf_counter() - since
    return Preflight(
        spin_ratio_p95=ratio,
        timer_lateness_p99_s=lateness,
        steal_share=(steal_s() - steal) / (wall * (os.cpu_count() or 1)),
        attempts=attempt,
    )


def _timer_lateness(cpus: tuple[int, ...], *, naps: int = 150, nap_s: float = 0.001) -> float:
    late = []
    with kept_to(cpus):
        for _ in range(naps):
            due = time.perf_counter() + nap_s
            time.sleep(nap_s)
            late.append(max(0.0, time.perf_counter() - due))
    late.sort()
    return late[int(0.99 * len(late))]
