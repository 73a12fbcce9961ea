"""Whether the database is there and holds the tables this program needs."""

import psycopg

from flotilla.errors import StartError
from flotilla.settings import Settings
from flotilla.store.connecting import connection_arguments
from flotilla.store.database import Work

__all__ = ["SCHEMA_VERSION", "address", "check", "connect_or_explain", "owner_url", "version"]

SCHEMA_VERSION = "0012"


def address(url: str) -> str:
    """`host:port, database`: what may be shown of an address that holds a password."""
    parts = psycopg.conninfo.conninfo_to_dict(url)
    host, port = parts.get("host") or "the local socket", parts.get("port") or 5432
    return f"{host}:{port}, database {parts.get('dbname') or parts.get('user')}"


def owner_url(settings: Settings) -> str:
    """The owner's address. Raises StartError, explaining, when it is not set or is the application's own user."""
    if not settings.owner_url:
        raise StartError(
            "FLOTILLA_OWNER_URL is not set: whose tables shall they be?",
            try_this="Set it to the same database as FLOTILLA_DATABASE_URL, but with the user who owns the database "
            "(on your own machine often postgres). The site itself runs as another user, who can read and write rows "
            "and cannot change or drop a table.",
        )
    owner, user = (
        psycopg.conninfo.conninfo_to_dict(url).get("user") for url in (settings.owner_url, settings.database_url)
    )
    if owner == user:
        raise StartError(
            f"FLOTILLA_OWNER_URL and FLOTILLA_DATABASE_URL name the same user, {user}.",
            try_this="Write another user and a password of your choice into FLOTILLA_DATABASE_URL; "
            "`flotilla migrate` creates that user.",
        )
    return settings.owner_url


def connect_or_explain(url: str, setting: str, settings: Settings) -> psycopg.Connection[tuple[object, ...]]:
    """One connection outside the pool. Raises StartError: where it tried, what the server said, what to try."""
    try:
        return psycopg.connect(url, autocommit=True, **connection_arguments(settings))
    except psycopg.OperationalError as error:
        said = " ".join(str(error).split())
        raise StartError(
            f"Cannot use the database at {address(url)} (from {setting}): {said}", try_this=_advice(said, setting)
        ) from error


def _advice(said: str, setting: str) -> str:
    if "password authentication failed" in said or "no password supplied" in said or "role " in said:
        if setting == "FLOTILLA_DATABASE_URL":
            return f"Check user and password in {setting}; `flotilla migrate` creates that user if it is missing."
        return f"Check user and password in {setting}."
    if "does not exist" in said:
        return f"Create the database first (createdb), or correct its name in {setting}."
    return f"Is PostgreSQL running there, and do host and port in {setting} fit? Try: pg_isready -h HOST -p PORT"


def version(work: Work) -> str:
    """The version of the tables, as the running site sees it."""
    row = work.one("SELECT version_num FROM g.schema_version", {})
    return "" if row is None else str(row[0])


def check(settings: Settings) -> None:
    """Raise StartError unless the site's user reaches the database and finds the right version of the tables there."""
    with connect_or_explain(settings.database_url, "FLOTILLA_DATABASE_URL", settings) as connection:
        try:
            row = connection.execute("SELECT version_num FROM g.schema_version").fetchone()
        except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName, psycopg.errors.InsufficientPrivilege):
            row = None
    where = address(settings.database_url)
    if row is None:
        raise StartError(
            f"The database at {where} holds no tables that this site may use.", try_this="Run: flotilla migrate"
        )
    found = str(row[0])
    if found == SCHEMA_VERSION:
        return
    # Versions are numbers written with leading zeros.
    run = "flotilla migrate" if found < SCHEMA_VERSION else "this program is older than the database: update it"
    raise StartError(
        f"The database at {where} has schema version {found}; this program needs {SCHEMA_VERSION}.",
        try_this=f"Run: {run}" if found < SCHEMA_VERSION else run.capitalize() + ".",
    )
