"""The system under test, as declared."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Database", "Server", "Subject"]


@dataclass(frozen=True, slots=True)
class Server:
    """The process that runs the app.

    kind: "gunicorn" (started as `python -m gunicorn app`) or "command" (the user's own line, with `{port}`).
    worker_class: "gthread" or "sync" (gunicorn only).
    workers, threads: processes, and request slots in each; for "command" they say how many slots the line starts.
    keep_alive_s: how long the server keeps an idle connection open.
    """

    kind: str = "gunicorn"
    command: tuple[str, ...] = ()
    worker_class: str = "gthread"
    workers: int = 1
    threads: int = 4
    keep_alive_s: int = 5

    @property
    def slots(self) -> int:
        """Requests that can be inside the subject at once."""
        return self.workers * (1 if self.worker_class == "sync" else self.threads)


@dataclass(frozen=True, slots=True)
class Database:
    """Where the subject's data is.

    kind: "embedded" (Seatrial starts a private PostgreSQL), "url" (a server of yours on this machine) or "none".
    url: only for "url".
    """

    kind: str = "embedded"
    url: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is measured: an app, how to start it and how to know that it is up.

    app: the WSGI callable as gunicorn names it, such as "flotilla.app:create_app()".
    directory: the subject's working directory, absolute.
    python: the interpreter that has the app's packages, absolute.
    health_path: a path that answers 200 when the app is up.
    environment: variables for the app and its `prepare` commands; values may hold {database_url}, {database_host},
        {database_port}, {database_name}, {database_user}, {database_password}, {port} and {work}.
    prepare: commands run once, in order, before the first start (migrations, seed); same placeholders and {python},
        {bin}.
    url: set to measure something already running (no start, no limits, no CPU readings).
    start_timeout_s: how long the app may take to answer its health path.
    """

    name: str
    app: str
    directory: Path
    python: Path
    health_path: str = "/"
    environment: Mapping[str, str] = field(default_factory=dict)
    prepare: tuple[tuple[str, ...], ...] = ()
    server: Server = field(default_factory=Server)
    database: Database = field(default_factory=Database)
    url: str = ""
    start_timeout_s: float = 30.0
    prepare_timeout_s: float = 180.0

    @property
    def shape(self) -> tuple[int | None, int | None]:
        """Workers and threads of the declared server; unknown of an app that somebody else started."""
        return (None, None) if self.url else (self.server.workers, self.server.threads)
