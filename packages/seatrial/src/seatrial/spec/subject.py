"""The system under test, as declared."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from seatrial.spec.services import Services

__all__ = [
    "EVENT_LOOP",
    "EVENT_LOOP_SLOTS",
    "SATURATING_MAX",
    "SERVER_KINDS",
    "WORKER_CLASSES",
    "Database",
    "Server",
    "Subject",
    "saturating_requests",
    "slots_per_process",
]

SERVER_KINDS = ("gunicorn", "uvicorn", "hypercorn", "granian", "waitress")
"""Servers that Seatrial starts by name, from the subject's own Python."""

WORKER_CLASSES = ("gthread", "sync", "gevent", "asgi")
"""gunicorn's, as far as Seatrial starts and understands them."""

EVENT_LOOP = ("gevent", "asgi")
"""Those whose processes work on as many requests as come, in one thread."""

EVENT_LOOP_SLOTS = 40
"""Reckoned with for each of their processes: anyio runs so many plain functions of an ASGI app at once."""

SATURATING_MAX = 512
"""Most requests kept inside to saturate an app: an event loop has slots without end."""


def saturating_requests(workers: int, threads: int) -> int:
    """How many requests to keep inside so that something is always waiting; threads: slots of each worker.

    Four times the slots: with twice, threads under the GIL were seen to idle between an answer and the next request,
    4 % less. Several workers each have a line of their own, and chance leaves some of them idle: of W single servers
    with N customers between them each is busy for N / (N + W - 1) of the time (balanced closed network, Gordon and
    Newell 1967), which sixteen a worker make 94 % at least.
    """
    return max(workers * threads, min(SATURATING_MAX, max(4 * workers * threads, 16 * workers if workers > 1 else 0)))


def slots_per_process(worker_class: str, threads: int) -> int:
    """Requests that one process works on at once; `threads` as declared for a worker class that has them."""
    return 1 if worker_class == "sync" else threads


@dataclass(frozen=True, slots=True)
class Server:
    """The process that runs the app.

    kind: one of SERVER_KINDS (started as `python -m gunicorn app`) or "command" (the user's own line, with `{port}`).
    worker_class: one of WORKER_CLASSES; of servers other than gunicorn the one that is most like them: "asgi" for an
        event loop, "gthread" for threads.
    workers, threads: processes, and request slots in each; for "command" they say how many slots the line starts, for
        an event loop, which has no such limit, how many are reckoned with.
    keep_alive_s: how long the server keeps an idle connection open.
    preload, freeze_gc: of gunicorn, whether the app is imported once, before the workers are made, and whether what is
        there when it has been is left out of garbage collection.
    """

    kind: str = "gunicorn"
    command: tuple[str, ...] = ()
    worker_class: str = "gthread"
    workers: int = 1
    threads: int = 4
    keep_alive_s: int = 5
    preload: bool = False
    freeze_gc: bool = False

    @property
    def slots(self) -> int:
        """Requests that can be inside the subject at once."""
        return self.workers * slots_per_process(self.worker_class, self.threads)

    @property
    def can_vary(self) -> bool:
        """Whether it can be started with other numbers of workers than the declared one."""
        return self.kind not in {"command", "waitress"}

    @property
    def is_event_loop(self) -> bool:
        """Whether one thread works on many requests, changing over where they wait."""
        return self.worker_class in EVENT_LOOP


@dataclass(frozen=True, slots=True)
class Database:
    """Where the subject's data is.

    kind: "embedded" (Seatrial starts a private PostgreSQL), "url" (a server of yours on this machine) or "none".
    url: only for "url". placement: of the embedded one, "beside" the app inside the plan's limits, or "apart" from it,
        `round_trip_s` away.
    pool, overflow: connections that each process of the app keeps open (None: one for each thread), and may open on
        top.
    background_connections: of what works beside the web workers, such as job workers and scheduled commands.
    settings: PostgreSQL's own, name -> value, of the embedded one.
    """

    kind: str = "embedded"
    url: str = ""
    placement: str = "beside"
    round_trip_s: float = 0.0
    pool: int | None = None
    overflow: int = 0
    background_connections: int = 0
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_apart(self) -> bool:
        """Whether it uses none of the plan's CPU and memory."""
        return self.placement == "apart"

    def connections_per_worker(self, threads: int) -> int:
        """The most that one process with so many threads opens; 0 without a database."""
        if self.kind == "none":
            return 0
        return (threads if self.pool is None else self.pool) + self.overflow


@dataclass(frozen=True, slots=True)
class Subject:
    """What is measured: an app, how to start it and how to know that it is up.

    app: the WSGI callable as gunicorn names it, such as "flotilla.app:create_app()".
    directory: the subject's working directory, absolute. is_copied: whether a private copy of it is used instead.
    python: the interpreter that has the app's packages, absolute.
    health_path: a path that answers 200 when the app is up. headers: sent when it is asked for.
    environment: variables for the app and its `prepare` commands; values may hold {database_url}, {database_host},
        {database_port}, {database_name}, {database_user}, {database_password}, {direct_database_url},
        {direct_database_host}, {direct_database_port}, {cache_url}, {port}, {work}, {pool} and {size}.
    prepare: commands run once, in order, before the first start (migrations, seed); same placeholders and {python},
        {bin}.
    size: what {size} stands for in `prepare` and `environment` in the study itself; None where nothing says {size}.
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
    services: Services = field(default_factory=Services)
    url: str = ""
    start_timeout_s: float = 30.0
    prepare_timeout_s: float = 180.0
    size: int | None = None
    is_copied: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def placeholders(self) -> dict[str, str]:
        """What stands for {python}, {bin} and, where they are declared, {pool} and {size}."""
        declared = {"pool": self.database.pool, "size": self.size}
        filled = {name: str(value) for name, value in declared.items() if value is not None}
        return {"python": str(self.python), "bin": str(self.python.parent), **filled}

    @property
    def is_told_its_pool(self) -> bool:
        """Whether `database.pool` reaches the app, so that another number makes a difference."""
        said = (*self.environment.values(), *self.server.command)
        # Doubled braces stand for themselves, as in the test bed.
        return self.database.pool is not None and any("{pool}" in text.replace("{{", "") for text in said)

    @property
    def whole_server(self) -> Server:
        """The declared server with the workers of all instances on all hosts together."""
        return replace(self.server, workers=self.server.workers * self.services.servers)

    def connections(self, workers: int, threads: int) -> int:
        """The most that the database has open with so many workers: those of the app, or of the pooler before it."""
        own = workers * self.database.connections_per_worker(threads)
        return own if self.services.pooler == "none" else min(own, self.services.pool_size)

    @property
    def shape(self) -> tuple[int | None, int | None]:
        """Workers of all instances, and threads of each; unknown of an app that somebody else started."""
        return (None, None) if self.url else (self.whole_server.workers, self.server.threads)
