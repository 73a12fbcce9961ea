"""The whole site behind one address, as it stands on a rented machine: `flotilla run`, and Caddy in front of it.

    python whole_site.py PORT WORKERS

Pages and live connections come in at PORT; Caddy passes each to the process it is for. live.toml starts it so.
"""

import os
import signal
import socket
import subprocess
import sys

CADDYFILE = """\
{
	admin off
	auto_https off
	persist_config off
}
http://:%(port)d {
	bind 127.0.0.1
	@live path /socket.io/* /api/v1/streaming /api/v1/streaming/*
	reverse_proxy @live 127.0.0.1:%(live)d
	reverse_proxy 127.0.0.1:%(web)d
}
"""
STOPS_WITHIN_S = 30


def main(port: int, workers: int) -> int:
    """Run both until told to stop, or until one of them ends."""
    web, live = free_ports(2)
    told = {"FLOTILLA_PORT": str(web), "FLOTILLA_LIVE_PORT": str(live), "FLOTILLA_WORKERS": str(workers)}
    settings = CADDYFILE % {"port": port, "web": web, "live": live}
    # Both are children of this process, so that it hears of either's end.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    front = subprocess.Popen(
        ["caddy", "run", "--config", "-", "--adapter", "caddyfile"], stdin=subprocess.PIPE, text=True
    )
    site = subprocess.Popen(["flotilla", "run"], env={**os.environ, **told})
    try:
        assert front.stdin is not None
        front.stdin.write(settings)
        front.stdin.close()
        ended, _ = os.wait()
        return 1 if ended in {front.pid, site.pid} else 0
    finally:
        for process in (front, site):
            process.terminate()
        for process in (front, site):
            process.wait(STOPS_WITHIN_S)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens at now."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
