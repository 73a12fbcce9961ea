"""Flotilla's own servers on the test bed's PostgreSQL, pinned as in a trial, for the scripts beside this file."""

import asyncio
import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import quantiles

import psutil

from seatrial.load.driver import Driver
from seatrial.load.workload import Workload
from seatrial.measure.sizes import told_size
from seatrial.spec.subject import Database
from seatrial.spec.workload import WorkloadSpec
from seatrial.testbed.testbed import Testbed

sys.path.append(str(Path(__file__).parent.parent / "flotilla"))
from town import ENVIRONMENT, ROOT, site_trial

__all__ = ["Running", "Seen", "Town", "free_port", "median_of", "town"]

PEOPLE, POSTS = 1_000, 10_000
MIX = {"home": 40.0, "public": 10.0, "profile": 20.0, "one_post": 20.0, "like": 7.0, "write_post": 3.0}
STARTS_WITHIN_S = 60.0
BIN = Path(sys.executable).parent


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(slots=True)
class Running:
    """One server, with all its children."""

    process: psutil.Process
    port: int

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def _tree(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]

    def cpu_s(self) -> float:
        """CPU seconds that it and its living children have used."""
        return sum(sum(one.cpu_times()[:2]) for one in self._tree())

    def pss_mib(self) -> float:
        """Memory, of what processes share each its part."""
        return sum(one.memory_full_info().pss for one in self._tree()) / 2**20


@dataclass(frozen=True, slots=True)
class Seen:
    """One interval of load: requests answered as they should be, and what they cost."""

    good: int
    bad: int
    rate: float
    median_ms: float
    p95_ms: float
    app_ms: float
    database_ms: float
    beside_ms: float


