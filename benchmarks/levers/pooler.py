"""What PgBouncer is worth to Flotilla: nothing, until the connections run out.

    .venv/bin/python benchmarks/levers/pooler.py [--turns 4] [--seconds 6]

First with connections to spare: one worker of four threads, straight, without prepared statements, and through
PgBouncer, in turns forth and back. Then with a PostgreSQL that allows 12 connections, and 12 workers of two threads.
Needs Debian's pgbouncer. About 3 minutes.
"""

import argparse
import tempfile
from pathlib import Path

from rig import Seen, Town, median_of, town

VISITORS = 4
POOL = 8
LIMIT = 12
WORKERS_OVER_LIMIT, THREADS_OVER_LIMIT, VISITORS_OVER_LIMIT = 12, 2, 24


def with_room(site: Town, folder: Path, turns: int, seconds: float) -> None:
    with site.pgbouncer(folder, POOL) as pooler:
        ways = {
            "straight": {},
            # What a pooler takes away, without a pooler.
            "straight, nothing prepared": {"FLOTILLA_POOLER_URL": site.settings["FLOTILLA_DATABASE_URL"]},
            "through PgBouncer": {
                "FLOTILLA_POOLER_URL": f"postgresql://flotilla_app:trial@127.0.0.1:{pooler.port}/flotilla"
            },
        }
        seen: dict[str, list[Seen]] = {way: [] for way in ways}
        for turn in range(turns):
            for way in list(ways) if turn % 2 == 0 else list(ways)[::-1]:
                with site.gunicorn(1, 4, ways[way]) as running:
                    seen[way].append(site.load(running, visitors=VISITORS, seconds=seconds, beside=pooler))
    print("| way | answers/s | median | p95 | CPU of the app | of PostgreSQL | of PgBouncer |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for way, each in seen.items():
        rates = [one.rate for one in each]
        ms = [median_of(each, name) for name in ("median_ms", "p95_ms", "app_ms", "database_ms", "beside_ms")]
        told = " | ".join(f"{value:.2f} ms" for value in ms)
        print(f"| {way} | {median_of(each, 'rate'):.0f} ({min(rates):.0f}-{max(rates):.0f}) | {told} |")


def over_the_limit(site: Town, folder: Path, seconds: float) -> None:
    setting = f"{LIMIT} connections allowed, {WORKERS_OVER_LIMIT} workers of {THREADS_OVER_LIMIT} threads"
    print(f"\n| {setting} | good answers/s | bad answers |")
    print("|---|---:|---:|")
    with site.pgbouncer(folder, POOL) as pooler:
        through = {"FLOTILLA_POOLER_URL": f"postgresql://flotilla_app:trial@127.0.0.1:{pooler.port}/flotilla"}
        for way, settings in (("straight", {}), ("through PgBouncer", through)):
            with site.gunicorn(WORKERS_OVER_LIMIT, THREADS_OVER_LIMIT, settings) as running:
                seen = site.load(running, visitors=VISITORS_OVER_LIMIT, seconds=seconds)
            print(f"| {way} | {seen.rate:.0f} | {seen.bad} of {seen.good + seen.bad} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=6.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        with town() as site:
            with_room(site, Path(folder), options.turns, options.seconds)
        with town(database={"max_connections": str(LIMIT)}) as site:
            over_the_limit(site, Path(folder), options.seconds * 2)


if __name__ == "__main__":
    main()
