"""Levers as a seatrial.toml declares them, those that come with Seatrial, and how many fit into the time."""

import math
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from seatrial.advise.levers.conclude import LeverJudge
from seatrial.advise.levers.forecast import forecast
from seatrial.commands.measuring import measure
from seatrial.commands.tuning import tune
from seatrial.discover.interpreter import Interpreter
from seatrial.discover.newer_python import newer_python, newest_that_will_do
from seatrial.errors import SpecError
from seatrial.measure.lever_record import Forecast
from seatrial.measure.lever_time import time_plan
from seatrial.measure.lever_trials import Effort, LeverTrials
from seatrial.measure.progress import Progress
from seatrial.spec.built_in_levers import built_in_levers, python_lever
from seatrial.spec.lever import Lever, clash, most_hosts
from seatrial.spec.reading import Declared, read_declared
from seatrial.spec.services import Services

FILE = """\
[subject]
app = "shop:app"

[subject.environment]
MODE = "slow"
COLOUR = "red"

[server]
threads = 4

[[workload.operations]]
name = "front page"
path = "/"
"""


def declared(tmp_path: Path, more: str = "", text: str = FILE) -> Declared:
    path = tmp_path / "seatrial.toml"
    path.write_text(text + more)
    return read_declared(path)


def test_a_lever_changes_what_it_names_and_leaves_everything_else(tmp_path) -> None:
    found = declared(
        tmp_path,
        """
[[levers]]
name = "fast"
about = "Quicker."
[levers.environment]
MODE = "fast"
[levers.server]
workers = 3
[levers.services]
cache = "valkey"
[levers.database]
pool = 7
""",
    )
    (lever,) = found.levers
    assert (lever.name, lever.about, lever.is_own) == ("fast", "Quicker.", True)
    spec = found.with_levers([lever])
    assert not isinstance(spec, str)
    assert spec.subject.environment == {"MODE": "fast", "COLOUR": "red"}
    assert (spec.subject.server.workers, spec.subject.server.threads) == (3, 4)
    assert (spec.subject.services.cache, spec.subject.database.pool) == ("valkey", 7)
    assert found.spec.subject.environment["MODE"] == "slow"


def test_levers_are_put_on_top_of_each_other_and_tell_when_nothing_changes(tmp_path) -> None:
    found = declared(tmp_path)
    workers = Lever("a", changes={"server": {"workers": 2}})
    variable = Lever("b", changes={"subject": {"environment": {"MODE": "fast"}}})
    other = Lever("c", changes={"subject": {"environment": {"COLOUR": "blue"}}})
    spec = found.with_levers([workers, variable, other])
    assert not isinstance(spec, str)
    assert spec.subject.server.workers == 2
    assert spec.subject.environment == {"MODE": "fast", "COLOUR": "blue"}
    assert clash([workers, variable], other) is None
    assert clash([workers, variable], Lever("d", changes={"server": {"workers": 9}})) is workers
    assert found.with_levers([Lever("e", changes={"server": {"threads": 4}})]) == "This is so already."


def test_what_cannot_be_used_in_a_lever_is_told_with_its_line_and_its_own_path(tmp_path) -> None:
    with pytest.raises(SpecError) as refused:
        declared(
            tmp_path,
            """
[[levers]]
name = "one"
[levers.server]
wokers = 2
threads = 0

[[levers]]
name = "one"
[levers.environment]
CACHE = "{cache_url}"

[[levers]]
name = "none"

[[levers]]
name = "alone"
server = { worker_class = "sync" }
""",
        )
    told = str(refused.value)
    assert "levers[0].server.wokers is not a key of seatrial.toml.\n    Did you mean workers?" in told
    assert ":18: levers[0].server.wokers" in told
    assert ":19: levers[0].server.threads must be a whole number" in told
    assert 'levers[1].name is "one" a second time' in told
    assert ":24: levers[1].environment.CACHE holds {cache_url}" in told
    assert "levers[2] changes nothing" in told
    assert "levers[3] does not go with the rest of the file: server.threads is 4" in told


def test_a_lever_needs_a_name_and_no_key_that_nobody_knows(tmp_path) -> None:
    with pytest.raises(SpecError) as refused:
        declared(tmp_path, '\n[[levers]]\naboot = "typing"\n')
    assert "levers[0].aboot is not a key of seatrial.toml.\n    Did you mean about?" in str(refused.value)
    assert "levers[0].name is missing" in str(refused.value)


def test_every_built_in_lever_either_makes_a_trial_or_says_why_it_does_not(tmp_path) -> None:
    gunicorn = declared(tmp_path)
    found = {lever.name: lever for lever in built_in_levers(gunicorn.spec)}
    assert {"workers-2", "workers-3", "threads-16", "sync", "gevent", "keep-alive"} <= set(found)
    for lever in found.values():
        assert lever.about.endswith(".")
        assert lever.refusal or not isinstance(gunicorn.with_levers([lever]), str), lever.name


