"""Bringing the database to the version this program needs, and letting the site's user in. The owner's work.

Alembic and SQLAlchemy are loaded here only: the running site needs neither, nor the memory they take.
"""

import time
from pathlib import Path

import alembic.command
import alembic.config
import psycopg
import sqlalchemy as sa
from psycopg import sql

import flotilla.migrations
from flotilla.errors import StartError
from flotilla.settings import Settings
from flotilla.store.schema import address, connect_or_explain, owner_url

__all__ = ["migrate", "newest_version"]

LOCK_KEY = 0x464C4F54  # "FLOT": one migrate at a time
# While a migration waits for a lock, whoever comes later waits behind it: so it waits less than a person would notice,
# gives way, and tries again.
LOCK_WAIT_MS = 700
PAUSE_S = 1.0
ATTEMPTS = 30


def newest_version() -> str:
    """The version that the newest migration leads to."""
    from alembic.script import ScriptDirectory

    return str(ScriptDirectory.from_config(_alembic_config()).get_current_head())


def migrate(settings: Settings) -> str:
    """Run the missing migrations and set the application's rights; the version reached. Raises StartError."""
    url = owner_url(settings)
    connect_or_explain(url, "FLOTILLA_OWNER_URL", settings).close()
    try:
        _until_it_gets_its_locks(url, settings)
        with connect_or_explain(url, "FLOTILLA_OWNER_URL", settings) as connection, connection.transaction():
            _let_application_in(connection, settings)
    except psycopg.Error as error:
        raise _explained(error, url) from error
    except sa.exc.DBAPIError as error:
        raise _explained(error.orig or error, url) from error
    return newest_version()


def _until_it_gets_its_locks(url: str, settings: Settings) -> None:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _run_migrations(url, settings)
        except sa.exc.DBAPIError as error:
            if not isinstance(error.orig, psycopg.errors.LockNotAvailable) or attempt == ATTEMPTS:
                raise
            time.sleep(PAUSE_S)
    return None


def _explained(error: BaseException, url: str) -> StartError:
    advice = "What was finished before is kept, and what failed can be done again: `flotilla migrate` goes on there."
    if isinstance(error, psycopg.errors.LockNotAvailable):
        advice = "Another `flotilla migrate`, or a long transaction, holds it up: try again when that has ended."
    elif isinstance(error, psycopg.errors.InsufficientPrivilege):
        advice = (
            "The user in FLOTILLA_OWNER_URL has to be allowed to create schemas in this database and, unless the "
            "application's user exists already, to create users (CREATEROLE)."
        )
    return StartError(f"Could not migrate the database at {address(url)}: {error}", try_this=advice)


def _alembic_config() -> alembic.config.Config:
    config = alembic.config.Config()
    config.set_main_option("script_location", str(Path(flotilla.migrations.__path__[0])).replace("%", "%%"))
    return config


def _run_migrations(url: str, settings: Settings) -> None:
    # No statement_timeout: a migration may take its time, as long as nobody waits for it.
    engine = sa.create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect(
            url,
            connect_timeout=settings.connect_timeout_s,
            application_name="flotilla migrate",
            options=f"-c lock_timeout={LOCK_WAIT_MS}ms",
        ),
        poolclass=sa.NullPool,
    )
    config = _alembic_config()
    with engine.connect() as connection:
        connection.execute(sa.text("SELECT pg_advisory_lock(:key)"), {"key": LOCK_KEY})
        connection.execute(sa.text("CREATE SCHEMA IF NOT EXISTS g"))
        connection.commit()
        config.attributes["connection"] = connection
        alembic.command.upgrade(config, "head")
        connection.commit()


def _let_application_in(connection: psycopg.Connection[tuple[object, ...]], settings: Settings) -> None:
    parts = psycopg.conninfo.conninfo_to_dict(settings.database_url)
    user, password = str(parts["user"]), str(parts.get("password") or "")
    _create_role_if_missing(connection, user, password)
    role = sql.Identifier(user)
    schemas = [str(row[0]) for row in connection.execute("SELECT DISTINCT schema_name FROM g.shard_map ORDER BY 1")]
    for schema in map(sql.Identifier, schemas):
        for right in (
            "GRANT USAGE ON SCHEMA {schema} TO {role}",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}",
            "GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role}",
            "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}",
            "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT USAGE ON SEQUENCES TO {role}",
        ):
            connection.execute(sql.SQL(right).format(schema=schema, role=role))
    for right in (
        "GRANT USAGE ON SCHEMA g TO {role}",
        "GRANT SELECT ON ALL TABLES IN SCHEMA g TO {role}",
        "GRANT INSERT, UPDATE, DELETE ON g.account TO {role}",
        "GRANT INSERT, UPDATE, DELETE ON g.invite TO {role}",
        "GRANT INSERT ON g.hashtag TO {role}",
        "GRANT INSERT, UPDATE, DELETE ON g.report, g.report_note, g.sanction, g.rule, g.announcement TO {role}",
        "GRANT INSERT, UPDATE, DELETE ON g.ip_block, g.mail_domain_block, g.site_setting TO {role}",
        # What was done is added to and read, and by nobody who signs in with these rights ever changed.
        "GRANT INSERT ON g.audit_log, g.daily_statistics TO {role}",
        "GRANT INSERT, UPDATE, DELETE ON g.job, g.home_pushing TO {role}",
        "GRANT INSERT, DELETE ON g.app, g.app_token TO {role}",
        "GRANT SELECT, USAGE ON g.visibility_epoch TO {role}",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA g GRANT SELECT ON TABLES TO {role}",
    ):
        connection.execute(sql.SQL(right).format(role=role))


def _create_role_if_missing(connection: psycopg.Connection[tuple[object, ...]], user: str, password: str) -> None:
    found = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = %s", [user]).fetchone()
    if found is None:
        # Sent as a SCRAM verifier: the password itself would end up in the server's log of statements.
        verifier = connection.pgconn.encrypt_password(password.encode(), user.encode(), b"scram-sha-256")
        connection.execute(
            sql.SQL("CREATE ROLE {role} LOGIN PASSWORD {verifier}").format(
                role=sql.Identifier(user), verifier=sql.Literal(verifier.decode())
            )
        )
    elif found[0]:
        raise StartError(
            f"The user {user} in FLOTILLA_DATABASE_URL is a superuser, who may do anything to any table.",
            try_this="Name another user there; `flotilla migrate` creates it.",
        )
