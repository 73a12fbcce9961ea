"""What the objective and the patience of the visitors must satisfy together. Pure."""

from collections.abc import Iterator

from seatrial.spec.checking import Checked, Problem, Rule

__all__ = ["OBJECTIVE_RULES"]


def _patience(checked: Checked) -> Iterator[Problem]:
    """A request that is given up counts as slower than any limit, so a limit above the timeout can never be used up."""
    latency_max_ms, timeout_s = checked.values["slo.latency_max_ms"], checked.values["workload.timeout_s"]
    if latency_max_ms <= 1000 * timeout_s:
        return
    given = "slo.latency_max_ms" in checked.given
    at, what, other = (
        (("slo", "latency_max_ms"), f"is {latency_max_ms:g} ms", f"workload.timeout_s, {timeout_s:g} s")
        if given
        else (("workload", "timeout_s"), f"is {timeout_s:g} s", f"slo.latency_max_ms, {latency_max_ms:g} ms")
    )
    yield Problem(
        at,
        f"{what}, {'above' if given else 'below'} {other}: whoever waits longer than the timeout has given up.",
        "Raise workload.timeout_s, or lower slo.latency_max_ms: a limit is at most as long as people wait.",
    )


OBJECTIVE_RULES: tuple[Rule, ...] = (Rule(("slo.latency_max_ms", "workload.timeout_s"), _patience),)
