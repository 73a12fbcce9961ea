"""The JSON document, whose names are a contract."""

import json
import math
from pathlib import Path

import pytest

from seatrial.advise.findings import DailyUsers
from seatrial.report.document import findings_json


def test_the_names_of_the_contract_are_all_there(sample):
    document = findings_json(sample())
    assert next(iter(document)) == "schema"
    assert document["schema"] == "seatrial.findings/1"
    for name in ("verdict", "queries_per_request", "workers_that_fit", "bottleneck", "plan"):
        assert name in document
    for name in ("worker_capacity", "plan_capacity"):
        assert {"offered_rate_rps", "low_rps", "high_rps", "pass_rps", "fail_rps", "workers", "threads"} <= set(
            document[name]
        )
        assert {"is_bracket", "method"} <= set(document[name])
    assert {"app", "database", "total", "by_operation"} <= set(document["demand_ms"])
    assert {"database", "first_worker", "further_worker", "system", "plan"} <= set(document["memory_bytes"])
    assert {"low", "typical", "high"} <= set(document["daily_users"])
    assert all({"code", "text", "next_step"} <= set(caveat) for caveat in document["caveats"])


def test_it_survives_json_unchanged(sample, bare):
    for findings in (sample(), bare()):
        document = findings_json(findings)
        assert json.loads(json.dumps(document, allow_nan=False)) == document


def test_a_number_that_is_not_finite_and_one_that_is_unknown_are_null(sample):
    document = findings_json(sample(queries_per_request=None, daily_users=DailyUsers(math.nan, math.inf, 3.0, 0.3, {})))
    assert document["queries_per_request"] is None
    assert document["daily_users"]["low"] is None
    assert document["daily_users"]["typical"] is None
    assert document["daily_users"]["high"] == 3.0


def test_values_keep_their_precision(sample):
    assert findings_json(sample())["worker_capacity"]["offered_rate_rps"] == 143.2


def test_paths_become_text_and_anything_else_is_refused(sample):
    assert findings_json(sample(environment={"file": Path("a/b")}))["environment"] == {"file": str(Path("a/b"))}
    with pytest.raises(TypeError, match="object"):
        findings_json(sample(environment={"it": object()}))
