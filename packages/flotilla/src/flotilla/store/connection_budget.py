"""How many database connections one instance may come to hold, beside how many the database allows."""

from collections.abc import Mapping

import structlog

from flotilla.settings import Settings
from flotilla.store.schema import connect_or_explain

__all__ = ["allowed", "wanted", "warn_if_too_few"]

LISTENER = 1
ADVICE = "lower FLOTILLA_POOL_SIZE, FLOTILLA_WORKERS or FLOTILLA_THREADS, or put PgBouncer in between"


def wanted(settings: Settings) -> Mapping[str, int]:
    """By part, the most connections to PostgreSQL itself that it opens; those to a pooler are the pooler's affair."""
    each = 0 if settings.pooler_url else settings.pool_size
    parts = {"web": settings.workers * each}
    if settings.live:
        parts["live"] = each + LISTENER
    if settings.jobs:
        parts["jobs"] = settings.pool_size + LISTENER
    return parts


def allowed(settings: Settings) -> int:
    """How many the site's user may have at once, whoever else has some already. Raises StartError."""
    with connect_or_explain(settings.database_url, "FLOTILLA_DATABASE_URL", settings) as connection:
        row = connection.execute(
            """
            SELECT least(
                current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer
                    - coalesce(current_setting('reserved_connections', true)::integer, 0),
                (SELECT nullif(datconnlimit, -1) FROM pg_database WHERE datname = current_database()),
                (SELECT nullif(rolconnlimit, -1) FROM pg_roles WHERE rolname = current_user)
            )
            """
        ).fetchone()
    assert row is not None
    assert isinstance(row[0], int)
    return row[0]


def warn_if_too_few(settings: Settings) -> None:
    """Log the sum, term by term, when this instance alone may want more than there are."""
    parts, most = wanted(settings), allowed(settings)
    if sum(parts.values()) > most:
        log = structlog.get_logger("flotilla.database")
        log.warning("too few database connections", allowed=most, wanted=sum(parts.values()), **parts, try_this=ADVICE)
