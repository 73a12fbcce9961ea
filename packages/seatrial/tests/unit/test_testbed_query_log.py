"""Reading PostgreSQL's log, and its settings as values."""

from pathlib import Path

import pytest

from seatrial.testbed.postgres_settings import postgres_argv, tuned_settings
from seatrial.testbed.query_log import count_queries, normalise

MEBIBYTE = 1024 * 1024


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT 1", "SELECT ?"),
        ("select  a\n\tfrom t1 where b = 'it''s' ;", "select a from t1 where b = ?"),
        ("SELECT * FROM t WHERE a = $1 AND b = $12", "SELECT * FROM t WHERE a = ? AND b = ?"),
        ("SELECT x FROM t WHERE id IN (1, 2, 3)", "SELECT x FROM t WHERE id IN (?, ...)"),
        ("SELECT x FROM t WHERE id IN ($1,$2)", "SELECT x FROM t WHERE id IN (?, ...)"),
        ("SELECT 1.5e3, E'a', $$body 7$$, t2.c3", "SELECT ?, ?, ?, t2.c3"),
        ("SELECT a /* trace=7 */ FROM t -- why\nWHERE b", "SELECT a FROM t WHERE b"),
    ],
)
def test_other_values_make_the_same_text(sql, expected):
    assert normalise(sql) == expected


def test_a_log_is_counted_without_transaction_control_the_meter_and_what_is_no_statement():
    log = (
        "@10@shop@ LOG:  statement: BEGIN\n"
        "@10@shop@ LOG:  execute <unnamed>: SELECT *\n\tFROM t\n\tWHERE id = $1\n"
        "@10@shop@ LOG:  execute _pg3_0: SELECT * FROM t WHERE id = $1\n"
        "@11@@ LOG:  execute fetch from <unnamed>/c1: SELECT * FROM t WHERE id = $1\n"
        '@11@@ ERROR:  relation "x" does not exist at character 15\n'
        "@11@@ STATEMENT:  SELECT 1 FROM x\n"
        "@12@seatrial-meter@ LOG:  statement: SHOW log_statement\n"
        "@9@@ LOG:  checkpoint starting: immediate force wait\n"
        "@10@shop@ LOG:  statement: COMMIT\n"
        "@10@shop@ LOG:  statement: DEALLOCATE ALL\n"
        "@10@shop@ LOG:  statement: ROLLBACK TO SAVEPOINT a\n"
    )
    seen = count_queries(log)
    assert seen.by_text == {"SELECT * FROM t WHERE id = ?": 2}
    assert seen.statements == 2
    assert seen.transactions_control == 4


def test_the_time_of_a_statement_is_that_of_its_parse_bind_and_run_in_its_own_process():
    log = (
        "@10@shop@ LOG:  duration: 0.100 ms\n"
        "@11@@ LOG:  statement: SELECT 2\n"
        "@10@shop@ LOG:  duration: 0.200 ms\n"
        "@10@shop@ LOG:  execute <unnamed>: SELECT 1 FROM t\n"
        "@11@@ LOG:  duration: 7.000 ms\n"
        "@10@shop@ LOG:  duration: 1.500 ms\n"
        "@10@shop@ LOG:  execute fetch from <unnamed>/c1: SELECT 1 FROM t\n"
        "@10@shop@ LOG:  duration: 0.700 ms\n"
        "@10@shop@ LOG:  statement: COMMIT\n"
        "@12@seatrial-meter@ LOG:  duration: 90.000 ms\n"
        "@10@shop@ LOG:  duration: 3.000 ms\n"
    )
    seen = count_queries(log)
    assert seen.by_text == {"SELECT ? FROM t": 1, "SELECT ?": 1}
    assert seen.seconds_by_text == pytest.approx({"SELECT ? FROM t": 0.0025, "SELECT ?": 0.007})
    assert seen.seconds == pytest.approx(0.0125)


def test_nothing_logged_is_nothing_counted():
    assert count_queries("").statements == 0


@pytest.mark.parametrize("memory_mb", [96, 392, 904, 3976, 65536])
def test_a_database_leaves_half_of_the_memory_to_the_app(memory_mb):
    settings = tuned_settings(memory_mb * MEBIBYTE, 92)
    kb = {name: int(value[:-2]) for name, value in settings.items() if value.endswith("kB")}
    assert kb["shared_buffers"] <= max(memory_mb * 1024 // 8, 16 * 1024)
    assert kb["effective_cache_size"] <= memory_mb * 1024 // 2
    assert 4 * 1024 <= kb["work_mem"] <= 64 * 1024
    assert settings["fsync"] == settings["synchronous_commit"] == "on"
    assert settings["jit"] == "off"
    assert settings["max_connections"] == "100"


def test_the_512_mb_plan_gets_49_mb_of_shared_buffers():
    assert tuned_settings(392 * MEBIBYTE, 92)["shared_buffers"] == f"{49 * 1024}kB"


def test_the_server_listens_on_loopback_only_and_keeps_the_log_switch_free():
    argv = postgres_argv(Path("/pg/bin"), Path("/data"), 5433, {"jit": "off"})
    assert argv[:3] == ("/pg/bin/postgres", "-D", "/data")
    assert {"listen_addresses=127.0.0.1", "port=5433", "unix_socket_directories=", "jit=off"} <= set(argv)
    assert not any(part.startswith("log_statement") for part in argv)
