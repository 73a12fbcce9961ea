"""The levers that Seatrial knows for any app: none of them needs a change of its code. Pure."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from seatrial.spec.lever import Lever
from seatrial.spec.service_levers import service_levers
from seatrial.spec.subject import Server
from seatrial.spec.trial_spec import TrialSpec

__all__ = ["built_in_levers", "python_lever"]

THREADS_MORE = 4
THREADS_MAX = 64
KEEP_ALIVE_S = 75

GRANIAN = {"kind": "granian"}
NOT_TOLD = "The app's server cannot be told: it has one process, or your command line does not say {{{name}}}."
ALREADY_LOOP = "An event loop works on as many requests as come: it has no threads to add."


def built_in_levers(spec: TrialSpec) -> tuple[Lever, ...]:
    """Each with its changes, or with the reason why it is none for this app."""
    server = spec.subject.server
    return (
        *_workers(spec),
        *_threads(spec),
        *_worker_classes(server),
        _keep_alive(server),
        *_starts(server),
        *service_levers(spec),
    )


def python_lever(found: tuple[Path, tuple[int, ...]] | None) -> Lever:
    """A newer Python with the app's packages: its path and version; None where there is none."""
    if found is None:
        why = "There is no newer Python on this machine that has all of the app's packages."
        return Lever("newer-python", "A newer Python runs the same app.", refusal=why)
    path, (major, minor, *_) = found
    return _lever(
        f"python-{major}.{minor}",
        f"Python {major}.{minor} runs the same app with the same packages.",
        "",
        "A package may behave otherwise there: run your tests with it first.",
        subject={"python": str(path)},
    )


def _lever(name: str, about: str, costs: str = "", risk: str = "", **changes: dict[str, Any]) -> Lever:
    return Lever(name, about, costs, risk, changes)


def _workers(spec: TrialSpec) -> Iterator[Lever]:
    """Twice as many, and gunicorn's rule of thumb: two for each CPU and one more."""
    now, thumb = spec.subject.server.workers, 2 * round(max(1.0, spec.plan.limits.cpus)) + 1
    for count in sorted({2 * now, thumb} - {now}):
        about = (
            f"{count} processes run the app instead of {now}. Each has its own Python, so they can use more than one "
            "CPU and wait at the same time."
        )
        costs = "Memory: each worker holds a copy of most of the app. More database connections."
        name = f"workers-{count}"
        if not _says(spec, "workers"):
            yield Lever(name, about, refusal=NOT_TOLD.format(name="workers"))
        else:
            yield _lever(name, about, costs, server={"workers": count})


def _threads(spec: TrialSpec) -> Iterator[Lever]:
    server = spec.subject.server
    if server.is_event_loop:
        yield Lever("threads", refusal=ALREADY_LOOP)
        return
    is_sync = server.worker_class == "sync"
    now = 1 if is_sync else server.threads
    count = min(THREADS_MAX, THREADS_MORE * now)
    about = (
        f"Each process works on {count} requests at once instead of {now}. It helps where requests wait (for a "
        "database, another service, a disk); one process still uses one CPU at most."
    )
    name = f"threads-{count}"
    if not _says(spec, "threads"):
        yield Lever(name, about, refusal=NOT_TOLD.format(name="threads"))
    elif count > now:
        changes: dict[str, Any] = {"threads": count} | ({"worker_class": "gthread"} if is_sync else {})
        risk = "The app must be safe with threads: nothing global that one request changes under another."
        yield _lever(name, about, "A database connection for each thread that uses one.", risk, server=changes)


def _worker_classes(server: Server) -> Iterator[Lever]:
    if server.kind != "gunicorn":
        return
    if server.worker_class == "asgi":
        for name in ("sync", "gevent"):
            yield Lever(name, refusal="It is for WSGI apps, and this is an ASGI app.")
        return
    if server.worker_class != "sync":
        about = "Each process takes one request at a time (gunicorn's sync worker): no threads that take turns."
        risk = "One slow request stops everybody else in its process."
        yield _lever("sync", about, "", risk, server={"worker_class": "sync", "threads": None})
    if server.worker_class != "gevent":
        about = "One thread works on many requests, changing over wherever one waits (gevent)."
        risk = "Whatever waits in C, as some database drivers do, stops every other request."
        yield _lever("gevent", about, "One more package.", risk, server={"worker_class": "gevent", "threads": None})
    if server.worker_class == "gthread":
        about = "Granian, a server written in Rust, takes the requests in gunicorn's place; the app stays as it is."
        yield _lever("granian", about, "One more package.", "Settings of gunicorn's are not its own.", server=GRANIAN)


def _keep_alive(server: Server) -> Lever:
    about = (
        f"Visitors' connections stay open for {KEEP_ALIVE_S} s instead of {server.keep_alive_s} s, so the next request "
        "needs no new one."
    )
    if server.kind == "command":
        return Lever("keep-alive", about, refusal="The app is started by a command line of your own.")
    if server.worker_class == "sync":
        return Lever("keep-alive", about, refusal="gunicorn's sync workers close every connection.")
    if server.keep_alive_s >= KEEP_ALIVE_S:
        return Lever("keep-alive", about, refusal="Connections are kept as long already.")
    return _lever("keep-alive", about, server={"keep_alive_s": KEEP_ALIVE_S})


def _starts(server: Server) -> Iterator[Lever]:
    preload = "The app is imported once, and the workers are made from that process: they share its memory."
    freeze = "Python's garbage collector leaves out what was there once the app was imported, and so walks less."
    for name, about, is_so in (("preload", preload, server.preload), ("freeze-gc", freeze, server.freeze_gc)):
        if server.kind != "gunicorn":
            yield Lever(name, about, refusal="It is a setting of gunicorn's.")
        elif is_so:
            yield Lever(name, about, refusal="It is so already.")
        else:
            risk = "The app must open connections and start threads in each worker, not when it is imported."
            changes = {{"preload": "preload", "freeze-gc": "freeze_gc"}[name]: True}
            yield _lever(name, about, "", risk if name == "preload" else "", server=changes)


def _says(spec: TrialSpec, name: str) -> bool:
    """Whether the app's server can be told: one by name, a command line where it says so."""
    server = spec.subject.server
    if server.kind == "command":
        return any(f"{{{name}}}" in word for word in server.command)
    return server.can_vary or name == "threads"
