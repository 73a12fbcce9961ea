"""The test bed: the subject and its database inside the plan's limits, and nothing left behind."""

import dataclasses
import secrets
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Self

from seatrial.errors import SubjectExited, TestbedError
from seatrial.spec.subject import Subject
from seatrial.spec.trial_spec import TrialSpec
from seatrial.testbed.beside import Beside, beside_of
from seatrial.testbed.caveats import COPIED, LENT, NO_PINNING, OWN_DATABASE, UNTOUCHED, kept_in_memory
from seatrial.testbed.database import Database, GivenDatabase, with_direct
from seatrial.testbed.distance import Distance
from seatrial.testbed.enclosure import Enclosure
from seatrial.testbed.hosts import of_hosts, on_hosts, place_subject
from seatrial.testbed.inside import InsideView
from seatrial.testbed.instances import Instances, Launch
from seatrial.testbed.placement import Placement
from seatrial.testbed.postgres import EmbeddedPostgres
from seatrial.testbed.postgres_settings import subject_settings
from seatrial.testbed.preparation import Preparation
from seatrial.testbed.process import Warden
from seatrial.testbed.project_copy import ProjectCopy
from seatrial.testbed.readiness import MEMORY_ADVICE
from seatrial.testbed.readings import NOTHING_READ, CpuSeconds, Readings
from seatrial.testbed.running import Running
from seatrial.testbed.server import Gunicorn
from seatrial.testbed.surroundings import Surroundings
from seatrial.testbed.target import check_answers, check_target
from seatrial.testbed.this_machine import available_cpus, confine, is_in_memory
from seatrial.testbed.working_folder import make_working_folder

__all__ = ["Testbed"]

Tell = Callable[[str], None]
# An app that works in the background all the time never becomes idle; it is measured as it is.
SETTLE_MAX_S = 10.0


