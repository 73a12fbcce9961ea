"""A few seconds of the drill in benchmarks/flotilla/drill.py: the site's processes are killed while people write."""

import importlib.util
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[4] / "benchmarks" / "flotilla"
SECONDS = 6


@pytest.fixture
def drill_modules(monkeypatch):
    """The drill and its database, loaded from where they are."""
    monkeypatch.syspath_prepend(str(FOLDER))
    loaded = {}
    for name in ("drill_database", "drill"):
        spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
        loaded[name] = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, loaded[name])
        spec.loader.exec_module(loaded[name])
    return loaded


def test_killed_at_random_under_load_the_site_loses_nothing_and_comes_back(settings, tmp_path, drill_modules):
    port, live_port = (drill_modules["drill_database"].free_port() for _ in range(2))
    outcome = drill_modules["drill"].drill(
        settings,
        drill_modules["drill_database"].sign_in(settings, 3),
        tmp_path,
        port=port,
        live_port=live_port,
        seconds=SECONDS,
        kill_every_s=0.8,
    )
    assert (outcome.lost, outcome.doubled, outcome.check, outcome.left_behind) == ([], [], "", [])
    assert sum(outcome.killed.values()) >= 3
    assert len(outcome.posts) > 5
    assert outcome.passed
