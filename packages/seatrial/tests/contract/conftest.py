"""A trial of a tiny app, for tests of the test bed; and what tells whether anything was left behind."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seatrial.spec.plan import Limits, Plan, Price
from seatrial.spec.subject import Database, Server, Subject
from seatrial.spec.trial_spec import TrialSpec
from seatrial.spec.workload import WorkloadSpec

SUBJECTS = Path(__file__).parent / "subjects"
MEBIBYTE = 1024 * 1024

TrialOf = Callable[..., TrialSpec]
EventuallyFn = Callable[..., None]


@pytest.fixture(scope="session")
def trial_of() -> TrialOf:
    """Builds a trial; keywords are the Subject's fields, and cpus, memory_mb, allow_remote."""

    def make(*, cpus: float = 1.0, memory_mb: int = 512, allow_remote: bool = False, **fields: Any) -> TrialSpec:
        chosen: dict[str, Any] = {
            "name": "tiny",
            "app": "testbed_app:app",
            "directory": SUBJECTS,
            "python": Path(sys.executable),
            "server": Server(),
            "database": Database(kind="none"),
            "environment": {"PYTHONDONTWRITEBYTECODE": "1"},
        } | fields
        limits = Limits(cpus, memory_mb * MEBIBYTE)
        return TrialSpec(
            path=Path("seatrial.toml"),
            subject=Subject(**chosen),
            plan=Plan("plan", "nobody", "a plan", limits, Price(None, "", "")),
            workload=WorkloadSpec(),
            allow_remote=allow_remote,
        )

    return make


@pytest.fixture(scope="session")
def eventually() -> EventuallyFn:
    """Polls until a condition holds, within a deadline; fails with what `left` says then."""

    def poll(condition: Callable[[], object], deadline_s: float = 20.0, left: Callable[[], object] = str) -> None:
        end = time.monotonic() + deadline_s
        while not condition():
            assert time.monotonic() < end, f"not within {deadline_s} s: {left()}"
            time.sleep(0.05)

    return poll
