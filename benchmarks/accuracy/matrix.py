"""Predictions against measurements: each subject measured once with one worker, then predicted and measured elsewhere.

    .venv/bin/python benchmarks/accuracy/matrix.py --hours 2        # the whole
    .venv/bin/python benchmarks/accuracy/matrix.py --short          # every cell in short trials: about an hour
    .venv/bin/python benchmarks/accuracy/matrix.py --smoke          # a base and a cell or two of each, in 10 minutes
    .venv/bin/python benchmarks/accuracy/matrix.py --short --score  # only concludes again from what was measured

A run that is ended goes on where it was when it is started again; what was measured with other code is measured again.
On a busy machine it stops with exit status 3.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from apps import provider_running
from books import Books, Unit, units

from seatrial.advise.foresight import ModelForesight
from seatrial.errors import RigUnfit, SeatrialError
from seatrial.load import event_loop
from seatrial.measure.conduct import Conductor
from seatrial.measure.measurement import Verdict
from seatrial.measure.progress import Progress
from seatrial.measure.study import Study
from seatrial.measure.study_file import write_study
from seatrial.spec.trial_spec import MeasureSettings, TrialSpec
from seatrial.testbed.placement import place
from seatrial.testbed.testbed import Testbed
from seatrial.testbed.this_machine import available_cpus

RESULTS = Path(__file__).parents[1] / "results" / "accuracy"
SHORT = MeasureSettings(
    restarts=1,
    brief_starts=0,
    plan_starts=0,
    inside=False,
    faults=False,
    warm_up_max_s=6.0,
    half_load_s=8.0,
    saturation_s=4.0,
    confirm_s=5.0,
    search_trial_s=8.0,
)
"""Half load lasts longer than the rest: the p95 of 3 s moves by 17 % of itself by chance, of 8 s by 11 %."""

BRIEF = replace(SHORT, warm_up_max_s=4.0, half_load_s=2.0, saturation_s=3.0, confirm_s=3.0, search_trial_s=3.0)
NEAR = replace(BRIEF, saturation_s=4.0, brief_starts=1)
"""The base in brief: its saturation is what counts, the mean of two starts."""

NEAR_MINUTES = 6.0
"""A cell is begun no longer than this after its app's base was measured."""

LENGTHS = {
    ("smoke", "base"): (replace(BRIEF, brief_starts=1, inside=True), 75.0),
    ("smoke", "cell"): (BRIEF, 35.0),
    ("smoke", "near"): (NEAR, 45.0),
    ("short", "near"): (NEAR, 45.0),
    ("whole", "near"): (NEAR, 45.0),
    ("short", "base"): (replace(SHORT, brief_starts=2, plan_starts=1, inside=True), 145.0),
    ("short", "again"): (replace(SHORT, brief_starts=2), 80.0),
    ("short", "cell"): (SHORT, 50.0),
    ("whole", "base"): (MeasureSettings(faults=False), 260.0),
    ("whole", "again"): (replace(SHORT, brief_starts=2), 80.0),
    ("whole", "cell"): (SHORT, 55.0),
}
"""By extent and role: how long a unit is measured, and the seconds that usually takes: it is not begun with less.

The whole differs from the short one in its bases, measured as anybody would: cells of the full length, with a search
where the first guess fails, took 76 to 188 s each, and sixty of them no two hours.
"""

UNUSABLE = "the rig spoiled it"


def measured(spec: TrialSpec) -> Study:
    """One study, as `seatrial measure` makes it."""
    conductor = Conductor(spec, ModelForesight(), Progress(lambda _: None))
    with Testbed(spec) as testbed:
        conductor.prepare(testbed)
        event_loop.run(conductor.conduct(testbed))
    return conductor.study()


def problem_of(study: Study) -> str:
    """Why a study cannot be used; "" when it can."""
    saturated = [m for m in study.measurements if m.label == "saturation" and m.verdict != Verdict.INVALID]
    if saturated:
        return ""
    told = "; ".join(caveat.code for m in study.measurements for caveat in m.caveats if m.verdict == Verdict.INVALID)
    return f"{UNUSABLE} ({told})" if told else UNUSABLE


def run_unit(unit: Unit, books: Books, provider_url: str, *, extent: str, allow_noise: bool) -> float:
    """Measure one unit and note it; what fails is noted too, but for a busy machine. Returns how long it took."""
    measure = replace(LENGTHS[extent, unit.role][0], allow_noise=allow_noise)
    began = time.monotonic()
    problem = ""
    try:
        study = measured(unit.app.spec(unit.setting, measure, provider_url))
        problem = problem_of(study)
        write_study(study, books.study_path(unit))
    except RigUnfit:
        raise
    except SeatrialError as error:
        problem = " ".join(str(error).split())[:300]
    seconds = time.monotonic() - began
    books.note(unit, seconds=seconds, problem=problem)
    print(f"{unit.name}: {seconds:.0f} s {problem}", file=sys.stderr, flush=True)
    return seconds


def run(books: Books, wanted: Sequence[Unit], *, extent: str, seconds: float, allow_noise: bool) -> None:
    """Measure what is missing until it is done or the time is up."""
    until, slowness = time.monotonic() + seconds, 1.0
    cpus = place(available_cpus(), 1.0).generator_cpus
    with provider_running(cpus) as provider_url:
        for unit in wanted:
            if unit.name in books.current():
                continue
            ahead = [unit]
            if unit.role == "cell" and books.minutes_since_base(unit.app.name) > NEAR_MINUTES:
                ahead = [books.next_near(unit.app), unit]
            # On a slow machine units take longer than usual, and the last one must end in time, too.
            if until - time.monotonic() < slowness * sum(LENGTHS[extent, each.role][1] for each in ahead):
                break
            for each in ahead:
                took_s = run_unit(each, books, provider_url, extent=extent, allow_noise=allow_noise)
                slowness = max(slowness, took_s / LENGTHS[extent, each.role][1])


def main() -> int:
    """The command line; 0, or 3 when the machine was not fit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="a base and a cell or two of each subject, for 10 minutes")
    parser.add_argument("--short", action="store_true", help="all units, each of short trials")
    parser.add_argument("--hours", type=float, default=0.0, help="stop beginning units when this is nearly over")
    parser.add_argument("--minutes", type=float, default=0.0, help="the same in minutes; the next run goes on")
    parser.add_argument("--score", action="store_true", help="measure nothing, conclude from what is there")
    parser.add_argument("--allow-noise", action="store_true", help="to try the program out; for no table")
    arguments = parser.parse_args()
    extent = "smoke" if arguments.smoke else "short" if arguments.short else "whole"
    folder = RESULTS / (extent + ("-noisy" if arguments.allow_noise else ""))
    books, wanted = Books(folder), units(is_smoke=arguments.smoke)
    minutes = arguments.minutes or 60 * arguments.hours or (10 if arguments.smoke else 120)
    status = 0
    if not arguments.score:
        try:
            noise = arguments.allow_noise
            run(books, wanted, extent=extent, seconds=60 * minutes, allow_noise=noise)
        except RigUnfit as error:
            print(error, file=sys.stderr)
            status = 3
    from tables import write_tables

    print(write_tables(books, wanted, folder))
    return status


if __name__ == "__main__":
    sys.exit(main())
