"""The script for k6, run by Node with stand-ins for k6's modules that note what is asked: k6 itself is not run here."""

import itertools
import json
import subprocess
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import playwright
import pytest

from seatrial.errors import SpecError
from seatrial.export.k6_script import k6_files
from seatrial.load import mix
from seatrial.spec.slo import SLO
from seatrial.spec.workload import OperationSpec, WorkloadSpec

# Playwright, which the tests of pages need anyway, brings one along.
NODE = Path(playwright.__file__).parent / "driver" / "node"

SHOP = WorkloadSpec(
    order="stratified",
    operations=(
        OperationSpec("home", "/", weight=50, expect_text="Welcome"),
        OperationSpec("find", "/find?q=\u2028'`${1}", weight=30, expect_status=None),
        OperationSpec("old", "/old", weight=15, expect_status=301),
        OperationSpec("save", "/save", "POST", 5, "a=1", expect_status=201, headers=(("X-Own", "yes"),)),
    ),
    timeout_s=4.0,
)

# http.request answers with what ANSWERS has for the path; everything that the script says is printed in the end.
STAND_INS = {
    "http": """
        export default {
          expectedStatuses: (...wanted) => wanted,
          request: (method, url, body, params) => {
            globalThis.asked.push({ method, url, body, params });
            return globalThis.answers[params.tags.name] || { status: 200, body: 'Welcome' };
          },
        };""",
    "index": """
        export const check = (answer, checks) => {
          const right = Object.entries(checks).map(([name, isRight]) => [name, isRight(answer)]);
          globalThis.checked.push(...right);
          return right.every(([, one]) => one);
        };""",
    "execution": "export default { get scenario() { return { iterationInTest: globalThis.iteration }; } };",
    "metrics": "export class Rate { constructor(name) { this.name = name; } add(v) { globalThis.wrong.push(v); } }",
}
DRIVE = """
    Object.assign(globalThis, { __ENV: ENV, asked: [], checked: [], wrong: [], answers: ANSWERS, iteration: 0 });
    const script = await import('./workload.mjs');
    for (; globalThis.iteration < COUNT; globalThis.iteration += 1) script.default();
    const { asked, checked, wrong } = globalThis;
    console.log(JSON.stringify({ options: script.options, asked, checked, wrong }));
"""


