"""Capacity of the declared server, and of the plan, from every fresh start. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from statistics import fmean

from seatrial.advise.estimate import Estimate, estimates, saturation_of
from seatrial.advise.findings import Capacity
from seatrial.advise.interval import half_width, relative_noise, relative_spread
from seatrial.advise.words import repeats_words
from seatrial.measure.figures import rounded
from seatrial.measure.measurement import Caveat, Measurement, Verdict
from seatrial.measure.study import Study

__all__ = [
    "Start",
    "capacities_tried",
    "capacity_of",
    "capacity_of_plan",
    "disagreement",
    "grouped",
    "is_brief",
    "machine_moved",
]

NEAR_CAPACITY = frozenset({"confirm low", "confirm high", "search"})

MACHINE_MOVED = 1.15
"""Slowest over fastest memory walk of a study, above which the reader is told."""


@dataclass(frozen=True, slots=True)
class Start:
    """One start of the subject: its number, its intervals, and what they amount to (None: it was never saturated)."""

    number: int
    workers: int | None
    threads: int | None
    seen: tuple[Measurement, ...]
    estimate: Estimate | None

    @property
    def shape(self) -> tuple[int | None, int | None]:
        """Workers and threads, as in `Subject.shape`."""
        return self.workers, self.threads


def grouped(study: Study) -> tuple[Start, ...]:
    """The study's intervals by start, each with its estimate."""
    by_number = {number: tuple(found) for number, found in groupby(study.measurements, key=lambda m: m.run)}
    by_number = {number: seen for number, seen in by_number.items() if not any(m.label == "search" for m in seen)}
    estimated: dict[int, Estimate] = {}
    shapes = {number: (seen[0].workers, seen[0].threads) for number, seen in by_number.items()}
    for shape in set(shapes.values()):
        like = [
            number for number, seen in by_number.items() if shapes[number] == shape and saturation_of(seen) is not None
        ]
        if like and study.operations:
            found = estimates(study.operations, [by_number[number] for number in like], study.spec)
            estimated.update(zip(like, found, strict=True))
    return tuple(
        Start(number, seen[0].workers, seen[0].threads, seen, estimated.get(number))
        for number, seen in by_number.items()
    )


def capacity_of(study: Study, base: Sequence[Start]) -> Capacity:
    """Capacity of the declared server: the mean over starts, or the bracket of the trials where they contradict it."""
    trials = [m for start in base for m in start.seen] + _searched(study)
    passed, failed = _pass_fail(trials)
    empty = Capacity(None, None, None, passed, failed, *study.spec.subject.shape)
    if not _trusted(trials):
        return replace(empty, method="no trial that the rig did not spoil")
    if any(m.verdict != Verdict.INVALID for m in _searched(study)) or _contradicted(base):
        return _bracketed(empty, trials)
    known = _rates(base)
    if not known or 2 * len(known) < len(base):
        return replace(empty, method="no rate meets the objective")
    mean = fmean(known)
    half = half_width(known, relative_noise(trials), _corrections(base))
    return replace(
        empty,
        offered_rate_rps=mean,
        low_rps=None if half is None else max(0.0, mean - half),
        high_rps=None if half is None else mean + half,
        method=f"mean of {repeats_words(len(known), study.spec)}",
    )


def capacity_of_plan(study: Study, starts: Sequence[Start], worker: Capacity, fit: int | None) -> Capacity:
    """The best of what was measured on this plan: the declared server, or the one that the model proposed."""
    best = worker
    if fit is not None and study.spec.subject.whole_server.workers > fit:
        best = replace(
            worker, offered_rate_rps=None, low_rps=None, high_rps=None, method="does not fit into the plan's memory"
        )
    for tried in capacities_tried(study, starts):
        fits = fit is None or (tried.workers or 0) <= fit
        if fits and (best.offered_rate_rps is None or (tried.offered_rate_rps or 0.0) > best.offered_rate_rps):
            best = tried
    return best


