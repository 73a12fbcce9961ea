"""Queries per request, counted on the embedded PostgreSQL while something else still asks it."""

import asyncio
import threading
import time

import psycopg

from seatrial.load.driver import Driver
from seatrial.load.workload import Workload
from seatrial.measure.queries import QUIET_S, count_queries
from seatrial.spec.subject import Database
from seatrial.spec.workload import OperationSpec, WorkloadSpec
from seatrial.testbed.testbed import Testbed

CREATE = (
    "import os, psycopg\nwith psycopg.connect(os.environ['DATABASE_URL']) as c:\n    c.execute('CREATE TABLE notes ()')"
)
OPERATIONS = (OperationSpec("rows", "/rows"), OperationSpec("plain", "/"))

OVERLOAD_S = 5 * QUIET_S


def test_queries_of_requests_given_up_before_are_not_taken_for_those_that_are_counted(trial_of) -> None:
    trial = trial_of(
        database=Database(),
        environment={"DATABASE_URL": "{database_url}", "PYTHONDONTWRITEBYTECODE": "1"},
        prepare=(("{python}", "-c", CREATE),),
    )
    with Testbed(trial) as testbed:
        testbed.prepare()
        testbed.start(1, 2, fresh_data=True)
        database = testbed.database
        assert database is not None

        def left_over() -> None:
            """What an overloaded app still asks for when nobody waits any more."""
            until = time.monotonic() + OVERLOAD_S
            with psycopg.connect(database.url, autocommit=True) as connection:
                while time.monotonic() < until:
                    connection.execute("SELECT pg_sleep(0.005)")

        async def counted():
            workload = Workload.from_spec(WorkloadSpec(operations=OPERATIONS, people=1))
            async with Driver(testbed.url, workload, seed=1, run_token="queries") as driver:
                return await count_queries(driver, database, ["rows", "plain"])

        other = threading.Thread(target=left_over)
        other.start()
        try:
            rows, plain = asyncio.run(counted())
        finally:
            other.join(timeout=30)
    assert (rows.statements_per_request, plain.statements_per_request) == (1.0, 0.0)
    assert rows.often == (("SELECT count(*) FROM notes", 1.0),)
