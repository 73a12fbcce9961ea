"""What the users do, as declared."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["REDIRECTED", "OperationSpec", "WorkloadSpec"]

REDIRECTED = " (redirect)"
"""What the name of an operation has behind it where a redirect of its answer is followed: requests of their own."""


@dataclass(frozen=True, slots=True)
class OperationSpec:
    """One plain request, for a workload that needs no journeys file.

    expect_status: None means any below 400, but no redirect away from the app. body: bytes that are not UTF-8 are
    surrogates, as `os.fsdecode` makes them. headers: further ones, in order.
    """

    name: str
    path: str
    method: str = "GET"
    weight: float = 1.0
    body: str = ""
    content_type: str = "application/x-www-form-urlencoded"
    expect_status: int | None = 200
    expect_text: str = ""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class WorkloadSpec:
    """A weighted mix of operations, by plain requests or by the functions of a journeys file.

    journeys: a Python file whose generator functions are the operations. mix: function name -> weight.
    sign_in: the function that signs one person in, run once for each of `people` after every start.
    arrivals: "poisson" or "constant". timeout_s: how long a person waits for an answer. arrivals_are: "operations" or
    "sessions". returning: the share of sessions that `people` begin, not somebody new. order: "random" or "stratified".
    headers: sent with every request, unless the request has its own of that name.
    listener: the function whose journey `listeners` of the people follow beside the load, from before it to its end.
    """

    operations: tuple[OperationSpec, ...] = ()
    journeys: Path | None = None
    mix: Mapping[str, float] = field(default_factory=dict)
    sign_in: str = ""
    people: int = 30
    arrivals: str = "poisson"
    timeout_s: float = 10.0
    keep_alive: bool = True
    arrivals_are: str = "operations"
    returning: float = 0.0
    order: str = "random"
    listeners: int = 0
    listener: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