class Town:
    """The database, the workload, and the way to start servers on them."""

    def __init__(self, testbed: Testbed, workload: Workload) -> None:
        self._testbed, self._workload = testbed, workload
        assert testbed.database is not None
        work = Path(testbed.folder)
        known = {**testbed.database.placeholders(), "work": str(work)}
        self.settings = {name: text.format(**known) for name, text in ENVIRONMENT.items()}
        self.settings |= {"FLOTILLA_ACCESS_LOG": "off", "FLOTILLA_LOG_LEVEL": "error"}
        self.database = {name: str(known[name]) for name in ("database_port", "database_name")}
        self.cpus = testbed.placement.subject_cpus
        self._turn = 0

    @contextlib.contextmanager
    def started(
        self,
        command: Sequence[str | Path],
        port: int,
        settings: Mapping[str, str] | None = None,
        *,
        as_nobody: bool = False,
    ) -> Iterator[Running]:
        """That program on the subject's CPUs, until it accepts connections and till the end of the block."""
        cpus = ",".join(map(str, self._testbed.placement.subject_cpus))
        nobody = pwd.getpwnam("nobody") if as_nobody and os.geteuid() == 0 else None
        process = subprocess.Popen(
            ["taskset", "-c", cpus, *map(str, command)],
            env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", **self.settings, **(settings or {})},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=nobody.pw_uid if nobody else None,
            group=nobody.pw_gid if nobody else None,
        )
        try:
            deadline_s = time.monotonic() + STARTS_WITHIN_S
            while True:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                    break
                if process.poll() is not None or time.monotonic() > deadline_s:
                    raise SystemExit(f"{command[0]} did not start")
                time.sleep(0.05)
            yield Running(psutil.Process(process.pid), port)
        finally:
            process.terminate()
            process.wait(30)

    @contextlib.contextmanager
    def gunicorn(self, workers: int, threads: int, settings: Mapping[str, str] | None = None) -> Iterator[Running]:
        """The site, loaded once and forked."""
        port = free_port()
        command = [BIN / "gunicorn", "--preload", "--worker-class", "gthread", "--workers", str(workers)]
        command += ["--threads", str(threads), "--bind", f"127.0.0.1:{port}", "--no-control-socket"]
        told = {"FLOTILLA_THREADS": str(threads), **(settings or {})}
        with self.started([*command, "flotilla.app:create_app()"], port, told) as running:
            urllib.request.urlopen(f"{running.url}/live", timeout=STARTS_WITHIN_S).close()
            yield running

    @contextlib.contextmanager
    def pgbouncer(self, folder: Path, pool: int) -> Iterator[Running]:
        """PgBouncer as the how-to page has it, with `pool` connections to PostgreSQL; its database is `flotilla`."""
        program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
        if program is None:
            raise SystemExit("There is no PgBouncer here: apt-get install pgbouncer")
        port = free_port()
        database = "port={database_port} dbname={database_name}".format(**self.database)
        (folder / "userlist.txt").write_text('"flotilla_app" "trial"\n')
        (folder / "pgbouncer.ini").write_text(
            f"[databases]\nflotilla = host=127.0.0.1 {database}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
            f"listen_port = {port}\nauth_type = scram-sha-256\nauth_file = {folder}/userlist.txt\nunix_socket_dir =\n"
            f"pool_mode = transaction\ndefault_pool_size = {pool}\nmax_client_conn = 500\nquery_wait_timeout = 5\n"
        )
        folder.chmod(0o755)
        with self.started([program, folder / "pgbouncer.ini"], port, as_nobody=True) as running:
            yield running

    def database_cpu_s(self) -> float:
        """CPU seconds that PostgreSQL has used."""
        return self._testbed.cpu_seconds().database_s or 0.0

    def load(
        self, running: Running, *, visitors: int, seconds: float, beside: Running | None = None, url: str = ""
    ) -> Seen:
        """So many visitors who ask without a pause, for so long; `beside`: another server whose CPU is told too."""
        self._turn += 1
        return asyncio.run(self._loaded(running, visitors, seconds, beside, url or running.url))

    async def _loaded(self, running: Running, visitors: int, seconds: float, beside: Running | None, url: str) -> Seen:
        async with Driver(url, self._workload, seed=self._turn, run_token=f"l{time.time_ns():x}") as driver:
            await driver.sign_in_all(deadline_s=60)
            await driver.closed_loop(visitors, 2.0)  # warm
            before = self._cpu(running, beside)
            record = await driver.closed_loop(visitors, seconds)
            spent = [after - earlier for after, earlier in zip(self._cpu(running, beside), before, strict=True)]
        good = [one for one in record.observations if not one.error]
        count = max(len(good), 1)
        times = [1000 * (one.done_s - one.sent_s) for one in good] or [0.0, 0.0]
        cuts = quantiles(times, n=20)
        app, database, other = (1000 * s / count for s in spent)
        bad = len(record.observations) - len(good)
        rate = len(good) / (record.ended_s - record.started_s)
        return Seen(len(good), bad, rate, cuts[9], cuts[-1], app, database, other)

    def _cpu(self, running: Running, beside: Running | None) -> tuple[float, float, float]:
        return running.cpu_s(), self.database_cpu_s(), beside.cpu_s() if beside else 0.0


@contextlib.contextmanager
def town(*, database: Mapping[str, str] | None = None) -> Iterator[Town]:
    """A town of 1,000 people with 10,000 posts on the smallest plan; `database`: PostgreSQL's settings."""
    spec = WorkloadSpec(journeys=ROOT / "trials" / "flotilla" / "journeys.py", mix=MIX, sign_in="sign_in", people=20)
    with told_size(PEOPLE):
        workload = Workload.from_spec(spec)
    trial = site_trial(people=PEOPLE, posts=POSTS, workload=spec, memory_bytes=2 << 30)
    if database:
        trial = replace(trial, subject=replace(trial.subject, database=Database(settings=database)))
    with Testbed(trial, on_progress=lambda text: print(f"  {text}", file=sys.stderr, flush=True)) as testbed:
        testbed.prepare()
        yield Town(testbed, workload)


def median_of(seen: Sequence[Seen], name: str) -> float:
    """The median of one figure over several turns."""
    figures = sorted(getattr(one, name) for one in seen)
    return float(figures[len(figures) // 2])