def capacities_tried(study: Study, starts: Sequence[Start]) -> tuple[Capacity, ...]:
    """Capacity of each server that was measured beside the declared one, unless its own low trial refuted it."""
    noise = relative_noise([m for start in starts for m in start.seen])
    declared = [start for start in starts if start.shape == study.spec.subject.shape]
    spread = relative_spread(_rates(declared), noise, _corrections(declared))
    found = []
    for shape in sorted({(s.workers, s.threads) for s in starts if s.workers and s.threads}):
        tried = [start for start in starts if start.shape == shape]
        rates = _rates(tried)
        if is_brief(tried):
            continue
        if shape == study.spec.subject.shape or not rates or any(_disagrees(s) and _low_failed(s) for s in tried):
            continue
        mean = fmean(rates)
        half = half_width(rates, noise, _corrections(tried))
        if half is None and spread is not None:
            half = mean * spread
        passed, failed = _pass_fail([m for start in tried for m in start.seen])
        found.append(
            Capacity(
                offered_rate_rps=mean,
                low_rps=None if half is None else max(0.0, mean - half),
                high_rps=None if half is None else mean + half,
                pass_rps=passed,
                fail_rps=failed,
                workers=shape[0],
                threads=shape[1],
                method=f"mean of {len(rates)} fresh start{'s' if len(rates) > 1 else ''}"
                + ("" if len(rates) > 1 else "; interval from the spread of the declared server's starts"),
            )
        )
    return tuple(found)


def is_brief(starts: Sequence[Start]) -> bool:
    """Whether no trial near capacity was run, so that none stands behind one."""
    return not any(m.label in NEAR_CAPACITY for start in starts for m in start.seen)


def _low_failed(start: Start) -> bool:
    return any(m.label == "confirm low" and m.verdict == Verdict.VIOLATED for m in start.seen)


def _rates(starts: Sequence[Start]) -> list[float]:
    rates = [start.estimate.capacity_rps for start in starts if start.estimate is not None]
    return [rate for rate in rates if rate is not None]


def _corrections(starts: Sequence[Start]) -> list[float | None]:
    """In the order of `_rates`, the corrections by open loads of their own."""
    known = [start.estimate for start in starts if start.estimate is not None]
    return [estimate.correction for estimate in known if estimate.capacity_rps is not None]


def disagreement(study: Study, base: Sequence[Start]) -> tuple[Caveat, ...]:
    """Where trials and estimate do not say the same."""
    caveats = []
    known = [start.estimate for start in base if start.estimate is not None]
    if known:
        seen_rps, model_rps = fmean(e.saturated_rps for e in known), known[0].model_saturation_rps
        if abs(model_rps / seen_rps - 1.0) > 0.10:
            caveats.append(
                Caveat(
                    "demands-do-not-explain",
                    f"The measured demands predict {rounded(model_rps)} requests/s at saturation, {rounded(seen_rps)} "
                    "were seen: something binds that they do not show.",
                    "Look for locks, a pool smaller than the threads, or a slow service the app waits for.",
                )
            )
    passed, failed = _pass_fail([m for s in base for m in s.seen] + _searched(study))
    if passed is not None and failed is not None and passed > failed:
        text = (
            f"{rounded(passed)}/s passed in one start and {rounded(failed)}/s failed in another: near it both happen."
        )
        caveats.append(
            Caveat("inconsistent-trials", text, "Measure again on a quieter machine, or with longer trials.")
        )
    planned = study.spec.measure.restarts
    confirmed = [s for s in base if _trusted(s.seen)]
    if len(confirmed) < planned:
        text = (
            f"Only {len(confirmed)} of {repeats_words(planned, study.spec)} were confirmed: the rig spoiled the rest, "
            "or it was stopped."
        )
        caveats.append(Caveat("stopped-early", text, "Measure again on a quieter machine."))
    if _searched(study):
        text = "The confirming trials contradicted the estimate, so the rate was searched for with longer trials."
        caveats.append(Caveat("searched", text, "Read the interval, not the point: it is what the trials bracket."))
    return tuple(caveats)


