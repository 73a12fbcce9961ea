"""How every connection to the database is opened: with deadlines for connecting, statements, locks and dead peers."""

from typing import Any

from flotilla.settings import Settings

__all__ = ["connection_arguments", "pooler_arguments", "session_settings"]

IDLE_IN_TRANSACTION_MAX_S = 30


def session_settings(settings: Settings) -> dict[str, str]:
    """PostgreSQL's settings that hold on every connection of the site, by name; times in milliseconds."""
    return {
        "statement_timeout": str(round(settings.statement_timeout_s * 1000)),
        "lock_timeout": str(round(settings.lock_timeout_s * 1000)),
        "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_MAX_S * 1000),
        # Compiling a statement takes longer than any of ours runs.
        "jit": "off",
        # A prepared statement is planned once, for any values. Left to choose, the server plans each one that takes an
        # array anew at every request (it guesses ten elements, and sees that there are fewer): 1 to 2.5 ms of its CPU.
        "plan_cache_mode": "force_generic_plan",
    }


def connection_arguments(settings: Settings) -> dict[str, Any]:
    """What a connection to PostgreSQL itself is opened with."""
    options = " ".join(f"-c {name}={value}" for name, value in session_settings(settings).items())
    return _carried_everywhere(settings) | {"options": options}


def pooler_arguments(settings: Settings) -> dict[str, Any]:
    """What a connection through the pooler is opened with.

    It refuses options (`pooler.check` has the database keep them instead), and the next statement may run on another
    connection to PostgreSQL, where nothing was prepared.
    """
    return _carried_everywhere(settings) | {"prepare_threshold": None}


def _carried_everywhere(settings: Settings) -> dict[str, Any]:
    return {
        "application_name": "flotilla",
        "connect_timeout": settings.connect_timeout_s,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
    }
