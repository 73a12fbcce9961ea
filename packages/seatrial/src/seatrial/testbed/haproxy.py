"""HAProxy in front of the app: spreads requests over its instances, compresses; it serves no files."""

import os
import shutil
import socket
from collections.abc import Sequence
from pathlib import Path

from seatrial.errors import TestbedError
from seatrial.spec.services import Services
from seatrial.testbed.service import Program
from seatrial.testbed.surroundings import Surroundings

__all__ = ["find_haproxy", "haproxy_cfg", "haproxy_program"]

PLACES = "/usr/sbin:/usr/local/sbin:/opt/homebrew/bin:/usr/local/bin"
"""Where it is installed, besides the PATH: Debian keeps it from users' PATH."""

ASK_TIMEOUT_S = 2.0
CLIENTS_MAX = 4000


def find_haproxy() -> Path:
    """The program. Raises TestbedError when it is not installed."""
    found = shutil.which("haproxy") or shutil.which("haproxy", path=PLACES)
    if found is None:
        raise TestbedError(
            "HAProxy is not installed",
            where="services.balancer",
            try_this="Install it: apt-get install haproxy (Debian, Ubuntu), brew install haproxy (macOS).",
        )
    return Path(found)


def haproxy_cfg(port: int, instances: Sequence[int], services: Services, keep_alive_s: int, threads: int) -> str:
    """Its settings. instances: the ports of the app. keep_alive_s: how long the app keeps an idle connection open."""
    # Given up before the app closes it: a request sent into a closing connection would be lost.
    kept = f"pool-purge-delay {500 * keep_alive_s}ms" if keep_alive_s else ""
    compression = (
        "\tcompression algo gzip\n"
        "\tcompression type text/html text/css text/plain text/javascript application/javascript application/json\n"
    )
    servers = [f"\tserver app{n} 127.0.0.1:{one}\n" for n, one in enumerate(instances, start=1)]
    # What merely asks is asked again when an instance died over it; anything else may have been stored.
    # What the load says was forwarded (X-Forwarded-Proto) reaches the app, as it does without a balancer.
    return f"""\
global
	nbthread {threads}
	maxconn {CLIENTS_MAX}
defaults
	mode http
	timeout connect 2s
	timeout client 1h
	timeout server 1h
	timeout tunnel 1h
	{"option http-keep-alive" if keep_alive_s else "option http-server-close"}
	retries 3
	option redispatch 1
	retry-on conn-failure empty-response
	option forwardfor if-none
frontend everybody
	bind 127.0.0.1:{port}
{compression if services.compression else ""}\
	http-request set-header X-Forwarded-Proto http unless {{ req.hdr(X-Forwarded-Proto) -m found }}
	default_backend app
backend app
	balance leastconn
	http-request disable-l7-retry if !{{ method GET HEAD }}
	default-server observe layer4 error-limit 1 on-error mark-down inter 2s rise 1 check {kept}
{"".join(servers)}"""


def haproxy_program(
    binary: Path, at: Surroundings, port: int, instances: Sequence[int], services: Services, *, keep_alive_s: int
) -> Program:
    """What to start for this port, with its file made."""
    folder = at.folder / "haproxy"
    folder.mkdir(exist_ok=True)
    settings = folder / "haproxy.cfg"
    settings.write_text(haproxy_cfg(port, instances, services, keep_alive_s, max(1, len(at.cpus))), encoding="utf-8")
    environment = {"PATH": os.defpath, "LC_ALL": "C", "HOME": str(folder)}

    def answers() -> bool:
        # It listens once its settings are in force; a request would already be the app's.
        try:
            socket.create_connection(("127.0.0.1", port), ASK_TIMEOUT_S).close()
        except OSError:
            return False
        return True

    return Program(
        "HAProxy", "services.balancer", (str(binary), "-db", "-f", str(settings)), environment, folder, answers
    )
