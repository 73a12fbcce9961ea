"""The test bed: the subject and its database inside the plan's limits, and nothing left behind."""

import dataclasses
import os
import secrets
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from seatrial.errors import SubjectExited, TestbedError
from seatrial.spec.subject import Server, Subject
from seatrial.spec.trial_spec import TrialSpec
from seatrial.testbed.caveats import COPIED, LENT, NO_PINNING, OWN_DATABASE, UNTOUCHED, kept_in_memory
from seatrial.testbed.database import Database, GivenDatabase, with_direct
from seatrial.testbed.distance import Distance
from seatrial.testbed.enclosure import Enclosure
from seatrial.testbed.inside import InsideView
from seatrial.testbed.measured_server import FOLDER_VARIABLE, FREEZE_VARIABLE
from seatrial.testbed.placement import Placement, place
from seatrial.testbed.postgres import EmbeddedPostgres, Surroundings
from seatrial.testbed.postgres_settings import tuned_settings
from seatrial.testbed.preparation import Preparation, command_words
from seatrial.testbed.process import Order, Process, Warden
from seatrial.testbed.project_copy import ProjectCopy
from seatrial.testbed.readiness import MEMORY_ADVICE, check_runs, free_port, wait_until_ready
from seatrial.testbed.readings import NOTHING_READ, CpuSeconds, Readings
from seatrial.testbed.server import Gunicorn, server_argv
from seatrial.testbed.target import check_answers, check_target
from seatrial.testbed.this_machine import available_cpus, core_siblings, is_in_memory
from seatrial.testbed.working_folder import make_working_folder

__all__ = ["Testbed"]

# PostgreSQL's own default of 100, less those kept for superusers and the meter.
CONNECTIONS = 92
# The kernel takes the app first when memory runs out: on a server the database is protected.
APP_OOM_SCORE_ADJ = 600
# An app that works in the background all the time never becomes idle; it is measured as it is.
SETTLE_MAX_S = 10.0