@pytest.mark.parametrize(
    ("database", "variable", "tried", "refusals"),
    [
        ('kind = "none"', "", {}, {"pool": "It has no database."}),
        ("", "", {}, {"pool": "The app is not told."}),
        ("pool = 2", "unused", {}, {"pool": "The app is not told."}),
        ("pool = 2", "{{pool}} in braces", {}, {"pool": "The app is not told."}),
        ("pool = 2", "{pool}", {"pool-4": 4, "pool-1": 1}, {}),
        ("pool = 1", "{pool}", {"pool-2": 2}, {}),
        # Four threads: of eight connections four are never used, and half of what is used are two.
        ("pool = 8", "{pool}", {"pool-2": 2}, {"pool-16": "Each process works on 4 at once"}),
    ],
)
def test_more_and_fewer_connections_are_levers_where_the_app_is_told_their_number(
    tmp_path, database, variable, tried, refusals
) -> None:
    text = FILE.replace('COLOUR = "red"', f'POOL_SIZE = "{variable}"')
    found = declared(tmp_path, f"[database]\n{database}\n", text)
    levers = {lever.name: lever for lever in built_in_levers(found.spec) if lever.name.startswith("pool")}
    told = {name: lever.refusal for name, lever in levers.items() if lever.refusal}
    assert {name: why[: len(refusals[name])] for name, why in told.items()} == refusals
    pulled = {name: found.with_levers([lever]) for name, lever in levers.items() if not lever.refusal}
    assert {name: spec.subject.database.pool for name, spec in pulled.items()} == tried


@pytest.mark.parametrize(
    ("services", "refusal"),
    [
        ("", ""),
        ('balancer = "nginx"', ""),
        ('balancer = "caddy"', "There is a balancer in front already"),
        ('balancer = "nginx"\nmicro_cache_s = 2', "There is one already"),
    ],
)
def test_a_micro_cache_is_tried_where_nginx_can_stand_in_front(tmp_path, services, refusal) -> None:
    found = declared(tmp_path, f"[services]\n{services}\n")
    levers = {lever.name: lever for lever in built_in_levers(found.spec)}
    assert levers["micro-cache"].refusal.startswith(refusal)
    if refusal:
        assert levers["micro-cache"].refusal
    else:
        with_it = found.with_levers([levers["micro-cache"]])
        assert not isinstance(with_it, str)
        assert (with_it.subject.services.balancer, with_it.subject.services.micro_cache_s) == ("nginx", 1)
    # Several instances keep the balancer that is there.
    several = found.with_levers([levers["instances-2"]])
    assert not isinstance(several, str)
    assert several.subject.services.balancer == ("nginx" if "nginx" in services else "caddy")


def test_a_further_host_is_a_lever_with_its_price_for_any_app(tmp_path) -> None:
    found = declared(tmp_path, '[plan]\nid = "do-s-1vcpu-512mb-10gb"\n')
    lever = {lever.name: lever for lever in built_in_levers(found.spec)}["hosts-2"]
    assert lever.costs.startswith(f"Another {found.spec.plan.price.usd_month:g} USD a month, ")
    with_it = found.with_levers([lever])
    assert not isinstance(with_it, str)
    assert (with_it.subject.services.balancer, with_it.subject.services.hosts) == ("caddy", 2)
    three = declared(tmp_path, '[services]\nbalancer = "nginx"\nhosts = 2\n')
    levers = built_in_levers(three.spec)
    (more,) = (lever for lever in levers if lever.name == "hosts-3")
    assert more.changes == {"services": {"balancer": "nginx", "hosts": 3}}
    assert more.costs.startswith("Another ") or more.costs.startswith("The price of another machine")
    assert (most_hosts(levers), most_hosts([]), most_hosts([Lever("a", refusal="No.", changes=more.changes)])) == (
        3,
        1,
        1,
    )


def test_what_the_model_says_of_a_lever_is_of_one_host(a_study) -> None:
    study = a_study()
    saturation = next(seen for seen in study.measurements if seen.label == "saturation")

    def told(hosts: int) -> Forecast | None:
        services = Services(balancer="caddy", hosts=hosts)
        now = replace(study.spec, subject=replace(study.spec.subject, services=services))
        server = replace(now.subject.server, threads=2 * now.subject.server.threads)
        return forecast(study.operations, saturation, now, replace(now, subject=replace(now.subject, server=server)))

    assert told(1) is not None
    assert told(2) is None


