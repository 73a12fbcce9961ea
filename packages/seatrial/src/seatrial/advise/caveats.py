"""What limits the numbers of a study. Pure."""

from collections.abc import Sequence
from datetime import date

from seatrial.advise.capacity import Start, disagreement, machine_moved
from seatrial.advise.inside import inside_caveats
from seatrial.measure.concurrency import CONCURRENCY_MAX
from seatrial.measure.measurement import Caveat
from seatrial.measure.study import Study
from seatrial.spec.catalog import price_age_days
from seatrial.spec.trial_spec import TrialSpec

__all__ = ["caveats_of"]

OLD_PRICE_DAYS = 365


def caveats_of(study: Study, base: Sequence[Start], memory: Sequence[Caveat]) -> tuple[Caveat, ...]:
    """Each kind once, in order; those of single intervals say in how many they were seen.

    base: the starts of the declared server. memory: what had to be assumed of memory.
    """
    of_intervals: dict[str, list[Caveat]] = {}
    for measurement in study.measurements:
        for caveat in measurement.caveats:
            of_intervals.setdefault(caveat.code, []).append(caveat)
    repeated = [
        Caveat(
            code,
            f"{seen[-1].text.removesuffix('.')} (in {len(seen)} of {len(study.measurements)} intervals).",
            seen[-1].next_step,
        )
        for code, seen in of_intervals.items()
    ]
    unfinished = (
        [] if study.complete else [Caveat("incomplete", "The study was interrupted; fewer starts stand behind it.")]
    )
    found = _of_a_running_app(study) if study.spec.subject.url else _of_the_plan(study.spec, study.created_at)
    everything = [
        *unfinished,
        *found,
        *study.caveats,
        *machine_moved(study),
        *disagreement(study, base),
        *memory,
        *inside_caveats(study),
        *repeated,
    ]
    return tuple({caveat.code + caveat.text: caveat for caveat in everything}.values())


def _of_a_running_app(study: Study) -> list[Caveat]:
    text = (
        "The app was not started afresh between the repeats: how much its starts differ from each other, as they do "
        "by some per cent, is not in the interval."
    )
    found = [Caveat("not-restarted", text, "Give subject.app or server.command to have it started.")]
    if any(m.slots == CONCURRENCY_MAX for m in study.measurements):
        text = f"With {CONCURRENCY_MAX} requests kept inside, the most there are, answers still became more."
        found.append(Caveat("still-growing", text, "Its saturation may lie higher; read the trials."))
    return found


def _of_the_plan(spec: TrialSpec, created_at: str) -> list[Caveat]:
    found = []
    if spec.subject.database.kind == "url":
        text = "The database is your own server: its CPU and memory are not in these numbers, and nothing limits it."
        found.append(Caveat("database-not-metered", text, "Leave database.url out to have one started and metered."))
    if spec.plan.limits.cpu_baseline is not None:
        share = spec.plan.limits.cpu_baseline
        text = (
            f"The plan may use {100 * share:.0f} % of a vCPU for ever, more only in bursts; the rates are those of a "
            f"burst, about {share:.2f} of them last."
        )
        found.append(Caveat("burst-plan", text, "Plan with the lasting rate."))
    age_days = price_age_days(spec.plan, date.fromisoformat(created_at[:10]))
    if age_days is not None and age_days > OLD_PRICE_DAYS:
        text = f"The price of the plan is from a list of {spec.plan.price.as_of}."
        found.append(Caveat("old-price", text, "Look it up, and set plan.usd_month if it has changed."))
    return found