class Testbed:
    """Where one subject runs; a context manager.

    `with Testbed(spec) as testbed: testbed.prepare(); testbed.start(1, 4, fresh_data=False)`.
    Whatever happens, even kill -9 of this process, its processes, control groups and folder are removed.
    While it is open this process is confined to `placement.generator_cpus`.

    placement: from the start. caveats: complete after `prepare`. url: where the subject answers, after `start`.
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
        self, trial_spec: TrialSpec, work: Path | None = None, on_progress: Callable[[str], None] = lambda _: None
    ) -> None:
        """`work`: the folder in which the private, temporary folder is made (default: the system's).

        on_progress: called with a phrase at each step. Raises SpecError when the target is not on this machine.
        """
        self._subject: Subject = trial_spec.subject
        self._limits = trial_spec.plan.limits
        self._progress = on_progress
        self._token = secrets.token_hex(6)
        self._folder = (work or Path(tempfile.gettempdir())).resolve() / f"seatrial-{self._token}"
        self.url = self._subject.url
        self.caveats = ()
        self.database = self.inside = None
        self.round_trip_s = None
        self._distance: Distance | None = None
        self._own_cpus = available_cpus()
        is_apart = self._subject.database.is_apart
        self.placement = place(
            self._own_cpus, self._limits.cpus, core_siblings(self._own_cpus), is_database_apart=is_apart
        )
        self._keeper: Warden | None = None
        self._enclosure: Enclosure | None = None
        self._embedded: EmbeddedPostgres | None = None
        self._app: Process | None = None
        self._gunicorn: Gunicorn | None = None
        self._copy: ProjectCopy | None = None
        if self._subject.url:
            check_target(self._subject.url, allow_remote=trial_spec.allow_remote)
        elif self._subject.database.kind == "url":
            self.database = GivenDatabase(self._subject.database.url)

    def __enter__(self) -> Self:
        if self._subject.url:
            self.caveats = (UNTOUCHED,)
            return self
        try:
            self._set_up()
        except BaseException:
            self._tear_down()
            raise
        return self

    def _set_up(self) -> None:
        self._keeper = keeper = Warden(self._token)
        keeper.tell(folder=str(self._folder))
        make_working_folder(self._folder)
        has_own_database = self._subject.database.kind == "embedded"
        self._enclosure = Enclosure.build(keeper, self._limits, self.placement, has_database=has_own_database)
        caveats = [*self.placement.caveats, *self._enclosure.caveats]
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, self.placement.generator_cpus)
        else:
            caveats.append(NO_PINNING)
        if has_own_database:
            cpus = self.placement.database_cpus or self.placement.subject_cpus
            settings = tuned_settings(self._limits.subject_memory_bytes, CONNECTIONS)
            settings.update(self._subject.database.settings)
            surroundings = Surroundings(keeper, self._folder, cpus, self._enclosure.database)
            self._embedded = self.database = EmbeddedPostgres(surroundings, settings)
            if is_in_memory(self._folder):
                caveats.append(kept_in_memory(str(self._folder.parent)))
        elif self.database is not None:
            caveats.append(OWN_DATABASE)
        self.caveats = tuple(caveats)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tear_down()

    def _tear_down(self) -> None:
        """The warden ends and removes everything; it does so as well when this process is killed in the middle."""
        if self._enclosure:
            self._enclosure.close()
        if self._keeper:
            self._keeper.close()
            if hasattr(os, "sched_setaffinity"):
                os.sched_setaffinity(0, self._own_cpus)
        relay = self._distance.process if self._distance else None
        for process in (self._app, self._database_process(), relay):
            if process is not None:
                process.wait(1.0)
        self._app = None

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
            self._copy = ProjectCopy(self._subject.directory, self._folder)
            self._subject = dataclasses.replace(self._subject, directory=self._copy.path)
            self.caveats += (COPIED,)
        preparation = self._preparation()
        if self._subject.server.kind == "gunicorn":
            self._progress("looking for gunicorn")
            self._gunicorn = preparation.find_gunicorn(self._placeholders(free_port()))
            if self._gunicorn.lent:
                self.caveats += (LENT,)
        for number, command in enumerate(self._subject.prepare):
            self._progress(f"preparing: {command_words(command)}")
            preparation.command(number, self._placeholders(free_port()))
        if self._copy:
            self._copy.snapshot()
        if self._embedded:
            self._progress("taking a snapshot of the data")
            self._embedded.vacuum_analyze()
            self._embedded.snapshot()
            self._embedded.checkpoint()
            if self._subject.database.is_apart:
                self._move_away(self._embedded)

    def _move_away(self, database: EmbeddedPostgres) -> None:
        """Put the way to the database between it and the app; `prepare` was spared it."""
        cpus = self.placement.generator_cpus
        distance = Distance(self._open()[0], self._folder, cpus, database.placeholders())
        distance.start(self._subject.database.round_trip_s)
        self._distance, self.round_trip_s = distance, distance.added_s
        self.caveats += (distance.words(),)

    def _preparation(self) -> Preparation:
        return Preparation(self._subject, self._open()[0], self._folder, self.placement.generator_cpus)

    def _open(self) -> tuple[Warden, Enclosure]:
        if self._keeper is None or self._enclosure is None:
            raise TestbedError("the test bed is not open: use it as a context manager")
        return self._keeper, self._enclosure

    def _placeholders(self, port: int) -> dict[str, str]:
        values = with_direct(self.database.placeholders()) if self.database else {}
        values["port"] = str(port)
        values["work"] = str(self._folder / "files")
        return values | self._subject.placeholders

    def start(
        self, workers: int, threads: int, *, fresh_data: bool, is_measured: bool = False, any_answer: bool = False
    ) -> None:
        """Start the subject and wait until it answers and its start no longer uses CPU; a running one is stopped first.

        fresh_data: restore the snapshot before. is_measured: with the measuring middleware, where it is gunicorn.
        any_answer: whatever the health path answers, it is up.
        """
        if self._subject.url:
            check_answers(self._subject.url, self._subject.health_path, self._subject.start_timeout_s)
            return
        self.stop()
        if fresh_data and self._embedded:
            self._progress("restoring the data")
            self._embedded.restore()
        if fresh_data and self._copy:
            self._copy.restore()
        _, enclosure = self._open()
        enclosure.tighten()
        self._progress(f"starting {self._subject.name}: {workers} x {threads}")
        port = free_port()
        self.inside = InsideView(self._folder / f"inside-{port}") if is_measured and self._gunicorn else None
        self._app = self._launch(dataclasses.replace(self._subject.server, workers=workers, threads=threads), port)
        path, patience_s = self._subject.health_path, self._subject.start_timeout_s
        wait_until_ready(self._app, port, path, patience_s, enclosure.out_of_memory, any_answer=any_answer)
        self.url = f"http://127.0.0.1:{port}"
        # The first worker answers while the others are still importing the app.
        processes = workers + 1 if self._gunicorn else 1
        enclosure.settle(self._app, processes, min(SETTLE_MAX_S, patience_s))

    def _launch(self, server: Server, port: int) -> Process:
        keeper, enclosure = self._open()
        group = enclosure.app
        values = self._placeholders(port) | {"workers": str(server.workers), "threads": str(server.threads)}
        if self._distance:
            values |= self._distance.placeholders
        gunicorn = self._gunicorn
        environment = self._preparation().environment(values, gunicorn.lent if gunicorn else None)
        environment |= {FREEZE_VARIABLE: "1"} if gunicorn and server.freeze_gc else {}
        if self.inside and gunicorn:
            gunicorn = dataclasses.replace(gunicorn, is_measured=True)
            environment[FOLDER_VARIABLE] = str(self.inside.folder)
        order = Order(
            argv=server_argv(self._subject, server, port, values, gunicorn),
            environment=environment,
            directory=self._subject.directory,
            log=self._folder / f"app-{time.monotonic_ns()}.log",
            cpus=self.placement.subject_cpus,
            groups=group.entries if group else (),
            own_group=group.members if group else None,
            oom_score_adj=APP_OOM_SCORE_ADJ,
        )
        return Process(order, keeper)

    def stop(self) -> None:
        """Stop the subject (not the database); its CPU seconds stay counted."""
        if self._app is not None:
            # Read once more: without control groups the last reading of a process is all that is left of it.
            self.cpu_seconds()
            self._app.stop()
            self._app = None

    def _database_process(self) -> Process | None:
        return self._embedded.process if self._embedded and self._embedded.is_started else None

    def cpu_seconds(self) -> CpuSeconds:
        """CPU seconds of app and database; two reads of open files, cheap enough between single requests."""
        if self._enclosure is None:
            return CpuSeconds(None, None)
        return self._enclosure.cpu_seconds(self._app, self._database_process())

    def readings(self) -> Readings:
        """Every meter at once; takes a few milliseconds (PSS walks each process's pages)."""
        if self._enclosure is None:
            return dataclasses.replace(NOTHING_READ, at_s=time.perf_counter())
        return self._enclosure.readings(self._app, self._database_process())

    def check_alive(self) -> None:
        """Raise SubjectExited when the app ended or ran out of memory since `start`, with its last lines.

        TestbedError when it is the embedded PostgreSQL that ended.
        """
        if self._enclosure and (told := self._enclosure.out_of_memory()):
            raise SubjectExited(told, try_this=MEMORY_ADVICE, details=self.log_tail())
        for needed in (self._embedded, self._distance):
            if needed is not None:
                needed.check_alive()
        if self._app is not None:
            check_runs(self._app)

    def log_tail(self, lines: int = 20) -> str:
        """The app's last lines."""
        return self._app.log_tail(lines) if self._app else ""
