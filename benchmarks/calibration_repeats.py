"""How far two runs of `seatrial calibrate` on one machine differ: the command beside the numbers in README.md.

.venv/bin/python benchmarks/calibration_repeats.py --runs 6
"""

import argparse
import itertools
import statistics
import sys
from dataclasses import replace
from pathlib import Path

from seatrial.commands import calibrate
from seatrial.measure.calibration_result import CalibrationResult
from seatrial.model.carrying import carry
from seatrial.spec.catalog import catalog

__all__ = ["main"]

PLAN_ID = "hetzner-ccx13"  # any plan: both calibrations are said to be of it


def main() -> None:
    """Runs it several times, tells each and how far they are apart, and whether carrying from each to each covers 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=6)
    parser.add_argument("--slices", type=int, default=40)
    options = parser.parse_args()
    found: list[CalibrationResult] = []
    for number in range(options.runs):
        result = calibrate(Path(sys.executable), slices=options.slices)
        found.append(replace(result, plan_id=PLAN_ID))
        cpu, wall, others = result.units_per_cpu_s, result.units_per_wall_s, result.others_share or 0.0
        print(
            f"run {number + 1}: {cpu.median:6.1f} a CPU second (p10 {cpu.p10:6.1f}), {wall.median:6.1f} by the clock "
            f"(p10 {wall.p10:6.1f}); others {others:.0%}, steal {result.steal_share or 0:.1%}",
            flush=True,
        )
    for name, speeds in (
        ("CPU second", [each.units_per_cpu_s.median for each in found]),
        ("clock", [each.units_per_wall_s.median for each in found]),
    ):
        spread = statistics.stdev(speeds) / statistics.mean(speeds)
        print(f"{name}: cv {spread:.1%}, fastest / slowest {max(speeds) / min(speeds) - 1:.1%}")
    plan = catalog().plan(PLAN_ID)
    factors = [carry(plan, here, there, catalog()) for here, there in itertools.permutations(found, 2)]
    off = max(abs(each.factor - 1) for each in factors)
    covered = sum(each.low <= 1 <= each.high for each in factors)
    print(f"from each to each, where 1 is true: off by up to {off:.1%}; {covered} of {len(factors)} intervals hold 1")


if __name__ == "__main__":
    main()