class Testbed:
    """Where one subject runs; a context manager.

    `with Testbed(spec) as testbed: testbed.prepare(); testbed.start(1, 4, fresh_data=False)`.
    Whatever happens, even kill -9 of this process, its processes, control groups and folder are removed.
    While it is open this process is confined to `placement.generator_cpus`.

    placement: of the subject in use. caveats: complete after `prepare`. url: where the subject answers, after `start`.
    database: None when the subject has none that Seatrial knows. round_trip_s: measured, to a database that is apart;
    None to one that is not. inside: what the measuring middleware sees, of a start that was asked for it.
    """

    __test__ = False

    placement: Placement
    database: Database | None
    inside: InsideView | None
    caveats: tuple[str, ...]
    url: str
    round_trip_s: float | None

    def __init__(
        self, spec: TrialSpec, work: Path | None = None, on_progress: Tell = lambda _: None, *, varied_hosts: int = 0
    ) -> None:
        """`work`: the folder in which the private, temporary folder is made (default: the system's).

        on_progress: called with a phrase at each step. varied_hosts: the most that `use` asks for, 0 for no variant.
        Raises SpecError when the target is not on this machine, TestbedError when the declared hosts do not fit.
        """
        self._subject: Subject = spec.subject
        self._limits = spec.plan.limits
        self._progress, self._is_varied = on_progress, varied_hosts > 0
        self._token = secrets.token_hex(6)
        self.folder = (work or Path(tempfile.gettempdir())).resolve() / f"seatrial-{self._token}"
        self.url, self.caveats = self._subject.url, ()
        self.database = self.inside = self.round_trip_s = None
        self._distance: Distance | None = None
        self._own_cpus = available_cpus()
        self._most = place_subject(spec, self._own_cpus, varied_hosts)
        self.placement = self._most.on(self._subject.services.hosts)
        self._keeper: Warden | None = None
        self._enclosure: Enclosure | None = None
        self._embedded: EmbeddedPostgres | None = None
        self._app = Instances()
        self._beside: Beside | None = None
        self._gunicorn: Gunicorn | None = None
        self._copy: ProjectCopy | None = None
        if self._subject.url:
            check_target(self._subject.url, allow_remote=spec.allow_remote)
        elif self._subject.database.kind == "url":
            self.database = GivenDatabase(self._subject.database.url)

    def __enter__(self) -> Self:
        if self._subject.url:
            self.caveats = (UNTOUCHED,)
            return self
        try:
            self._set_up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _set_up(self) -> None:
        self._keeper = keeper = Warden(self._token)
        keeper.tell(folder=str(self.folder))
        make_working_folder(self.folder)
        has_own_database, services = self._subject.database.kind == "embedded", self._subject.services
        inside = {"has_database": has_own_database, "has_services": self._is_varied or bool(services.names)}
        self._enclosure = Enclosure.build(keeper, self._limits, self._most, **inside)
        caveats = [*self._most.caveats, *self._enclosure.caveats, *of_hosts(self._most, self._limits)]
        if not confine(self.placement.generator_cpus):
            caveats.append(NO_PINNING)
        if has_own_database:
            cpus = self._most.database_cpus or self._most.hosts[0]
            at = Surroundings(keeper, self.folder, cpus, self._enclosure.database)
            settings = subject_settings(self._limits, self._subject.database)
            self._embedded = self.database = EmbeddedPostgres(at, settings)
            if is_in_memory(self.folder):
                caveats.append(kept_in_memory(str(self.folder.parent)))
        elif self.database is not None:
            caveats.append(OWN_DATABASE)
        self.caveats = tuple(caveats)

    def __exit__(self, *_: object) -> None:
        """The warden ends and removes everything; it does so as well when this process is killed in the middle."""
        if self._enclosure:
            self._enclosure.close()
        if self._keeper:
            self._keeper.close()
            confine(self._own_cpus)
        running, relay = self._running(), self._distance.process if self._distance else None
        for process in (*running.app, *running.services, running.database, relay):
            if process is not None:
                process.wait(1.0)
        self._app = Instances()

    def prepare(self) -> None:
        """Start the database, run the subject's `prepare` commands, take the snapshot that `fresh_data` returns to."""
        if self._subject.url:
            return
        if isinstance(self.database, GivenDatabase):
            self._progress("connecting to the database")
            self.database.check()
        if self._embedded:
            self._progress("starting PostgreSQL")
            self._embedded.start()
        if self._subject.is_copied:
            self._progress("copying the app's folder")
            self._copy = ProjectCopy(self._subject.directory, self.folder)
            self.caveats += (COPIED,)
        self.use(self._subject)
        if self._gunicorn and self._gunicorn.lent:
            self.caveats += (LENT,)
        self._preparation().commands(self._placeholders(), self._progress)
        self.stop()
        if self._copy:
            self._copy.snapshot()
        if self._embedded:
            self._progress("taking a snapshot of the data")
            self._embedded.vacuum_analyze()
            self._embedded.snapshot()
            self._embedded.checkpoint()
            if self._subject.database.is_apart:
                # Between the database and the app; `prepare` was spared it.
                cpus, round_trip_s = self.placement.generator_cpus, self._subject.database.round_trip_s
                way = self._embedded.placeholders()
                self._distance = Distance.between(self._open()[0], self.folder, cpus, way, round_trip_s)
                self.round_trip_s = self._distance.added_s
                self.caveats += (self._distance.words(),)

    def use(self, subject: Subject) -> None:
        """Start this variant from now on, on the same data: other settings, variables, or servers beside the app.

        Raises TestbedError for what is not installed, SpecError for a setting that PostgreSQL refuses.
        """
        self.stop()
        keeper, enclosure = self._open()
        self.placement = on_hosts(self._most, subject.services.hosts, self._limits)
        self._subject = dataclasses.replace(subject, directory=self._copy.path if self._copy else subject.directory)
        at = Surroundings(keeper, self.folder, self.placement.hosts[0], enclosure.services)
        self._beside = beside_of(subject.services, at, self._limits.subject_memory_bytes)
        if self._beside:
            self._beside.start_cache()  # its address is among the variables of everything that is run
        if self._embedded:
            self._embedded.run_with(subject_settings(self._limits, self._subject.database))
        self._progress(f"looking for {subject.server.kind}")
        self._gunicorn = self._preparation().find_server(self._placeholders())

    def _preparation(self) -> Preparation:
        return Preparation(self._subject, self._open()[0], self.folder, self.placement.generator_cpus)

    def _open(self) -> tuple[Warden, Enclosure]:
        if self._keeper is None or self._enclosure is None:
            raise TestbedError("the test bed is not open: use it as a context manager")
        return self._keeper, self._enclosure

    def _way_to_database(self) -> Mapping[str, str]:
        """Its placeholders, without the pooler."""
        if self._distance:
            return self._distance.placeholders
        return self.database.placeholders() if self.database else {}

    def _placeholders(self) -> dict[str, str]:
        values = with_direct(self._way_to_database()) | {"work": str(self.folder / "files")}
        if self._beside:
            values |= self._beside.placeholders(values)
        return values | self._subject.placeholders

    def start(
        self, workers: int, threads: int, *, fresh_data: bool, is_measured: bool = False, any_answer: bool = False
    ) -> None:
        """Start the subject and wait until it answers and its start no longer uses CPU; a running one is stopped first.

        workers: of all instances. fresh_data: restore the snapshot before. is_measured: with the measuring middleware,
        where it is gunicorn. any_answer: whatever the health path answers, it is up.
        """
        if self._subject.url:
            check_answers(self.url, self._subject.health_path, self._subject.start_timeout_s, self._subject.headers)
            return
        self.stop()
        if fresh_data and self._embedded:
            self._progress("restoring the data")
            self._embedded.restore()
        if fresh_data and self._copy:
            self._copy.restore()
        _, enclosure = self._open()
        enclosure.tighten()
        subject, work = self._subject, self.folder / f"inside-{time.monotonic_ns()}"
        if self._beside:
            self._progress("starting the servers beside the app")
            self._beside.start_cache()
            self._beside.start_pooler(self._way_to_database(), self._embedded.passwords() if self._embedded else {})
        self._progress(f"starting {subject.name}: {workers} x {threads}")
        self.inside = InsideView(work) if is_measured and self._gunicorn else None
        launch = Launch(self._preparation(), self.placement.hosts, enclosure.apps, self._gunicorn, self.inside)
        server = dataclasses.replace(subject.server, workers=workers, threads=threads)
        self._app.start(launch, server, self._placeholders())
        try:
            self._app.wait(subject, enclosure.out_of_memory, any_answer=any_answer)
        except TestbedError as error:
            error.details = self._with_advice(error.details)
            raise
        ports = self._app.ports
        port = self._beside.start_balancer(ports, server.keep_alive_s) if self._beside else ports[0]
        self.url = f"http://127.0.0.1:{port}"
        # The first worker answers while the others are still importing the app.
        enclosure.settle(self._running(), self._app.process_count, min(SETTLE_MAX_S, subject.start_timeout_s))

    def held_to(self, cpus: float) -> AbstractContextManager[bool]:
        """Another fraction of the CPUs for the subject meanwhile; gives whether it really is."""
        return self._enclosure.held_to(cpus) if self._enclosure else nullcontext(False)

    def stop(self) -> None:
        """Stop the subject and what is beside it (not the database); its CPU seconds stay counted."""
        # Read once more: without control groups the last reading of a process is all that is left of it.
        self.cpu_seconds()
        if self._beside:
            self._beside.stop()
        self._app.stop()

    @property
    def service_versions(self) -> Mapping[str, str]:
        """What each server beside the app says of itself, by its name; after `prepare`."""
        return self._beside.versions if self._beside else {}

    def _running(self) -> Running:
        database = self._embedded.process if self._embedded and self._embedded.is_started else None
        return Running(self._app.processes, database, self._beside.processes if self._beside else (), self._app.hosts)

    def cpu_seconds(self) -> CpuSeconds:
        """CPU seconds of app and database; two reads of open files, cheap enough between single requests."""
        if self._enclosure is None:
            return CpuSeconds(None, None)
        return self._enclosure.meters.cpu_seconds(self._running())

    def readings(self) -> Readings:
        """Every meter at once; takes a few milliseconds (PSS walks each process's pages)."""
        if self._enclosure is None:
            return dataclasses.replace(NOTHING_READ, at_s=time.perf_counter())
        return self._enclosure.readings(self._running())

    def check_alive(self) -> None:
        """Raise SubjectExited, with its last lines, when the app ended or memory ran out; else TestbedError."""
        if self._enclosure and (told := self._enclosure.out_of_memory()):
            raise SubjectExited(told, try_this=MEMORY_ADVICE, details=self.log_tail())
        for needed in (self._embedded, self._distance, self._beside, self._app):
            if needed is not None:
                needed.check_alive()

    def log_tail(self, lines: int = 20) -> str:
        """The app's last lines, and what to do about them where a service beside it is the reason."""
        return self._with_advice(self._app.log_tail(lines))

    def _with_advice(self, text: str) -> str:
        return f"{text}\n\n{advice}" if self._beside and (advice := self._beside.advice(text)) else text
