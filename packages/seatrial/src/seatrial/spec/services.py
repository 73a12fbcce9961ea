"""What runs beside the app, and how many of it there are, as declared."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["SERVICE_NAMES", "Services"]

SERVICE_NAMES = {"pgbouncer": "PgBouncer", "valkey": "Valkey", "caddy": "Caddy", "haproxy": "HAProxy", "nginx": "nginx"}
"""As their makers write them."""


@dataclass(frozen=True, slots=True)
class Services:
    """Servers that Seatrial starts beside the app, inside the plan's limits; with several hosts, inside the first's.

    pooler: "pgbouncer" puts PgBouncer between app and database; pool_size: the connections that it keeps to the
        database, shared by all of the app's.
    cache: "valkey" starts a Valkey whose address is {cache_url}.
    balancer: "caddy", "haproxy" or "nginx" stands in front of the app; the load then goes to it. instances: how many
        servers run the app behind it on each host, each with a port and the declared workers of its own.
    hosts: how many machines run the app, each with the plan's CPUs and memory for itself.
    static: path prefix -> folder that the balancer serves without the app. compression: whether it compresses answers.
    micro_cache_s: how long the balancer keeps a page for those who send neither a cookie nor a password; 0 for none.
    """

    pooler: str = "none"
    pool_size: int = 20
    cache: str = "none"
    balancer: str = "none"
    instances: int = 1
    static: Mapping[str, Path] = field(default_factory=dict)
    compression: bool = False
    micro_cache_s: int = 0
    hosts: int = 1

    @property
    def servers(self) -> int:
        """How many servers of the app there are on all hosts together."""
        return self.instances * self.hosts

    @property
    def names(self) -> tuple[str, ...]:
        """Those that are started, in the order in which a request meets them."""
        return tuple(name for name in (self.balancer, self.cache, self.pooler) if name != "none")
