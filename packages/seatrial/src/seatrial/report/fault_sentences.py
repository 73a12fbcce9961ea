"""What an app does that costs it on a server, in words. Pure."""

from seatrial.advise.findings import Fault, Findings
from seatrial.report.numbers import milliseconds, rounded

__all__ = ["FAULTS_TOLD", "fault_sentence", "fault_sentences"]

FAULTS_TOLD = 4

NAMES = {
    "n-plus-one": "N+1 queries",
    "missing-index": "A missing index",
    "connection-per-request": "No pool",
    "debug": "Debugging is on",
    "development-server": "A server for development",
    "templates-reloaded": "Templates are looked at anew for each request",
    "static-files": "Files served by Python",
}

STATEMENT_MAX = 160


def fault_sentences(findings: Findings) -> list[str]:
    """The dearest few, the dearest of each other kind, and how many more there are."""
    kept, kinds = [], set()
    for number, fault in enumerate(findings.faults):
        if number < FAULTS_TOLD or fault.code not in kinds:
            kept.append(fault)
        kinds.add(fault.code)
    told = [fault_sentence(fault) for fault in kept]
    more = len(findings.faults) - len(kept)
    return [*told, f"{more} more of such kinds are in study.json."] if more > 0 else told


def fault_sentence(fault: Fault) -> str:
    """What it is, where, what it costs there, and what to do."""
    cost = f" {_cost(fault)}" if fault.cost_ms is not None else ""
    what = fault.what if len(fault.what) <= STATEMENT_MAX else f"{fault.what[:STATEMENT_MAX]}..."
    where = f", in {fault.operation}" if fault.operation else ""
    return f"{NAMES.get(fault.code, fault.code)}{where}: {what}.{cost} {fault.try_this}"


def _cost(fault: Fault) -> str:
    """In milliseconds; where chance could have made all of it, how much it is at most."""
    cost_ms, each = fault.cost_ms or 0.0, f"each {fault.operation}" if fault.operation else "the mean request"
    if fault.error_ms is None:
        return f"{_ms(cost_ms)} of {each}."
    if cost_ms <= fault.error_ms:
        return f"At most {_ms(max(0.0, cost_ms) + fault.error_ms)} of {each}: not seen above the noise."
    return f"{_ms(cost_ms)} (+-{_ms(fault.error_ms)}) of {each}."


def _ms(value_ms: float) -> str:
    return milliseconds(value_ms) if value_ms >= 1.0 else f"{rounded(value_ms, 2)} ms"
