"""What an app does that costs it on a server, in words. Pure."""

from seatrial.advise.findings import Fault, Findings
from seatrial.report.numbers import milliseconds

__all__ = ["FAULTS_TOLD", "fault_sentence", "fault_sentences"]

FAULTS_TOLD = 4

NAMES = {
    "n-plus-one": "N+1 queries",
    "missing-index": "A missing index",
    "connection-per-request": "No pool",
}

STATEMENT_MAX = 160


def fault_sentences(findings: Findings) -> list[str]:
    """The dearest few, and how many more there are."""
    told = [fault_sentence(fault) for fault in findings.faults[:FAULTS_TOLD]]
    more = len(findings.faults) - FAULTS_TOLD
    return [*told, f"{more} more of such kinds are in study.json."] if more > 0 else told


def fault_sentence(fault: Fault) -> str:
    """What it is, where, what it costs there, and what to do."""
    cost = f" {milliseconds(fault.cost_ms)} of each {fault.operation}." if fault.cost_ms is not None else ""
    what = fault.what if len(fault.what) <= STATEMENT_MAX else f"{fault.what[:STATEMENT_MAX]}..."
    return f"{NAMES.get(fault.code, fault.code)}, in {fault.operation}: {what}.{cost} {fault.try_this}"