@pytest.mark.parametrize(
    ("wait_s", "dearer"),
    [
        pytest.param(0.0, math.log(1.3) / 1.96, id="the CPU binds: up to 30 % more for each"),
        pytest.param(0.4, 0.0, id="slots bind, and wait for others"),
    ],
)
def test_what_is_foretold_of_a_second_worker_is_as_sure_as_what_binds(a_study, wait_s: float, dearer: float) -> None:
    study = a_study()
    saturation = next(seen for seen in study.measurements if seen.label == "saturation")
    profiles = [replace(each, wait_s=wait_s, wall_s=each.cpu_s + wait_s) for each in study.operations]
    seen = replace(saturation, throughput_rps=4 / (0.008 + wait_s) if wait_s else 125.0)
    two = replace(study.spec.subject, server=replace(study.spec.subject.server, workers=2))
    told = forecast(profiles, seen, study.spec, replace(study.spec, subject=two))
    assert told is not None
    assert told.ratio == pytest.approx(2.0 if wait_s else 1.0, rel=0.03)
    assert math.log(told.ratio / told.low) / 1.96 == pytest.approx(math.hypot(0.06, dearer), rel=0.05)
    assert math.log(told.high / told.ratio) / 1.96 == pytest.approx(0.06)


@pytest.mark.parametrize("command", [measure, tune])
def test_what_concludes_for_one_plan_refuses_several_hosts(tmp_path, command) -> None:
    declared(tmp_path, '[services]\nbalancer = "caddy"\nhosts = 2\n')
    more = {"budget_s": 60.0} if command is tune else {}
    with pytest.raises(SpecError, match="declares 2 hosts, and this concludes for one"):
        command(tmp_path, tell=print, **more)


def test_the_journeys_file_is_told_how_much_data_there_is(tmp_path) -> None:
    journeys = 'import os\nassert os.environ["SEATRIAL_SIZE"] == "7"\ndef look(person):\n    yield None\n'
    (tmp_path / "journeys.py").write_text(journeys)
    subject = '[subject]\napp = "shop:app"\nsize = 7\nprepare = ["fill {size}"]\n'
    text = subject + '[workload]\njourneys = "journeys.py"\nmix = { look = 1 }\n'
    LeverTrials(declared(tmp_path, text=text), (), LeverJudge(), Progress(lambda _: None), Effort(60.0))


def test_levers_of_gunicorn_are_none_for_a_command_line_that_does_not_say_their_placeholder(tmp_path) -> None:
    command = '\n[server]\ncommand = "uvicorn shop:app --port {port}WORKERS"\n'
    text = FILE.replace("[server]\nthreads = 4\n", "")
    spec = declared(tmp_path, command.replace("WORKERS", ""), text).spec
    assert all(lever.refusal for lever in built_in_levers(spec) if lever.name.startswith(("workers", "threads")))
    spec = declared(tmp_path, command.replace("WORKERS", " --workers {workers}"), text).spec
    assert not any(lever.refusal for lever in built_in_levers(spec) if lever.name.startswith("workers"))


def test_the_time_is_kept_by_fewer_pairs_first_and_fewer_levers_then() -> None:
    names = ("a", "b", "c", "d")
    # Two rounds of 3 starts for each of 4 levers and one more, and a quarter for combining: 26 x 10 s of 347 s.
    whole = time_plan(names, 10.0, 347.0)
    assert (whole.once, whole.twice, whole.left_out, whole.starts) == (names, names, (), 26)
    half = time_plan(names, 10.0, 260.0)
    assert (half.once, half.left_out) == (names, ())
    assert 0 < len(half.twice) < 4
    little = time_plan(names, 10.0, 100.0)
    assert (little.once, little.twice, little.left_out) == (("a", "b"), (), ("c", "d"))
    assert time_plan(names, 10.0, 1.0).once == ("a",)
    assert time_plan(names, 10.0, 347.0, rounds=1).twice == ()
    for seconds in range(50, 400, 7):
        assert time_plan(names, 10.0, float(seconds)).starts * 10.0 <= max(seconds, 40.0)


def test_a_newer_python_is_a_lever_only_where_it_has_all_of_the_apps_packages(tmp_path) -> None:
    own = Interpreter(Path("/a"), "", (3, 11, 2), {"flask": "3.1", "psycopg": "3.2", "pip": "25"})
    whole = Interpreter(Path("/b"), "", (3, 13, 1), {"flask": "3.1", "psycopg": "3.2", "more": "1"})
    newest = Interpreter(Path("/c"), "", (3, 14, 0), {"flask": "3.1"})
    older = Interpreter(Path("/d"), "", (3, 11, 9), own.packages)
    assert newest_that_will_do(own, [older, newest, whole]) == whole
    assert newest_that_will_do(own, [older, newest, own]) is None
    found = declared(tmp_path)
    spec = found.with_levers([python_lever((Path(sys.executable), (3, 13)))])
    assert not isinstance(spec, str) or Path(sys.executable) == found.spec.subject.python
    assert python_lever(None).refusal
    # The Python of these tests can be asked what it is; nothing here is newer than itself and has the same.
    assert newer_python(Path(sys.executable), tmp_path) is None
    assert newer_python(tmp_path / "none", tmp_path) is None