def machine_moved(study: Study) -> tuple[Caveat, ...]:
    """Whether the machine itself was faster in one interval than in another."""
    walks = sorted(m.memory_walk_s for m in study.measurements if m.memory_walk_s is not None)
    if len(walks) < 3 or walks[-1] <= MACHINE_MOVED * walks[0]:
        return ()
    text = (
        f"The machine's own speed moved by {100 * (walks[-1] / walks[0] - 1):.0f} % while measuring (a fixed walk "
        "through memory, timed before and after each interval): neighbours share its cache. The interval is the wider "
        "for it."
    )
    return (Caveat("machine-speed-moved", text, "Measure on a machine of your own, or at a quieter hour."),)


def _bracketed(empty: Capacity, trials: Sequence[Measurement]) -> Capacity:
    """Between the lowest rate that failed and the highest below it that passed: a bracket, with no confidence."""
    failed = empty.fail_rps
    passed = [m.offered_rate_rps for m in _trusted(trials) if m.verdict == Verdict.SUSTAINED]
    low = max((rate for rate in passed if failed is None or rate < failed), default=None)
    if low is None:
        seen = "" if failed is None else f"; seen to fail at {rounded(failed)}/s"
        return replace(empty, high_rps=failed, is_bracket=True, method=f"no rate was seen to pass{seen}")
    if failed is None:
        method = f"bracketed by trials: seen to pass at {rounded(low)}/s, the highest rate that was tried"
        return replace(empty, offered_rate_rps=low, low_rps=low, is_bracket=True, method=method)
    # A trial of some seconds can pass above what the subject ever answered, its queue still growing: not for long.
    # Some answer less once they are behind. At a rate above that a queue that any stall has made never ends.
    behind = max(m.throughput_rps for m in trials if _is_behind(m))
    # A closed loop answers at any rate, so it may tell of more than trials at the rates that were tried.
    answered = max(behind, *(m.throughput_rps for m in _trusted(trials)))
    point = min((low * failed) ** 0.5, answered, behind)
    method = f"bracketed by trials: seen to pass at {rounded(low)}/s, seen to fail at {rounded(failed)}/s"
    if answered < low:
        method += f", never seen to answer more than {rounded(answered)}/s"
    elif behind < low:
        method += f", but answers {rounded(behind)}/s at most once it is behind"
    return replace(
        empty, offered_rate_rps=point, low_rps=min(low, point), high_rps=failed, is_bracket=True, method=method
    )


def _is_behind(seen: Measurement) -> bool:
    """Whether more waited there than was answered."""
    is_full = seen.label == "saturation" or (seen.label in NEAR_CAPACITY and seen.verdict == Verdict.VIOLATED)
    return is_full and seen.verdict != Verdict.INVALID


def _contradicted(base: Sequence[Start]) -> bool:
    """Whether the confirming trials of at least half of the starts that had them disagree with their estimate."""
    confirmed = [start for start in base if any(m.label.startswith("confirm") for m in start.seen)]
    return bool(confirmed) and 2 * sum(_disagrees(start) for start in confirmed) >= len(confirmed)


def _disagrees(start: Start) -> bool:
    verdicts = {m.label: m.verdict for m in start.seen}
    return verdicts.get("confirm low") == Verdict.VIOLATED or verdicts.get("confirm high") == Verdict.SUSTAINED


def _trusted(seen: Sequence[Measurement]) -> list[Measurement]:
    """Open trials at rates near capacity that the rig did not spoil."""
    return [m for m in seen if m.label in NEAR_CAPACITY and m.verdict != Verdict.INVALID]


def _pass_fail(seen: Sequence[Measurement]) -> tuple[float | None, float | None]:
    trials = _trusted(seen)
    passed = [m.offered_rate_rps for m in trials if m.verdict == Verdict.SUSTAINED]
    failed = [m.offered_rate_rps for m in trials if m.verdict == Verdict.VIOLATED]
    return max(passed, default=None), min(failed, default=None)


def _searched(study: Study) -> list[Measurement]:
    return [m for m in study.measurements if m.label == "search"]
