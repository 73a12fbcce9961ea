"""Demands with several amounts of data, on a real PostgreSQL: an index, and a table without one."""

import os
from dataclasses import replace

import pytest

from seatrial.advise.growth.data import data_laws
from seatrial.measure.progress import Progress
from seatrial.measure.sizes import SIZE_VARIABLE, measure_sizes, told_size
from seatrial.spec.subject import Database
from seatrial.spec.trial_spec import MeasureSettings
from seatrial.spec.workload import WorkloadSpec

SIZES = (1_000, 10_000, 100_000)
CREATE = (
    "import os, sys, psycopg\nwith psycopg.connect(os.environ['DATABASE_URL']) as c:\n"
    "    c.execute('CREATE TABLE people (id int PRIMARY KEY, name text)')\n"
    "    c.execute('INSERT INTO people SELECT g, md5(g::text) FROM generate_series(1, %s) g', (int(sys.argv[1]),))"
)
# The pages show how many rows there are, and the journeys expect as many as they were told of.
JOURNEYS = """
import os
from seatrial.load.journeys import expect, get
SIZE = os.environ["SEATRIAL_SIZE"]
def by_index(person):
    expect((yield get("/by_index")), contains=SIZE)
def by_walk(person):
    expect((yield get("/by_walk")), contains=SIZE)
"""


@pytest.fixture
def sized_trial(trial_of, tmp_path):
    journeys = tmp_path / "journeys.py"
    journeys.write_text(JOURNEYS)
    trial = trial_of(
        app="sized_app:app",
        database=Database(),
        environment={"DATABASE_URL": "{database_url}", "ROWS": "{size}", "PYTHONDONTWRITEBYTECODE": "1"},
        prepare=(("{python}", "-c", CREATE, "{size}"),),
        size=1_000,
    )
    return replace(
        trial,
        workload=WorkloadSpec(journeys=journeys, mix={"by_index": 1.0, "by_walk": 1.0}, people=1),
        measure=MeasureSettings(warm_up_max_s=1.0, sizes=SIZES),
    )


@pytest.mark.long
@pytest.mark.quiet
def test_a_missing_index_is_told_from_one_that_is_there(sized_trial) -> None:
    told = []
    sizes, caveats = measure_sizes(sized_trial, Progress(told.append))
    assert caveats == ()
    assert [each.size for each in sizes] == list(SIZES)
    assert any("100,000" in report.text for report in told)
    found = data_laws(sizes, sizes[0].operations, ())
    assert found.kinds["by_walk"] == "linear"
    assert found.kinds["by_index"] != "linear"
    assert found.unknown_at(1e6) == ("by_walk",)


def test_data_that_cannot_be_prepared_is_a_caveat_and_no_failure(sized_trial) -> None:
    broken = "import sys\nsys.exit('the disk is full')\n" + CREATE
    subject = replace(sized_trial.subject, prepare=(("{python}", "-c", broken, "{size}"),))
    sizes, caveats = measure_sizes(replace(sized_trial, subject=subject), Progress(lambda _: None))
    assert sizes == ()
    assert [each.code for each in caveats] == ["size-not-measured"]


def test_the_environment_is_as_before_once_nobody_needs_the_size(monkeypatch) -> None:
    monkeypatch.delenv(SIZE_VARIABLE, raising=False)
    with told_size(5):
        assert os.environ[SIZE_VARIABLE] == "5"
    assert SIZE_VARIABLE not in os.environ
    monkeypatch.setenv(SIZE_VARIABLE, "7")
    with told_size(None):
        assert os.environ[SIZE_VARIABLE] == "7"
    assert os.environ[SIZE_VARIABLE] == "7"
