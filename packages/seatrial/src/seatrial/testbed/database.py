"""The subject's database as measuring sees it, and the kind that the user runs on this machine."""

from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict

from seatrial.errors import SpecError, TestbedError
from seatrial.testbed.query_log import METER_NAME, QueryCount
from seatrial.testbed.this_machine import is_this_machine

__all__ = ["Database", "GivenDatabase", "with_direct"]

CONNECT_TIMEOUT_S = 5


def with_direct(placeholders: Mapping[str, str]) -> dict[str, str]:
    """A database's placeholders, and the same way to it under names that no pooler ever gets between."""
    direct = ("database_url", "database_host", "database_port")
    return {**placeholders, **{f"direct_{name}": placeholders[name] for name in direct if placeholders}}


class Database(Protocol):
    """What measuring needs of a database."""

    @property
    def url(self) -> str:
        """The address the app is given."""

    @property
    def is_private(self) -> bool:
        """Whether it is Seatrial's own: it can be reset and its queries counted (else TestbedError)."""

    def placeholders(self) -> Mapping[str, str]:
        """database_url, database_host, ...: what {database_url} and the others stand for."""

    def restore(self) -> None:
        """Return the data to the snapshot taken at the end of `prepare` (connections are closed)."""

    def vacuum_analyze(self) -> None:
        """VACUUM ANALYZE of everything, so that the planner knows the data."""

    def checkpoint(self) -> None:
        """Force a checkpoint, so that none is due soon."""

    def query_log_on(self) -> None:
        """Log every statement and its time, for a separate pass; returns when every connection does so."""

    def query_log_mark(self) -> int:
        """A position in the log."""

    def queries_since(self, mark: int) -> QueryCount:
        """What was executed since the mark, without the meter's own."""

    def query_log_off(self) -> None:
        """Stop logging statements; returns when it is in force."""

    def meter(self) -> "psycopg.Connection[tuple[Any, ...]]":
        """A connection to the subject's database that sees what every other does; whoever asks closes it."""


class GivenDatabase:
    """A PostgreSQL of the user's on this machine: connected to, but neither tuned nor reset nor ended."""

    is_private = False

    def __init__(self, url: str) -> None:
        """Raises SpecError when `url` is no PostgreSQL address or not on this machine; connects to nothing yet."""
        self.url = url
        scheme = urlsplit(url).scheme
        if "://" in url and scheme.partition("+")[0] not in {"postgres", "postgresql"}:
            raise SpecError(
                f"{scheme} is not PostgreSQL",
                where="subject.database.url",
                try_this='For another database set kind = "none" and give its address in subject.environment.',
            )
        # SQLAlchemy names its driver in the scheme (postgresql+psycopg://), which libpq does not know.
        self._dsn = url.replace(f"{scheme}://", "postgresql://", 1) if scheme else url
        try:
            parts = {key: str(value) for key, value in conninfo_to_dict(self._dsn).items()}
        except psycopg.ProgrammingError as error:
            raise SpecError(
                f"the database's address cannot be read: {str(error).strip()}",
                where="subject.database.url",
                try_this="Write it as postgresql://user:password@127.0.0.1:5432/name.",
            ) from error
        self._host = parts.get("host", "/tmp")  # noqa: S108 -- stands for libpq's own default, a local socket
        self._port = parts.get("port", "5432")
        self._user = parts.get("user", "")
        self._password = parts.get("password", "")
        self._name = parts.get("dbname", self._user)
        for host in self._host.split(","):
            if not is_this_machine(host):
                raise SpecError(
                    f"the database's host {host} is not this machine",
                    where="subject.database.url",
                    try_this="Seatrial loads databases on this machine only: a copy of the data here, or "
                    'kind = "embedded".',
                )

    def placeholders(self) -> Mapping[str, str]:
        """As the user wrote them."""
        return {
            "database_url": self.url,
            "database_host": self._host,
            "database_port": self._port,
            "database_name": self._name,
            "database_user": self._user,
            "database_password": self._password,
        }

    def check(self) -> None:
        """Connect once. Raises TestbedError with the server's own words when it is refused."""
        self._run("SELECT 1")

    def _run(self, statement: str) -> None:
        try:
            with psycopg.connect(
                self._dsn, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S, application_name=METER_NAME
            ) as connection:
                connection.execute(statement.encode())
        except psycopg.OperationalError as error:
            raise TestbedError(
                f"the database at {self._host}, port {self._port}, database `{self._name}`, user `{self._user}`, "
                "cannot be used",
                where="subject.database.url",
                try_this=_advice(str(error)),
                details=str(error).strip(),
            ) from error

    def vacuum_analyze(self) -> None:
        """VACUUM ANALYZE of what this user may."""
        self._run("VACUUM ANALYZE")

    def checkpoint(self) -> None:
        """Not ours to force."""

    def restore(self) -> None:
        """Not ours to reset: raises TestbedError."""
        raise self._not_ours("reset")

    def query_log_on(self) -> None:
        """Not ours to configure: raises TestbedError."""
        raise self._not_ours("asked to log its statements")

    def query_log_off(self) -> None:
        """Nothing was changed."""

    def query_log_mark(self) -> int:
        """Raises TestbedError."""
        raise self._not_ours("asked to log its statements")

    def queries_since(self, mark: int) -> QueryCount:
        """Raises TestbedError."""
        raise self._not_ours(f"asked to log its statements (since {mark})")

    def meter(self) -> "psycopg.Connection[tuple[Any, ...]]":
        """Raises TestbedError: nothing is asked of it beside the app."""
        raise self._not_ours("watched")

    @staticmethod
    def _not_ours(what: str) -> TestbedError:
        return TestbedError(
            f"your own database is not {what} by Seatrial",
            where="subject.database",
            try_this='Use kind = "embedded" for fresh data at every start and for queries per request.',
        )


def _advice(words: str) -> str:
    """What to try, from the words of libpq and of the server."""
    lowered = words.lower()
    if "connection refused" in lowered or "no such file" in lowered:
        return 'No server listens there: start PostgreSQL, correct the port, or use kind = "embedded".'
    if "password authentication failed" in lowered or "no password supplied" in lowered:
        return "Correct the user or the password in the address."
    if "does not exist" in lowered:
        return "Create it first (createdb, createuser), or correct the name."
    if "timeout" in lowered or "timed out" in lowered:
        return "Something listens there but does not answer as PostgreSQL: check the port."
    return "The server's own words are below."
