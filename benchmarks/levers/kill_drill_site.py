"""A whole Flotilla with all levers pulled: two instances behind Caddy, Valkey, PgBouncer, a PostgreSQL of its own.

Instance 1 has the only background worker. Everything but the load shares one CPU. What dies is restarted either by
`flotilla run` (its web, live and jobs processes) or by the drill in place of systemd (whatever it started itself).
"""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg
from own_site import SERVER_CPU, database_of_its_own, postmaster

from flotilla.settings import Settings
from seatrial.testbed.valkey import find_valkey, valkey_argv

sys.path.append(str(Path(__file__).parent.parent.parent / "tests" / "servers"))
from fleet import Server, free_port, unprivileged

__all__ = ["Site", "site", "until"]

HOW_TO = Path(__file__).parent.parent.parent / "docs" / "how-to"
BIN = Path(sys.executable).parent
READY_WITHIN_S = 60.0
POOL = 6
SECRET = "only for drills: nobody's cookies are signed with it 0123456789"


@dataclass(frozen=True, slots=True)
class Site:
    """All of it, running."""

    settings: Settings
    environment: dict[str, str]
    caddy: Server
    webs: tuple[Server, Server]
    valkey: Server
    pgbouncer: Server

    def jobs_process(self) -> psutil.Process | None:
        """Instance 1's background worker, if it lives."""
        assert self.webs[0].process is not None
        for child in psutil.Process(self.webs[0].process.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):
                if child.name() == "flotilla jobs" and child.status() != psutil.STATUS_ZOMBIE:
                    return child
        return None

    def said(self, words: str) -> int:
        """How often both instances together have logged that."""
        return sum(web.log.read_text().count(words) for web in self.webs)

    def jobs_in_hand(self) -> list[str]:
        """Background work that somebody has taken and not finished, without regular work, which comes again."""
        return self._jobs("attempts > 0 AND due_at > now()")

    def jobs_waiting(self) -> list[str]:
        """Background work that nobody has taken though it is due for half a second."""
        return self._jobs("attempts = 0 AND due_at < now() - interval '0.5 s'")

    def jobs_left(self) -> list[str]:
        """Background work that is not done, or was given up."""
        return self._jobs("TRUE")

    def _jobs(self, which: str) -> list[str]:
        with psycopg.connect(self.settings.owner_url) as connection:
            found = connection.execute(f"SELECT task FROM g.job WHERE every_s IS NULL AND {which}").fetchall()
        return [task for (task,) in found]

    def command(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """A command of Flotilla's on this site."""
        command = [sys.executable, "-m", "flotilla.cli", *words]
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=300, check=False, cwd="/"
        )


def until(happened: Callable[[], bool], within_s: float = READY_WITHIN_S) -> bool:
    """Whether it happened in time."""
    deadline_s = time.monotonic() + within_s
    while not happened():
        if time.monotonic() > deadline_s:
            return False
        time.sleep(0.05)
    return True


def ready(url: str) -> bool:
    """Whether that instance, or some instance behind that balancer, is."""
    with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/ready", timeout=5) as answer:
        return bool(answer.status == 200)
    return False


@contextlib.contextmanager
def site(folder: Path, people: int, posts: int) -> Iterator[Site]:
    """The site with a town in it, all of its servers on one CPU."""
    here = os.sched_getaffinity(0)
    with database_of_its_own() as database:
        settings, _, _ = database.people(0)
        os.sched_setaffinity(postmaster(settings), {SERVER_CPU})
        made = assembled(folder, settings)
        for words in (("seed", "--people", str(people), "--posts", str(posts), "--seed", "1", "--force"), ("static",)):
            done = made.command(*words, *([str(folder / "srv")] if words == ("static",) else []))
            if done.returncode:
                raise SystemExit(f"flotilla {words[0]}: {done.stderr}")
        os.sched_setaffinity(0, {SERVER_CPU})
        try:
            for server in (made.valkey, made.pgbouncer, *made.webs, made.caddy):
                server.start()
            if not until(lambda: all(ready(server.url) for server in (*made.webs, made.caddy))):
                raise SystemExit(f"the site is not ready: {made.webs[0].log.read_text()[-2000:]}")
            os.sched_setaffinity(0, here)
            yield made
        finally:
            os.sched_setaffinity(0, here)
            made.caddy.kill()
            for web in made.webs:
                with contextlib.suppress(AssertionError, subprocess.TimeoutExpired):
                    web.stop()
                web.kill()
            made.pgbouncer.kill()
            made.valkey.kill()


