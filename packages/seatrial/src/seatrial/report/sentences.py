"""What the findings say, one idea per sentence; terminal and page speak through these."""

from statistics import median

from seatrial.advise.findings import Findings, WorkerPrediction
from seatrial.report.numbers import megabytes, milliseconds, money, people, percent, rate, rate_span, rounded
from seatrial.report.prose import capitalised

__all__ = [
    "capacity_evidence",
    "capacity_sentence",
    "check_sentence",
    "demand_sentence",
    "interrupted",
    "memory_sentence",
    "plan_sentence",
    "reserve_sentence",
    "users_sentence",
    "verdict_words",
    "worker_explained",
    "workers_sentence",
]

DEARER_TOLD = 0.065
"""Two standard errors of the CPU seconds of one start over those of three, where starts differ by the usual 2.8 %: what
is less may be chance."""

CHECKS_FOR_A_HABIT = 3
"""Checked predictions from which it is told how large their error usually was."""

VERDICT_WORDS = {"sustained": "Objective met", "violated": "Objective not met", "invalid": "Not measured"}


def verdict_words(findings: Findings) -> str:
    """The verdict as a heading."""
    return VERDICT_WORDS.get(findings.verdict, findings.verdict)


def capacity_sentence(findings: Findings) -> str:
    """How much one worker (or that server, or the app at that address) handles under the objective."""
    capacity = findings.worker_capacity
    verb = "handle" if (capacity.workers or 1) > 1 else "handles"
    if findings.address:
        who = f"the app at {findings.address}"
    else:
        workers = "one worker" if capacity.workers == 1 else f"{capacity.workers} workers"
        who = f"{workers} of {findings.subject}"
    if capacity.offered_rate_rps is not None:
        amount = f"{rate(capacity.offered_rate_rps)} {_requests(capacity.offered_rate_rps)} a second"
        return f"{capitalised(who)} {verb} {amount} with {findings.objective}."
    if findings.verdict == "invalid":
        return f"How many requests a second {who} {verb} could not be measured."
    return f"No rate was found at which {who} {verb} requests with {findings.objective}."


def capacity_evidence(findings: Findings) -> str:
    """Interval or bracket, and the rates seen to pass and to fail."""
    capacity = findings.worker_capacity
    parts = []
    interval = rate_span(capacity.low_rps, capacity.high_rps)
    repeats = "repeats" if findings.address else "fresh starts"
    if capacity.is_bracket:
        # The method says what was seen to pass and to fail.
        return f"{capitalised(capacity.method)}."
    if interval:
        parts.append(f"95 % interval over {repeats}: {interval} requests/s.")
    elif capacity.offered_rate_rps is not None:
        parts.append(f"No interval: that needs at least two {repeats}.")
    seen = []
    if capacity.pass_rps is not None:
        seen.append(f"seen to pass at {rate(capacity.pass_rps)}/s")
    if capacity.fail_rps is not None:
        seen.append(f"seen to fail at {rate(capacity.fail_rps)}/s")
    if seen:
        phrase = ", ".join(seen)
        parts.append(f"{phrase[0].upper()}{phrase[1:]}.")
    if capacity.pass_rps is None and capacity.fail_rps is not None:
        parts.append("No trial was seen to pass.")
    return " ".join(parts)


EVENT_LOOP = "requests at once"
"""How the words for a server say that it has no threads to take turns."""


def worker_explained(findings: Findings) -> str:
    """What a worker and a thread are, with this server's numbers; of an app that was running already, that it was."""
    capacity = findings.worker_capacity
    if capacity.workers is None or capacity.threads is None:
        return "It was running already: Seatrial neither started nor limited it, and knows nothing of its workers."
    inside = capacity.workers * capacity.threads
    if EVENT_LOOP in findings.server:
        return (
            "A worker is one process that runs your app. It works on as many requests as come, changing over wherever "
            f"one waits; {inside} at once are reckoned with."
        )
    held = "one request at a time; a second" if inside == 1 else f"{inside} requests at once; one more"
    threads = "1 thread" if capacity.threads == 1 else f"{capacity.threads} threads"
    if capacity.workers == 1:
        return f"A worker is one process that runs your app. With its {threads} it holds {held} waits its turn."
    return (
        f"A worker is one process that runs your app. {capacity.workers} of them with {threads} each hold {held} "
        "waits its turn."
    )


