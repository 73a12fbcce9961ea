"""How long `flotilla seed` takes for the trial's town: 10,000 people and 100,000 posts. The goal is 20 s.

.venv/bin/python benchmarks/flotilla/seeding.py [--turns 3]
"""

import argparse
import sys
import time
from statistics import median

from town import site_trial

from seatrial.testbed.testbed import Testbed

PEOPLE, POSTS, GOAL_S = 10_000, 100_000, 20.0


def seconds() -> float:
    """Of one seeding, in an empty database."""
    steps: list[tuple[str, float]] = []
    with Testbed(
        site_trial(people=PEOPLE, posts=POSTS), on_progress=lambda text: steps.append((text, time.monotonic()))
    ) as testbed:
        testbed.prepare()
    begun = next(number for number, (text, _) in enumerate(steps) if " seed " in text)
    return steps[begun + 1][1] - steps[begun][1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=3, help="how often (default %(default)s)")
    taken = [seconds() for _ in range(parser.parse_args().turns)]
    print(
        f"{median(taken):.1f} s (median of {len(taken)}: {', '.join(f'{one:.1f}' for one in taken)}), goal {GOAL_S:g} s"
    )
    return int(median(taken) > GOAL_S)


if __name__ == "__main__":
    sys.exit(main())
