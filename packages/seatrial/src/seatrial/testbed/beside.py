"""The servers beside the app of one test bed: cache and pooler before it, the balancer in front."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from seatrial.spec.services import SERVICE_NAMES, Services
from seatrial.testbed.caddy import caddy_program, find_caddy
from seatrial.testbed.haproxy import find_haproxy, haproxy_program
from seatrial.testbed.nginx import find_nginx, nginx_program
from seatrial.testbed.pgbouncer import find_pgbouncer, pgbouncer_advice, pgbouncer_program
from seatrial.testbed.process import Process
from seatrial.testbed.service import Program, Service, version_of
from seatrial.testbed.surroundings import Surroundings
from seatrial.testbed.valkey import cache_bytes, find_valkey, valkey_program

__all__ = ["Beside", "beside_of"]

FINDERS = {
    "pgbouncer": (find_pgbouncer, "--version"),
    "valkey": (find_valkey, "--version"),
    "caddy": (find_caddy, "version"),
    "haproxy": (find_haproxy, "-v"),
    "nginx": (find_nginx, "-v"),
}


class Beside:
    """What runs beside the app; started afresh with it, so that nothing of an earlier start is left in a cache.

    versions: what each program says of itself, by its name; complete after `find`.
    """

    versions: Mapping[str, str]

    def __init__(self, services: Services, at: Surroundings, memory_bytes: int) -> None:
        """memory_bytes: that app, database and services share. Starts nothing yet."""
        self._services = services
        self._at = at
        self._memory_bytes = memory_bytes
        self._binaries: dict[str, Path] = {}
        self._running: dict[str, Service] = {}
        self.versions = {}

    def find(self) -> None:
        """Look for every program that is asked for. Raises TestbedError for one that is not installed."""
        self._binaries = {name: FINDERS[name][0]() for name in self._services.names}
        self.versions = {
            SERVICE_NAMES[name]: version_of(binary, FINDERS[name][1]) for name, binary in self._binaries.items()
        }

    def start_cache(self) -> None:
        """An empty one, if there is to be one."""
        if self._services.cache == "valkey":
            binary, kept_bytes = self._binaries["valkey"], cache_bytes(self._memory_bytes)
            self._running["valkey"] = Service(self._at, lambda port: valkey_program(binary, self._at, port, kept_bytes))

    def start_pooler(self, database: Mapping[str, str], passwords: Mapping[str, str]) -> None:
        """If there is to be one. database: the placeholders of the way to it; passwords: by role, as it keeps them."""
        if self._services.pooler == "pgbouncer":
            binary, size = self._binaries["pgbouncer"], self._services.pool_size
            self._running["pgbouncer"] = Service(
                self._at, lambda port: pgbouncer_program(binary, self._at, port, database, passwords, pool_size=size)
            )

    def start_balancer(self, instances: Sequence[int], keep_alive_s: int) -> int:
        """If there is to be one. instances: ports on which the app answers already. Returns the port for requests."""
        if self._services.balancer == "none":
            return instances[0]
        started = Service(self._at, lambda port: self._balancer(port, instances, keep_alive_s))
        self._running[self._services.balancer] = started
        return started.port

    def _balancer(self, port: int, instances: Sequence[int], keep_alive_s: int) -> Program:
        at, services, name = self._at, self._services, self._services.balancer
        binary = self._binaries[name]
        if name == "haproxy":
            return haproxy_program(binary, at, port, instances, services, keep_alive_s=keep_alive_s)
        if name == "nginx":
            return nginx_program(binary, at, port, instances, services, keep_alive_s=keep_alive_s)
        memory_bytes = self._memory_bytes
        return caddy_program(
            binary, at, port, instances, services, keep_alive_s=keep_alive_s, memory_bytes=memory_bytes
        )

    def placeholders(self, database: Mapping[str, str]) -> dict[str, str]:
        """What {cache_url} and its parts stand for, and {database_url} and its parts through the pooler."""
        values: dict[str, str] = {}
        if cache := self._running.get("valkey"):
            values["cache_url"] = f"redis://127.0.0.1:{cache.port}/0"
            values["cache_host"], values["cache_port"] = "127.0.0.1", str(cache.port)
        if pooler := self._running.get("pgbouncer"):
            user, password, name = (database[f"database_{part}"] for part in ("user", "password", "name"))
            values["database_host"], values["database_port"] = "127.0.0.1", str(pooler.port)
            values["database_url"] = f"postgresql://{user}:{password}@127.0.0.1:{pooler.port}/{name}"
        return values

    @property
    def processes(self) -> tuple[Process, ...]:
        """Those that run."""
        return tuple(service.process for service in self._running.values())

    def check_alive(self) -> None:
        """Raise TestbedError when one has ended."""
        for service in self._running.values():
            service.check_alive()

    def advice(self, text: str) -> str:
        """What to do about an app's last lines where a service is the reason for them; else ""."""
        return pgbouncer_advice(text) if "pgbouncer" in self._running else ""

    def stop(self) -> None:
        """End all of them, the balancer first; what a cache held is gone."""
        for service in reversed(self._running.values()):
            service.process.stop()
        self._running.clear()


def beside_of(services: Services, at: Surroundings, memory_bytes: int) -> Beside | None:
    """The servers that are asked for, every program found; None for none. Raises TestbedError, see `Beside.find`."""
    if not services.names:
        return None
    beside = Beside(services, at, memory_bytes)
    beside.find()
    return beside
