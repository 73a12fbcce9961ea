"""Getting ready to work through a pooler (PgBouncer): what its connections cannot carry, the database keeps itself."""

import psycopg
import structlog
from psycopg import sql

from flotilla.errors import StartError
from flotilla.settings import Settings
from flotilla.store.connecting import pooler_arguments, session_settings
from flotilla.store.schema import address, connect_or_explain

__all__ = ["check"]

LOCK_KEY = 0x504F4F4C  # "POOL": one process at a time changes the role
# What a pooler says when it is there, and will never let this site in.
REFUSALS = ("authentication failed", "no such user", "no such database", "unsupported startup", "not allowed")
WHO = "SELECT current_user, current_database(), pg_postmaster_start_time()"


def check(settings: Settings) -> None:
    """Have the database keep the site's deadlines for all connections of its user, and see that the pooler leads there.

    A pooler that does not answer is logged: the site runs past it meanwhile. Raises StartError when it leads elsewhere
    or refuses the site.
    """
    with connect_or_explain(settings.database_url, "FLOTILLA_DATABASE_URL", settings) as connection:
        _keep_deadlines(connection, session_settings(settings))
        expected = connection.execute(WHO).fetchone()
    log = structlog.get_logger("flotilla.pooler")
    try:
        with psycopg.connect(settings.pooler_url, autocommit=True, **pooler_arguments(settings)) as connection:
            found = connection.execute(WHO).fetchone()
            kept = _held(connection, session_settings(settings))
    except psycopg.OperationalError as error:
        said = " ".join(str(error).split())
        if any(words in said for words in REFUSALS):
            raise _refused(settings, said) from error
        log.error("pooler does not answer, connecting past it", where=address(settings.pooler_url), said=said)
        return
    if found != expected:
        raise StartError(
            f"FLOTILLA_POOLER_URL ({address(settings.pooler_url)}) leads to another database, or to another user, than "
            "FLOTILLA_DATABASE_URL.",
            try_this="Both have to name the same user of the same database; look at [databases] in pgbouncer.ini.",
        )
    if kept != session_settings(settings):
        # It keeps them until they are old: an hour, by PgBouncer's server_lifetime.
        log.warning("some connections of the pooler have other deadlines; restart it to have the new ones", found=kept)


def _keep_deadlines(connection: psycopg.Connection[tuple[object, ...]], wanted: dict[str, str]) -> None:
    """As defaults of this user in this database, which every user may set for itself."""
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK_KEY])
        row = connection.execute(
            "SELECT setconfig FROM pg_db_role_setting JOIN pg_roles ON pg_roles.oid = setrole JOIN pg_database"
            " ON pg_database.oid = setdatabase WHERE rolname = current_user AND datname = current_database()"
        ).fetchone()
        kept = set(row[0]) if row and isinstance(row[0], list) else set()
        database = sql.Identifier(connection.info.dbname)
        for name, value in wanted.items():
            if f"{name}={value}" not in kept:
                connection.execute(
                    sql.SQL("ALTER ROLE CURRENT_USER IN DATABASE {database} SET {name} = {value}").format(
                        database=database, name=sql.Identifier(name), value=sql.Literal(value)
                    )
                )


def _held(connection: psycopg.Connection[tuple[object, ...]], names: dict[str, str]) -> dict[str, str]:
    rows = connection.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [list(names)])
    return {str(name): str(value) for name, value in rows}


def _refused(settings: Settings, said: str) -> StartError:
    return StartError(
        f"The pooler at {address(settings.pooler_url)} (from FLOTILLA_POOLER_URL) refuses the site: {said}",
        try_this="The user and its password have to stand in PgBouncer's auth_file (userlist.txt), the database under "
        "[databases] in pgbouncer.ini. To do without a pooler, unset FLOTILLA_POOLER_URL.",
    )
