"""From a project to its answer in two commands, on the app with every fault that costs on a server."""

import pytest

SHORTER = """
[measure]
allow_noise = true
restarts = 1
brief_starts = 0
plan_starts = 0
inside = false
warm_up_max_s = 3
half_load_s = 1
saturation_s = 1.5
confirm_s = 1.5
search_trial_s = 2

[slo]
latency_max_ms = 200
"""

SEEN_IN_STATEMENTS = {"connection-per-request", "missing-index", "n-plus-one"}
SWITCHED = {"debug", "templates-reloaded"}

# What each fault costs is seen by itself in contract/test_measure_faults.py and test_measure_queries.py.
pytestmark = [pytest.mark.linux, pytest.mark.quiet, pytest.mark.long]


def test_init_and_measure_name_each_fault_with_what_it_costs(sample_app, run_seatrial):
    """What `init` wrote is used as it is; only the lengths of the trials are added."""
    folder = sample_app("faulty")
    begun = run_seatrial("init", folder, "--json")
    assert begun.status == 0, begun.err
    told = {clue["what"] for clue in begun.findings["found"]}
    assert "debugging is on" in told
    assert any("served by the app" in what for what in told)
    with (folder / "seatrial.toml").open("a") as file:
        file.write(SHORTER)
    ended = run_seatrial("measure", folder, "--json")
    # Whether the objective is met is not what is asked here.
    assert ended.status in {0, 1}, ended.err
    found = ended.findings
    assert set(found["demand_ms"]["by_operation"]) == {"front", "customers_one"}
    costs = {fault["code"]: fault["cost_ms"] for fault in found["faults"]}
    assert set(costs) == SEEN_IN_STATEMENTS | SWITCHED | {"static-files"}
    assert all(costs[code] > 0.0 for code in costs if code not in SWITCHED)
    # Some hundredths of a millisecond: chance may make less than nothing of them, but not by more than it is said to.
    for fault in found["faults"]:
        if fault["code"] in SWITCHED:
            assert fault["cost_ms"] > -3.0 * fault["error_ms"]
    (files,) = [fault["what"] for fault in found["faults"] if fault["code"] == "static-files"]
    assert "/files/shop.css" in files
    page = (folder / "results" / "report.html").read_text()
    for name in ("N+1 queries", "missing index", "No pool", "Debugging is on", "Templates are looked", "Files served"):
        assert name in page


def test_a_server_for_development_is_named_with_what_it_costs_against_another(sample_app, run_seatrial):
    folder = sample_app("faulty")
    command = "flask --app app run --port {port}"
    begun = run_seatrial("init", folder, "--json", "--command", command, "--prepare", "{bin}/flask --app app init-db")
    assert begun.status == 0, begun.err
    (clue,) = [clue for clue in begun.findings["found"] if clue["topic"] == "server"]
    assert "for working on the app" in clue["doubt"]
    with (folder / "seatrial.toml").open("a") as file:
        file.write(SHORTER)
    ended = run_seatrial("measure", folder, "--json")
    assert ended.status in {0, 1}, ended.err
    (fault,) = [fault for fault in ended.findings["faults"] if fault["code"] == "development-server"]
    assert fault["what"] == command
    # Two starts: what they differ by from each other may be more than what the server costs.
    assert fault["error_ms"] > 0.0
    assert abs(fault["cost_ms"]) < ended.findings["demand_ms"]["app"]
