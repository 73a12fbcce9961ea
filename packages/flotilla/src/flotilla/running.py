"""`flotilla run`: the site as one command, or one of its processes alone."""

import dataclasses
import gc
import os
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from flask import Flask
from gunicorn.app.base import BaseApplication

from flotilla.app import create_app
from flotilla.draining import Draining
from flotilla.errors import StartError
from flotilla.jobs import run_jobs
from flotilla.live import run_live
from flotilla.logs import configure_logs
from flotilla.server import MEMORY_FOLDER, server_options
from flotilla.settings import Settings
from flotilla.social import Site, open_site
from flotilla.store import connection_budget
from flotilla.supervisor import Part, Supervisor
from flotilla.web.metrics import FOLDER

__all__ = ["past_pooler", "run_part", "run_site"]

BACKLOG = 2048


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """Gunicorn around an app that is loaded already."""

    def __init__(self, app: Flask, options: dict[str, object]) -> None:
        self._app = app
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return self._app


def run_site(settings: Settings, *, only_web: bool = False) -> int:
    """Web, live connections and background work, supervised, until told to stop; the exit status.

    Raises StartError before anything is started when a setting is wrong, the database is not ready, or a port is taken.
    """
    with _numbers_in_memory(settings):
        return _run_all(settings, only_web=only_web)


def _run_all(settings: Settings, *, only_web: bool) -> int:
    app = create_app(settings)
    site: Site = app.extensions["flotilla.site"]
    draining: Draining = app.extensions["flotilla.draining"]
    connection_budget.warn_if_too_few(settings)
    # Held open here, so that a web process that dies and comes back refuses nobody meanwhile.
    listening = _listening(settings.bind, settings.port, "FLOTILLA_PORT")
    parts = [Part("web", partial(_web, app, settings, listening), essential=True, renew=signal.SIGHUP)]
    if settings.live and not only_web:
        open_live = _listening(settings.bind, settings.live_port, "FLOTILLA_LIVE_PORT")
        parts.append(Part("live", _named(settings, "live", partial(run_live, site, open_live))))
    if settings.jobs and not only_web:
        parts.append(Part("jobs", _named(settings, "jobs", partial(run_jobs, past_pooler(site)))))
    # What is loaded stays in memory that all parts share, out of the way of their garbage collectors.
    gc.collect()
    gc.freeze()
    return Supervisor(parts, drain=draining.begin, drain_s=settings.drain_s).run()


def run_part(settings: Settings, part: str, *, once: bool = False) -> int:
    """One of the site's processes alone: web, live, or jobs (with `once` only the work that is due now)."""
    if part == "web" and settings.drain_s:
        # Somebody has to stay between the balancer's SIGTERM and gunicorn, which would leave at once.
        return run_site(settings, only_web=True)
    app = create_app(settings)
    configure_logs(json_lines=settings.in_production, level=settings.log_level, part=part)
    if part == "jobs":
        run_jobs(past_pooler(app.extensions["flotilla.site"]), once=once)
    elif part == "live":
        open_live = _listening(settings.bind, settings.live_port, "FLOTILLA_LIVE_PORT")
        run_live(app.extensions["flotilla.site"], open_live)
    else:
        _Server(app, server_options(settings)).run()
    return 0


def past_pooler(site: Site) -> Site:
    """The same site on connections to the database itself, for a process whose few would only keep a pooler's busy."""
    return open_site(dataclasses.replace(site.settings, pooler_url="")) if site.settings.pooler_url else site


@contextmanager
def _numbers_in_memory(settings: Settings) -> Iterator[None]:
    """A folder for the processes' numbers, where there is somebody to ask for them."""
    if not settings.metrics_token:
        yield
        return
    folder = MEMORY_FOLDER if MEMORY_FOLDER.is_dir() else Path(tempfile.gettempdir())
    with tempfile.TemporaryDirectory(prefix="flotilla-numbers-", dir=folder) as name:
        # Read when the library is first loaded, which happens later.
        os.environ[FOLDER] = name
        yield


def _web(app: Flask, settings: Settings, listening: socket.socket) -> None:
    configure_logs(json_lines=settings.in_production, level=settings.log_level, part="web")
    # Gunicorn closes the number it is given.
    _Server(app, server_options(settings, bind=f"fd://{os.dup(listening.fileno())}")).run()


def _named(settings: Settings, name: str, run: Callable[[], object]) -> Callable[[], object]:
    def run_with_its_logs() -> None:
        configure_logs(json_lines=settings.in_production, level=settings.log_level, part=name)
        run()

    return run_with_its_logs


def _listening(host: str, port: int, setting: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise StartError(
            f"Cannot listen on {host}, port {port}: {error.strerror}.",
            try_this=f"Another program, perhaps another Flotilla, listens there: end it, or choose another {setting}.",
        ) from error
    listening.listen(BACKLOG)
    return listening
