"""What workers and threads are worth to Flotilla on one CPU: throughput, waiting and memory.

    .venv/bin/python benchmarks/levers/workers.py [--turns 3] [--seconds 6]

Sixteen visitors ask without a pause for what people of a small town ask for. The turns go through all settings, forth
and back. About 3 minutes.
"""

import argparse

from rig import Seen, median_of, town

SETTINGS = ((1, 1), (1, 4), (1, 8), (2, 2), (4, 1), (4, 4))
VISITORS = 16


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=6.0)
    options = parser.parse_args()
    seen: dict[tuple[int, int], list[Seen]] = {setting: [] for setting in SETTINGS}
    memory: dict[tuple[int, int], float] = {}
    with town() as site:
        for turn in range(options.turns):
            for workers, threads in SETTINGS if turn % 2 == 0 else SETTINGS[::-1]:
                with site.gunicorn(workers, threads) as running:
                    seen[workers, threads].append(site.load(running, visitors=VISITORS, seconds=options.seconds))
                    memory[workers, threads] = running.pss_mib()
    print("| workers | threads | answers/s | median | p95 | CPU of the app | of PostgreSQL | memory of the app |")
    print("|---:|---:|---:|---:|---:|---:|---:|---:|")
    for (workers, threads), turns in seen.items():
        rates = [one.rate for one in turns]
        median = {name: median_of(turns, name) for name in ("rate", "median_ms", "p95_ms", "app_ms", "database_ms")}
        print(
            f"| {workers} | {threads} | {median['rate']:.0f} ({min(rates):.0f}-{max(rates):.0f}) "
            f"| {median['median_ms']:.0f} ms | {median['p95_ms']:.0f} ms | {median['app_ms']:.2f} ms "
            f"| {median['database_ms']:.2f} ms | {memory[workers, threads]:.0f} MB |"
        )


if __name__ == "__main__":
    main()
