"""What Caddy in front costs Flotilla, and what it takes off it.

    .venv/bin/python benchmarks/levers/balancer.py [--turns 4] [--seconds 6]

Pages straight from one worker of four threads, through Caddy, and through Caddy from two such workers that share the
same CPU; then the style sheet from the app and from Caddy. All in turns, forth and back. About 4 minutes. Two instances
on one CPU carry no more than one: what two machines carry is not measured here.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rig import BIN, ROOT, Running, Seen, Town, free_port, median_of, town

VISITORS = 8
PAGE = ROOT / "docs" / "how-to" / "several-app-servers.md"
FILES = 2_000


@contextmanager
def caddy(site: Town, folder: Path, ports: list[int]) -> Iterator[Running]:
    """Caddy with the how-to page's file."""
    (text,) = re.findall(r"```caddyfile\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    port = free_port()
    upstreams = " ".join(f"127.0.0.1:{one}" for one in ports)
    for there, here in (
        ("flotilla.example {", "{\n\tadmin off\n}\n" + f"http://127.0.0.1:{port} {{"),
        ("10.0.0.11:8000 10.0.0.12:8000", upstreams),
        ("10.0.0.11:8001 10.0.0.12:8001", upstreams),
        ("/srv/flotilla", str(folder / "srv")),
    ):
        text = text.replace(there, here)
    (folder / "Caddyfile").write_text(text)
    program = shutil.which("caddy", path=str(BIN)) or shutil.which("caddy")
    if program is None:
        raise SystemExit("There is no Caddy here: make setup")
    homes = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with site.started([program, "run", "--config", folder / "Caddyfile"], port, homes) as running:
        deadline_s = time.monotonic() + 30
        while True:
            try:
                urllib.request.urlopen(f"{running.url}/ready", timeout=5).close()
                break
            except OSError:
                if time.monotonic() > deadline_s:
                    raise
                time.sleep(0.1)
        yield running


def pages(site: Town, folder: Path, turns: int, seconds: float) -> None:
    ways = {"straight": 1, "through Caddy": 1, "through Caddy, two instances on the same CPU": 2}
    seen: dict[str, list[Seen]] = {way: [] for way in ways}
    for turn in range(turns):
        for way in list(ways) if turn % 2 == 0 else list(ways)[::-1]:
            with ExitStack() as opened:
                apps = [opened.enter_context(site.gunicorn(1, 4)) for _ in range(ways[way])]
                if way == "straight":
                    seen[way].append(site.load(apps[0], visitors=VISITORS, seconds=seconds))
                else:
                    front = opened.enter_context(caddy(site, folder, [app.port for app in apps]))
                    seen[way].append(
                        site.load(apps[0], visitors=VISITORS, seconds=seconds, beside=front, url=front.url)
                    )
    print("| pages | answers/s | median | p95 | CPU of Caddy |\n|---|---:|---:|---:|---:|")
    for way, each in seen.items():
        rates = [one.rate for one in each]
        ms = [median_of(each, name) for name in ("median_ms", "p95_ms", "beside_ms")]
        told = " | ".join(f"{value:.2f} ms" for value in ms)
        print(f"| {way} | {median_of(each, 'rate'):.0f} ({min(rates):.0f}-{max(rates):.0f}) | {told} |")


def files(site: Town, folder: Path) -> None:
    subprocess.run([BIN / "flotilla", "static", folder / "srv"], env=site.settings, check=True, capture_output=True)
    print("\n| the style sheet | CPU for one |\n|---|---:|")
    with site.gunicorn(1, 4) as app, caddy(site, folder, [app.port]) as front:
        path = re.search(r'href="(/static/[^"]+\.css)"', urllib.request.urlopen(app.url).read().decode())
        assert path is not None
        for who, server in (("from the app", app), ("from Caddy", front)):
            before_s = server.cpu_s()
            ask = [sys.executable, "-c", ASK, server.url.removeprefix("http://"), path[1], str(FILES)]
            subprocess.run(ask, check=True)
            print(f"| {who} | {1000 * (server.cpu_s() - before_s) / FILES:.3f} ms |")


ASK = """
import http.client, sys
connection = http.client.HTTPConnection(sys.argv[1], timeout=10)
for _ in range(int(sys.argv[3])):
    connection.request("GET", sys.argv[2])
    answer = connection.getresponse()
    assert answer.status == 200
    answer.read()
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=6.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, town() as site:
        pages(site, Path(name), options.turns, options.seconds)
        files(site, Path(name))


if __name__ == "__main__":
    main()