def run(
    tmp_path: Path,
    workload: WorkloadSpec = SHOP,
    *,
    count: int = 20,
    environment: dict[str, str] | None = None,
    answers: dict[str, Any] | None = None,
    slo: SLO | None = None,
    rate_rps: float = 40,
) -> Any:
    """What the written script does in its first `count` iterations."""
    files = k6_files(workload, slo or SLO(), name="seatrial.toml", rate_rps=rate_rps, host="http://10.0.0.5:8000")
    modules = tmp_path / "node_modules" / "k6"
    modules.mkdir(parents=True, exist_ok=True)
    exports = {("." if name == "index" else f"./{name}"): f"./{name}.js" for name in STAND_INS}
    (modules / "package.json").write_text(json.dumps({"name": "k6", "type": "module", "exports": exports}))
    for name, text in STAND_INS.items():
        (modules / f"{name}.js").write_text(text)
    script = tmp_path / "workload.mjs"
    script.write_bytes(files["workload.js"])
    subprocess.run([NODE, "--check", script], check=True, timeout=30)
    values = {"ENV": environment or {}, "ANSWERS": answers or {}, "COUNT": count}
    drive = DRIVE
    for name, value in values.items():
        drive = (
            drive.replace(name, json.dumps(value))
            if name != "ENV"
            else drive.replace(": ENV", f": {json.dumps(value)}")
        )
    (tmp_path / "drive.mjs").write_text(drive)
    done = subprocess.run([NODE, "drive.mjs"], cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_operations_begin_at_the_rate_whether_or_not_they_are_answered(tmp_path: Path) -> None:
    scenario = run(tmp_path)["options"]["scenarios"]["workload"]
    assert scenario["executor"] == "constant-arrival-rate"
    assert (scenario["rate"], scenario["timeUnit"], scenario["duration"]) == (40, "1s", "300s")
    # At 40 a second and 500 ms an answer, 20 are on their way, twice as many are ready; at the timeout's 4 s, 160.
    assert (scenario["preAllocatedVUs"], scenario["maxVUs"]) == (40, 160)


@pytest.mark.parametrize(
    ("rate_rps", "rate", "unit"), [(0.5, 1, "2s"), (2.5, 5, "2s"), (0.001, 1, "1000s"), (100 / 3, 100, "3s")]
)
def test_a_rate_that_is_not_whole_becomes_one_in_a_longer_time(
    tmp_path: Path, rate_rps: float, rate: int, unit: str
) -> None:
    scenario = run(tmp_path, rate_rps=rate_rps)["options"]["scenarios"]["workload"]
    assert (scenario["rate"], scenario["timeUnit"]) == (rate, unit)


def test_the_objective_is_what_k6_judges_by(tmp_path: Path) -> None:
    thresholds = run(tmp_path, slo=SLO(0.999, 0.25, 0.02))["options"]["thresholds"]
    assert thresholds["http_req_duration"] == ["p(99.9)<250"]
    assert thresholds["wrong_answers"] == ["rate<=0.02"]
    assert thresholds["dropped_iterations"] == ["count<1"]


def test_the_shares_are_those_of_seatrials_own_mix(tmp_path: Path) -> None:
    asked = [one["params"]["tags"]["name"] for one in run(tmp_path, count=1040)["asked"]]
    weights = {one.name: one.weight for one in SHOP.operations}
    for start in range(0, 1000, 20):
        assert Counter(asked[start : start + 20]) == {"home": 10, "find": 6, "old": 3, "save": 1}
    assert asked[:20] != asked[20:40]
    assert asked[1000:] == asked[:40]
    assert asked[:1000] == list(itertools.islice(mix.endless(weights, 1), 1000))


def test_a_random_order_draws_each_operation_by_itself(tmp_path: Path) -> None:
    shop = replace(
        SHOP,
        order="random",
        operations=(*SHOP.operations, OperationSpec("never", "/never", weight=0)),
    )
    asked = Counter(one["params"]["tags"]["name"] for one in run(tmp_path, shop, count=4000)["asked"])
    assert set(asked) <= {"home", "find", "old", "save"}
    # The standard deviation of 4,000 draws with p = 0.5 is 32; five of them.
    assert abs(asked["home"] - 2000) < 160
    assert abs(asked["find"] - 1200) < 145


def test_requests_are_as_declared(tmp_path: Path) -> None:
    asked = {one["params"]["tags"]["name"]: one for one in run(tmp_path)["asked"]}
    assert {name: (one["method"], one["body"]) for name, one in asked.items()} == {
        "home": ("GET", None),
        "find": ("GET", None),
        "old": ("GET", None),
        "save": ("POST", "a=1"),
    }
    assert asked["find"]["url"] == "http://10.0.0.5:8000/find?q=\u2028'`${1}"
    assert asked["save"]["params"]["headers"] == {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Own": "yes",
    }
    # k6 would follow a redirect to anywhere.
    assert {one["params"]["redirects"] for one in asked.values()} == {0}
    assert asked["home"]["params"]["timeout"] == "4s"
    # A redirect on the way to a right answer is none that failed.
    assert asked["save"]["params"]["responseCallback"] == [201, {"min": 300, "max": 399}]
    assert asked["old"]["params"]["responseCallback"] == [301]


def test_address_and_duration_can_be_given_when_it_is_started(tmp_path: Path) -> None:
    seen = run(tmp_path, environment={"BASE_URL": "https://example.test/", "DURATION": "10m"})
    assert seen["options"]["scenarios"]["workload"]["duration"] == "10m"
    assert seen["asked"][0]["url"].startswith("https://example.test/")
    assert not seen["asked"][0]["url"].startswith("https://example.test//")


@pytest.mark.parametrize(
    ("name", "answer", "right"),
    [
        ("home", {"status": 200, "body": "Welcome home"}, True),
        ("home", {"status": 200, "body": "Sorry"}, False),
        ("home", {"status": 500, "body": "Welcome"}, False),
        ("home", {"status": 0, "body": None}, False),
        ("find", {"status": 204, "body": None}, True),
        ("find", {"status": 404, "body": ""}, False),
        ("find", {"status": 304, "body": ""}, True),
        ("find", {"status": 302, "headers": {"Location": "https://elsewhere.example/"}}, False),
        ("find", {"status": 303, "headers": {}}, False),
        ("home", {"status": 302, "body": "Welcome", "headers": {"Location": "//elsewhere.example/"}}, False),
        ("old", {"status": 301, "body": "", "headers": {"Location": "https://elsewhere.example/"}}, True),
        ("old", {"status": 200, "body": ""}, False),
        ("save", {"status": 201, "body": ""}, True),
    ],
)
def test_an_answer_is_judged_as_seatrial_judges_it(
    tmp_path: Path, name: str, answer: dict[str, Any], right: bool
) -> None:
    one = replace(SHOP, operations=tuple(operation for operation in SHOP.operations if operation.name == name))
    seen = run(tmp_path, one, count=1, answers={name: answer})
    assert seen["checked"] == [[f"{name} is answered rightly", right]]
    assert seen["wrong"] == [not right]


def test_a_redirect_within_the_app_is_followed_and_one_that_leads_away_is_not(tmp_path: Path) -> None:
    leads_to = {
        "/home": "/home",
        "/": "/",
        "home/": "/a/home/",
        "?page=2": "/a/b?page=2",
        "../up": "/up",
        "/x/../y/./z": "/y/z",
        "/a/..": "/",
        "/home#part": "/home",
        "http://10.0.0.5:8000/home?x=/y/../z": "/home?x=/y/../z",
        "//10.0.0.5:8000": "/",
        "https://10.0.0.5:8000/home": None,
        "//elsewhere.example/": None,
        "mailto:somebody@example.org": None,
        "": None,
    }
    each = WorkloadSpec(
        order="stratified",
        operations=tuple(OperationSpec(name, "/a/b?c=d", expect_status=None) for name in leads_to),
    )
    answers = {name: {"status": 302, "headers": {"Location": name}} for name in leads_to}
    seen = run(tmp_path, each, count=60, answers=answers)
    asked: dict[str, set[str]] = {}
    for one in seen["asked"]:
        asked.setdefault(one["params"]["tags"]["name"], set()).add(one["url"])
    for name, path in leads_to.items():
        assert asked[name] == {"http://10.0.0.5:8000/a/b?c=d"}
        assert asked.get(f"{name} (redirect)") == (path and {f"http://10.0.0.5:8000{path}"})
    assert dict(seen["checked"]) == {f"{name} is answered rightly": path is not None for name, path in leads_to.items()}


def test_a_followed_post_becomes_a_get_and_redirects_without_end_are_wrong(tmp_path: Path) -> None:
    one = replace(SHOP, operations=(replace(SHOP.operations[3], expect_status=None),))
    endless = {"status": 303, "headers": {"Location": "/home"}}
    seen = run(tmp_path, one, count=1, answers={"save": endless, "save (redirect)": endless})
    # As Seatrial itself: ten are followed.
    assert [asked["method"] for asked in seen["asked"]] == ["POST"] + 10 * ["GET"]
    assert seen["asked"][0]["body"] == "a=1"
    assert seen["asked"][1]["body"] is None
    assert seen["asked"][1]["params"]["headers"] == {"X-Own": "yes"}
    assert seen["wrong"] == [True]
    kept = {"status": 307, "headers": {"Location": "/home"}}
    asked = run(tmp_path, one, count=1, answers={"save": kept, "save (redirect)": {"status": 201, "body": ""}})["asked"]
    assert [(each["method"], each["body"]) for each in asked] == [("POST", "a=1")] * 2


def test_connections_are_made_anew_where_the_workload_says_so(tmp_path: Path) -> None:
    assert "noConnectionReuse" not in run(tmp_path)["options"]
    assert run(tmp_path, replace(SHOP, keep_alive=False))["options"]["noConnectionReuse"] is True


def test_journeys_are_refused_with_the_way_to_locust(tmp_path: Path) -> None:
    workload = replace(SHOP, journeys=tmp_path / "journeys.py", mix={"home": 1.0})
    with pytest.raises(SpecError, match="seatrial export locust"):
        k6_files(workload, SLO(), name="seatrial.toml", rate_rps=10)
    with pytest.raises(SpecError, match=r"rate as low as 0\.0001"):
        k6_files(SHOP, SLO(), name="seatrial.toml", rate_rps=0.0001)


def test_the_head_says_what_k6_hides() -> None:
    text = k6_files(SHOP, SLO(), name="shop.toml", rate_rps=10)["workload.js"].decode()
    head = text[: text.index("import http")]
    assert "shop.toml" in head
    assert "dropped_iterations" in head
    assert max(map(len, head.splitlines())) <= 120
