"""One cell of benchmarks/accuracy judged from whole studies."""

import importlib
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from seatrial.advise import estimate
from seatrial.advise.prediction import Predictor

FOLDER = Path(__file__).parents[4] / "benchmarks" / "accuracy"
MODULES = ("apps", "books", "design", "judging", "scoring")
MEBIBYTE = 1024 * 1024


@pytest.fixture
def judging(monkeypatch):
    """Its modules import each other by their plain names, as scripts in one folder do."""
    monkeypatch.syspath_prepend(str(FOLDER))
    for name in MODULES:
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield importlib.import_module("judging")
    for name in MODULES:
        sys.modules.pop(name, None)


def of_two_workers(study):
    """The study as if two workers had been declared, without what was seen of one."""
    server = replace(study.spec.subject.server, workers=2)
    spec = replace(study.spec, subject=replace(study.spec.subject, server=server))
    seen = tuple(m for m in study.measurements if m.workers == 2)
    memory = tuple(m for m in study.memory if m.workers == 2)
    return replace(study, spec=spec, measurements=seen, memory=memory, created_at="2026-01-01T00:40:00+00:00")


def test_a_cell_is_compared_with_what_the_base_nearest_in_time_leaves_of_the_prediction(judging, a_study, monkeypatch):
    monkeypatch.setattr(estimate, "ESTIMATE_REQUESTS", 1_000)
    books, design = (importlib.import_module(name) for name in ("books", "design"))
    app = importlib.import_module("apps").APPS[1]
    unit = books.Unit(app, replace(design.BASE, workers=2))
    base = a_study()
    # 36 minutes later the machine had a fifth less, and so had two workers 4 minutes after that: 102.4 of 128.
    near = replace(a_study((98.4, 100.0, 101.6)), created_at="2026-01-01T00:36:00+00:00")
    cell = of_two_workers(a_study(plan_saturated=102.4))
    predictor = Predictor(base, requests=1_000)
    alone, beside = (judging.judged(unit, cell, base, predictor, bases) for bases in ([], [near]))
    assert (beside.drift, beside.minutes) == (pytest.approx(0.8), pytest.approx(4.0))
    assert (alone.drift, alone.minutes) == (1.0, pytest.approx(40.0))
    # The base's own study saw two workers at 128: the prediction of them is that, and what of it was left.
    assert alone.error == pytest.approx(0.25, abs=0.03)
    assert beside.error == pytest.approx(0.0, abs=0.03)
    assert beside.low_rps == pytest.approx(0.8 * alone.low_rps, rel=0.03)
    # Read in the base, too: 105 MB of app and 92 of PostgreSQL.
    predicted, measured = beside.memory
    assert measured == 197 * MEBIBYTE
    assert predicted == pytest.approx(measured, rel=0.02)
    # Half of its capacity, where nobody else used the CPU; where others did, how long it took is theirs too.
    assert alone.p95[0] == pytest.approx(51.2)
    shared = replace(cell, measurements=tuple(replace(m, others_share=0.1) for m in cell.measurements))
    assert judging.judged(unit, shared, base, predictor).p95 is None