def assembled(folder: Path, settings: Settings) -> Site:
    """The servers and their files; nothing runs yet."""
    folder.chmod(0o755)
    web_ports, live_ports, balancer = (free_port(), free_port()), (free_port(), free_port()), free_port()
    pgbouncer, valkey = pooler(folder, settings), cache(folder)
    parts = urlsplit(settings.database_url)
    told = {
        "database_url": settings.database_url,
        "owner_url": settings.owner_url,
        "secret_key": SECRET,
        "limits": "off",
        "workers": "1",
        "threads": "4",
        "proxies": "1",
        "site_url": f"http://127.0.0.1:{balancer}",
        "live_url": f"ws://127.0.0.1:{balancer}",
        "media_folder": str(folder / "media"),
        "outbox_folder": str(folder / "outbox"),
        # Every lever.
        "cache_url": f"redis://127.0.0.1:{valkey.port}/0",
        "bus_url": f"redis://127.0.0.1:{valkey.port}/0",
        "pooler_url": f"postgresql://{parts.username}:{parts.password}@127.0.0.1:{pgbouncer.port}/flotilla",
        "batch_ms": "5",
        "timeline": "push",
        "drain_s": "4",
    }
    shared = {f"FLOTILLA_{name.upper()}": text for name, text in told.items()}
    webs = []
    for number, (port, live_port) in enumerate(zip(web_ports, live_ports, strict=True)):
        own = {"FLOTILLA_PORT": str(port), "FLOTILLA_LIVE_PORT": str(live_port), "FLOTILLA_JOBS": ("on", "off")[number]}
        command = [sys.executable, "-m", "flotilla.cli", "run"]
        webs.append(Server(command, port, folder / f"instance-{number + 1}.log", shared | own, {}))
    caddy = front(folder, balancer, web_ports, live_ports)
    environment = {"PATH": os.environ["PATH"], **shared}
    return Site(settings, environment, caddy, (webs[0], webs[1]), valkey, pgbouncer)


def cache(folder: Path) -> Server:
    """Valkey, which keeps nothing on the disk."""
    port = free_port()
    return Server(valkey_argv(find_valkey(), port, 64 << 20), port, folder / "valkey.log", {}, {})


def pooler(folder: Path, settings: Settings) -> Server:
    """PgBouncer as the how-to page has it."""
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        raise SystemExit("There is no PgBouncer here: apt-get install pgbouncer")
    own, port, parts = folder / "pgbouncer", free_port(), urlsplit(settings.database_url)
    own.mkdir()
    ini, users = re.findall(r"```(?:ini)?\n(.*?)```", (HOW_TO / "put-pgbouncer-in-between.md").read_text(), re.DOTALL)
    for there, here in (
        ("port=5432 dbname=flotilla", f"port={parts.port} dbname={parts.path[1:]}"),
        ("listen_port = 6432", f"listen_port = {port}"),
        ("default_pool_size = 8", f"default_pool_size = {POOL}"),
        ("/etc/pgbouncer", str(own)),
        ("/var/run/postgresql", str(own)),
    ):
        assert there in ini
        ini = ini.replace(there, here)
    (own / "pgbouncer.ini").write_text(ini)
    (own / "userlist.txt").write_text(
        users.replace('"flotilla"', f'"{parts.username}"').replace("a-password", str(parts.password))
    )
    run_as = unprivileged()
    for path in (own, *own.iterdir()) if run_as else ():
        os.chown(path, run_as["user"], run_as["group"])
    return Server([program, own / "pgbouncer.ini"], port, own / "log", {}, run_as)


def front(folder: Path, port: int, web_ports: tuple[int, int], live_ports: tuple[int, int]) -> Server:
    """Caddy as the how-to page has it."""
    program = shutil.which("caddy", path=str(BIN)) or shutil.which("caddy")
    if program is None:
        raise SystemExit("There is no Caddy here: make setup")
    (text,) = re.findall(r"```caddyfile\n(.*?)```", (HOW_TO / "several-app-servers.md").read_text(), re.DOTALL)
    for there, here in (
        ("flotilla.example {", "{\n\tadmin off\n}\n" + f"http://127.0.0.1:{port} {{"),
        ("10.0.0.11:8000 10.0.0.12:8000", " ".join(f"127.0.0.1:{one}" for one in web_ports)),
        ("10.0.0.11:8001 10.0.0.12:8001", " ".join(f"127.0.0.1:{one}" for one in live_ports)),
        ("/srv/flotilla/media", str(folder / "media")),
        ("/srv/flotilla", str(folder / "srv")),
    ):
        assert there in text
        text = text.replace(there, here)
    (folder / "Caddyfile").write_text(text)
    homes = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    return Server([program, "run", "--config", folder / "Caddyfile"], port, folder / "caddy.log", homes, {})
