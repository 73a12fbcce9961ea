"""What holds for every test of the repository."""

import gc
import os
from pathlib import Path

import pytest

__all__ = ["pytest_collection_finish", "pytest_collection_modifyitems"]

STUDIES = Path(__file__).parent / "packages" / "seatrial" / "tests" / "e2e"
"""Tests that take half a minute or two each, directly in this folder."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where several processes share the tests, each begins with its part of the long ones.

    They would come last, one process at work and the others done. A process is given a run of neighbours and takes from
    others' ends what they have not begun (xdist's `worksteal`), so the long ones stand where such runs begin.
    """
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if processes == 1:
        return
    first = [item for item in items if item.path.parent == STUDIES]
    then = [item for item in items if item.path.parent != STUDIES]
    ordered: list[pytest.Item] = []
    for process in range(processes):
        ordered += first[process::processes]
        ordered += then[process * len(then) // processes : (process + 1) * len(then) // processes]
    items[:] = ordered


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Set aside the thousands of collected tests: a full collection would walk through them, and many tests cause one.

    A load collects before it begins. With what is here that took half a second, and two on a slow machine.
    """
    gc.collect()
    gc.freeze()
