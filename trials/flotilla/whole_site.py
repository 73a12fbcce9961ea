"""The whole site behind one address, as it stands on a rented machine: `flotilla run`, and Caddy in front of it.

    python whole_site.py PORT WORKERS

Pages and live connections come in at PORT; Caddy passes each to the process it is for. live.toml starts it so.
"""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

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
STARTS_WITHIN_S, STOPS_WITHIN_S = 60, 30


def main(port: int, workers: int) -> int:
    """Run both until told to stop, or until one of them ends."""
    web, live = free_ports(2)
    told = {"FLOTILLA_PORT": str(web), "FLOTILLA_LIVE_PORT": str(live), "FLOTILLA_WORKERS": str(workers)}
    settings = CADDYFILE % {"port": port, "web": web, "live": live}
    # Both are children of this process, so that it hears of either's end.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    running = [subprocess.Popen(["flotilla", "run"], env={**os.environ, **told})]
    try:
        # Nobody is let in before somebody is there: Caddy would answer for a site that is still starting.
        if not answers(web, running[0]):
            return 1
        front = subprocess.Popen(["caddy", "run", "--config", "-", "--adapter", "caddyfile"], stdin=subprocess.PIPE)
        running.append(front)
        assert front.stdin is not None
        front.stdin.write(settings.encode())
        front.stdin.close()
        os.wait()
        return 1
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(STOPS_WITHIN_S)


def answers(port: int, process: subprocess.Popen[bytes]) -> bool:
    """Wait until the site answers there; False when it has ended, or does not come up in time."""
    deadline_s = time.monotonic() + STARTS_WITHIN_S
    while process.poll() is None and time.monotonic() < deadline_s:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=STARTS_WITHIN_S):
                return True
        except OSError:
            time.sleep(0.05)
    return False


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens at now."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
