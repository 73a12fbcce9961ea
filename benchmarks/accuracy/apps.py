"""The subjects of the matrix, and one of them set up in one way."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from design import Setting, base_of, cells, smoke_cells

from seatrial.spec.plan import Limits
from seatrial.spec.reading import read_trial_spec
from seatrial.spec.trial_spec import MeasureSettings, TrialSpec

__all__ = ["APPS", "App", "provider_running"]

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MEMORY_BYTES = 2 * 1024**3
"""Of every plan here: nine workers must fit, since rates are compared."""


@dataclass(frozen=True)
class App:
    """One subject. pool_variable: how the app is told its pool, where its seatrial.toml does not say so already.

    blocking_share: of its requests, that block their event loop with one statement that takes so long, by construction:
    blocked_s.
    in_smoke: how many of its cells the smoke measures.
    """

    name: str
    file: Path
    has_threads: bool = True
    has_database: bool = True
    pool_variable: str = ""
    is_sync_alone: bool = False
    blocking_share: float = 0.0
    blocked_s: float = 0.0
    in_smoke: int = 1

    def blocks_s(self, round_trip_s: float) -> float:
        """Seconds of a mean request for which it lets no other go on although it uses no CPU."""
        return self.blocking_share * (self.blocked_s + round_trip_s)

    @property
    def base(self) -> Setting:
        """What is measured once and predicted from."""
        return base_of(has_threads=self.has_threads, has_database=self.has_database)

    def smoke_cells(self) -> list[Setting]:
        """The first that are predicted and measured."""
        return smoke_cells(has_threads=self.has_threads, has_database=self.has_database)[: self.in_smoke]

    def cells(self) -> list[Setting]:
        """What is predicted and measured, those of the smoke first."""
        first = self.smoke_cells()
        every = cells(os.cpu_count() or 1, has_threads=self.has_threads, has_database=self.has_database)
        return first + [cell for cell in every if cell not in first]

    def spec(self, setting: Setting, measure: MeasureSettings, provider_url: str) -> TrialSpec:
        """Its seatrial.toml with this setting in the place of what it declares."""
        spec = read_trial_spec(self.file)
        subject, server = spec.subject, spec.subject.server
        environment = dict(subject.environment)
        if self.pool_variable:
            environment[self.pool_variable] = "{pool}"
        if "PROVIDER_URL" in environment:
            environment["PROVIDER_URL"] = provider_url
        threads = server.threads if setting.threads is None else setting.threads
        is_sync = self.is_sync_alone and threads == 1
        return replace(
            spec,
            measure=measure,
            plan=replace(spec.plan, id="own", name="matrix", limits=Limits(setting.cpus, MEMORY_BYTES)),
            subject=replace(
                subject,
                environment=environment,
                server=replace(
                    server,
                    workers=setting.workers,
                    threads=threads,
                    worker_class="sync" if is_sync else server.worker_class,
                ),
                database=replace(
                    subject.database,
                    pool=setting.pool,
                    placement="apart" if setting.round_trip_ms else "beside",
                    round_trip_s=setting.round_trip_ms / 1000,
                ),
            ),
        )


APPS = (
    App("flotilla", ROOT / "trials" / "flotilla" / "seatrial.toml", pool_variable="FLOTILLA_POOL_SIZE"),
    App("listing", HERE / "subjects" / "listing" / "seatrial.toml", in_smoke=2),
    App("payments", HERE / "subjects" / "payments" / "seatrial.toml", has_database=False, is_sync_alone=True),
    App(
        "rooms",
        HERE / "subjects" / "rooms" / "seatrial.toml",
        has_threads=False,
        blocking_share=0.05,
        blocked_s=0.020,
    ),
)


@contextlib.contextmanager
def provider_running(cpus: tuple[int, ...]) -> Iterator[str]:
    """The server that `payments` waits for, on these CPUs; its address."""
    program = HERE / "subjects" / "payments" / "provider.py"
    with subprocess.Popen(
        [sys.executable, str(program), "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(process.pid, cpus)
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.stdin.close()
            process.wait(10)
