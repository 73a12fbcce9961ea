"""The answer for a terminal."""

from seatrial.advise.findings import Findings
from seatrial.report import inside_sentences, sentences
from seatrial.report.fault_sentences import fault_sentences
from seatrial.report.prose import capitalised, ended
from seatrial.report.text_blocks import filled, labelled, listed

__all__ = ["answer"]

LABEL_WIDTH = 11


def answer(findings: Findings, width: int = 80) -> str:
    """The findings in words, no line longer than `width` (at least 40), ending in a newline.

    The verdict comes first when the objective is not met; what limits the numbers comes last, never left out.
    """
    width = max(40, width)
    blocks = [_headline(findings, width), _facts(findings, width)]
    caveats = [f"{ended(each.text)} {each.next_step}".strip() for each in findings.caveats]
    if caveats:
        blocks.append(listed("What limits these numbers:", caveats, width))
    if findings.limits_of_this:
        blocks.append(listed("What this does not say:", list(findings.limits_of_this), width))
    return "\n\n".join(block for block in blocks if block) + "\n"


def _headline(findings: Findings, width: int) -> str:
    lines = []
    if findings.verdict != "sustained":
        lines.append(f"{sentences.verdict_words(findings).upper()}. {findings.verdict_sentence}".strip())
    if interrupted := sentences.interrupted(findings):
        lines.append(interrupted)
    lines.append(sentences.capacity_sentence(findings))
    return "\n".join(filled(line, width) for line in lines)


def _facts(findings: Findings, width: int) -> str:
    bottleneck = str(findings.bottleneck.get("sentence") or "")
    habits = "; ".join(
        f"{name.replace('_', ' ')} {typical:g} ({low:g} to {high:g})"
        for name, (low, typical, high) in findings.daily_users.assumptions.items()
    )
    rows = [
        ("measured", sentences.capacity_evidence(findings)),
        ("server", f"{findings.server}. {sentences.worker_explained(findings)}"),
        ("a request", sentences.demand_sentence(findings)),
        ("its time", f"{inside_sentences.time_sentence(findings)} {inside_sentences.middleware_sentence(findings)}"),
        *(("fault", text) for text in fault_sentences(findings)),
        ("with load", inside_sentences.load_sentence(findings)),
        ("workers", sentences.workers_sentence(findings)),
        ("checked", sentences.check_sentence(findings)),
        ("memory", capitalised(sentences.memory_sentence(findings))),
        ("growth", inside_sentences.growth_sentence(findings)),
        ("plan", f"{sentences.plan_sentence(findings)} {sentences.reserve_sentence(findings)}"),
        ("gives way", bottleneck),
        ("people", sentences.users_sentence(findings)),
        ("assumed", f"{capitalised(habits)}." if habits and findings.daily_users.typical is not None else ""),
    ]
    return "\n".join(labelled(label, text.strip(), width, LABEL_WIDTH) for label, text in rows if text.strip())