def demand_sentence(findings: Findings) -> str:
    """CPU and queries per request, and the dearest operation; without CPU readings, how long one takes alone."""
    demand = findings.demand_ms
    if demand.total is None:
        where = "of an app that was running already" if findings.address else "on this machine"
        return f"What a request costs in CPU could not be read {where}. {_alone_words(findings)}".strip()
    sentence = f"A request costs {milliseconds(demand.total)} of CPU"
    interval = _milliseconds_span(demand.low_total, demand.high_total)
    if interval:
        sentence += f" ({interval})"
    if demand.app is not None and demand.database:
        beside = ""
        if demand.services is not None:
            beside = f" (of these {milliseconds(demand.services)} pooler, cache and balancer)"
        sentence += (
            f": {milliseconds(demand.app)} {findings.subject}{beside}, {milliseconds(demand.database)} PostgreSQL"
        )
    if findings.queries_per_request is not None:
        sentence += f", with {rounded(findings.queries_per_request, 2)} database queries"
    sentence += "."
    dearest = demand.by_operation.get(findings.dearest_operation, {}).get("total")
    if dearest is not None and len(demand.by_operation) > 1:
        sentence += f" The dearest is {findings.dearest_operation}: {milliseconds(dearest)}."
    return sentence


def interrupted(findings: Findings) -> str:
    """That the study was cut short; "" when it was not, or when a caveat says so already."""
    if findings.complete or any(each.code == "incomplete" for each in findings.caveats):
        return ""
    return "This study was interrupted: what it holds is true, but there is less of it than planned."


def workers_sentence(findings: Findings) -> str:
    """What more workers would bring on this plan."""
    shown = [each for each in findings.worker_predictions if each.workers != findings.worker_capacity.workers]
    if not shown:
        return ""
    phrases = [_prediction(each) for each in shown[:4]]
    return f"On this plan, by the model: {'; '.join(phrases)}."


def check_sentence(findings: Findings) -> str:
    """What was predicted before it was measured, what was measured then, and how large the error usually was."""
    known = [each for each in findings.checks if each.measured_rps is not None]
    if not known:
        return ""
    last = known[-1]
    workers = f"{last.workers} worker{'s' if last.workers != 1 else ''}"
    if last.threads != findings.worker_capacity.threads:
        workers += f" x {last.threads} threads"
    span = rate_span(last.low_rps, last.high_rps)
    interval = f" ({span})" if span else ""
    sentence = f"{workers}: predicted {rate(last.predicted_rps)}/s{interval}, measured {rate(last.measured_rps)}/s"
    errors = sorted(abs(each.relative_error) for each in known if each.relative_error is not None)
    sentence += f": {_error_words(last.relative_error or 0.0)}."
    dearer = (findings.crowded_cost or 1.0) - 1.0
    if last.predicted_at == findings.measured_at and dearer >= DEARER_TOLD:
        sentence += f" In company a request took {100 * dearer:.0f} % more CPU, which nobody could know before."
    if len(errors) < CHECKS_FOR_A_HABIT:
        return sentence
    return (
        f"{sentence} Of {len(errors)} such predictions, half were off by {100 * median(errors):.1f} % or less, the "
        f"worst by {100 * errors[-1]:.1f} %."
    )


def memory_sentence(findings: Findings) -> str:
    """Where the plan's memory goes, and how many workers fit; "" where no plan held the app."""
    memory = findings.memory_bytes
    if memory is None:
        return ""
    if memory.first_worker is None:
        return f"Memory was not read. The plan has {megabytes(memory.plan)}."
    parts = [f"system {megabytes(memory.system)}"]
    if memory.database:
        parts.append(f"PostgreSQL {megabytes(memory.database)}")
    if memory.services:
        parts.append(f"pooler, cache and balancer {megabytes(memory.services)}")
    parts.append(f"first worker {megabytes(memory.first_worker)}")
    if memory.further_worker is not None:
        parts.append(f"each further worker {megabytes(memory.further_worker)}")
    total = f"of the plan's {megabytes(memory.plan)}"
    fit = findings.workers_that_fit
    if fit is None:
        ending = "How many workers fit was not found."
    elif fit == 0:
        ending = "Not even one worker fits."
    else:
        ending = f"{fit} worker{'s fit' if fit > 1 else ' fits'}."
    return f"{', '.join(parts)}, {total}. {ending}"


