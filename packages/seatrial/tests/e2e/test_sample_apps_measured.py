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

pytestmark = [pytest.mark.linux, pytest.mark.quiet]


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
    assert set(costs) == {"connection-per-request", "missing-index", "n-plus-one"}
    assert all(cost > 0.0 for cost in costs.values())