def plan_sentence(findings: Findings) -> str:
    """Name, size and price of the plan, with the price's date; "" where no plan held the app."""
    plan = findings.plan
    if plan is None:
        return ""
    name = " ".join(part for part in (plan.provider, plan.product, plan.name) if part)
    cpus = f"{plan.cpus:g} {plan.cpu_kind} vCPU".replace("  ", " ")
    price = money(plan.usd_month)
    dated = f" (as of {plan.price_as_of})" if plan.price_as_of and plan.usd_month is not None else ""
    return f"{name}: {cpus}, {megabytes(plan.memory_bytes)}, {price}{dated}."


def reserve_sentence(findings: Findings) -> str:
    """What the plan handles as it would be set up on it."""
    capacity = findings.plan_capacity
    if capacity is None or capacity.offered_rate_rps is None:
        return ""
    shape = f"{capacity.workers} worker{'s' if capacity.workers != 1 else ''}"
    if (capacity.threads or 1) > 1:
        shape += f" x {capacity.threads} threads"
    interval = rate_span(capacity.low_rps, capacity.high_rps)
    ending = f" ({interval})" if interval else ""
    return f"With {shape} it handles {rate(capacity.offered_rate_rps)} requests/s{ending}."


def users_sentence(findings: Findings) -> str:
    """How many people a day that is, and how uncertain."""
    users = findings.daily_users
    if users.typical is None or users.low is None or users.high is None:
        return "How many people that is cannot be said without a capacity."
    return (
        f"With {percent(users.headroom)} of the capacity kept in reserve for the unexpected, that is about "
        f"{people(users.typical)} daily users. Nine in ten of the cases drawn lie between {people(users.low)} and "
        f"{people(users.high)}: people's habits are known less well than machines."
    )


def _alone_words(findings: Findings) -> str:
    """How long a request takes when nobody else is there, and the slowest operation."""
    shares = {name: parts.get("share") or 0.0 for name, parts in findings.demand_ms.by_operation.items()}
    alone = {name: parts.get("alone") or 0.0 for name, parts in findings.demand_ms.by_operation.items()}
    if not alone or not sum(shares.values()):
        return ""
    mean_ms = sum(shares[name] * alone[name] for name in alone) / sum(shares.values())
    sentence = f"Alone, one is answered after {milliseconds(mean_ms)}"
    if len(alone) == 1:
        return f"{sentence}."
    slowest = max(alone, key=lambda name: alone[name])
    return f"{sentence} on average; the slowest is {slowest}: {milliseconds(alone[slowest])}."


def _error_words(relative_error: float) -> str:
    if abs(relative_error) < 0.0005:
        return "exactly so"
    return f"{100 * abs(relative_error):.1f} % too {'high' if relative_error > 0 else 'low'}"


def _prediction(each: WorkerPrediction) -> str:
    words = f"{each.workers} worker{'s' if each.workers > 1 else ''} {rate(each.predicted_rps)}/s"
    told = [rate_span(each.low_rps, each.high_rps)]
    if each.measured_rps is not None:
        told.append(f"measured {rate(each.measured_rps)}")
    if inside := ", ".join(part for part in told if part):
        words += f" ({inside})"
    return words if each.fits_memory else f"{words}, but they do not fit in memory"


def _milliseconds_span(low_ms: float | None, high_ms: float | None) -> str:
    if low_ms is None or high_ms is None:
        return ""
    return f"95 % interval {max(0.0, low_ms):.1f} to {high_ms:.1f}"


def _requests(value_rps: float) -> str:
    return "request" if rate(value_rps) in {"1", "1.0"} else "requests"
