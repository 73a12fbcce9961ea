"""What is set for working on an app: which files a page asks for, what a setting costs, how it is told."""

from dataclasses import replace

import pytest

from seatrial.advise.faults import faults_of
from seatrial.advise.words import limits_of_this
from seatrial.measure.measurement import FileCost, OperationProfile, SettingCost
from seatrial.measure.noted import files_of
from seatrial.measure.setting_costs import SwitchedRequest, server_costs, setting_costs, steps_of


def test_a_page_asks_its_own_host_for_stylesheets_scripts_and_pictures_and_for_nothing_else() -> None:
    page = """
    <LINK rel="stylesheet" href="/static/a.css?v=1&amp;w=2#top"><link rel=canonical href="/shop">
    <link href='../b.css' rel='preload stylesheet'><script src=/js/c.js></script><script>var src="/no.js"</script>
    <img alt="" src="picture one.png"><img src="d.png"><img src="data:image/png;base64,AAAA">
    <script src="https://cdn.example/e.js"></script><script src="//cdn.example/f.js"></script><a href="/g">g</a>
    """
    assert files_of(page, "/shop/list/") == ("/static/a.css?v=1&w=2", "/shop/b.css", "/js/c.js", "/shop/list/d.png")


def test_what_a_setting_costs_is_the_difference_of_its_own_step_alone() -> None:
    assert steps_of([1, 2, 1]) == (0, 2, 3)
    assert (steps_of([1]), steps_of([2]), steps_of([])) == ((0, 1), (0, 2), (0,))
    # Nothing off: 10 and 12 ms; templates kept: 8 and 10; debugging off as well: 3 and 5.
    used_ms = {0: (10.0, 12.0), 2: (8.0, 10.0), 3: (3.0, 5.0)}
    seen = [SwitchedRequest("front", off, ms / 1000) for off, pair in used_ms.items() for ms in 5 * pair]
    templates, debug = setting_costs({1: "DEBUG", 2: "auto_reload"}, [*seen, SwitchedRequest("rare", 0, 0.001)])[::2]
    assert (templates.setting, templates.operation, templates.requests) == ("templates", "front", 20)
    assert templates.cpu_s == pytest.approx(0.002)
    assert (debug.where, debug.cpu_s) == ("DEBUG", pytest.approx(0.005))
    # Winsorised variance 10/9 ms2, six of ten kept: 1.96 x sqrt(2 x 9 x 10/9 / (6 x 5)) ms.
    assert debug.error_s == pytest.approx(0.001 * 1.96 * (2 / 3) ** 0.5)


def test_a_request_that_the_machine_held_up_is_no_part_of_what_a_setting_costs() -> None:
    seen = [SwitchedRequest("front", off, ms / 1000) for off, ms in ((0, 6.0), (1, 5.0)) for _ in range(10)]
    held_up = [SwitchedRequest("front", 1, 0.5), SwitchedRequest("front", 1, 0.4)]
    (cost,) = setting_costs({1: "DEBUG"}, [*seen, *held_up])
    assert cost.cpu_s == pytest.approx(0.001)


def test_a_server_for_development_costs_what_it_takes_more_cpu_than_another() -> None:
    def alone(operation: str, cpu_s: float) -> OperationProfile:
        return OperationProfile(operation, 0.5, 25, cpu_s, 0.0, 0.0, 0.01, 0.01, 0.04, 0.0)

    ours = [alone("front", 0.005), alone("rare", 0.002)]
    front, rare = server_costs("flask run", ours, [alone("front", 0.003)])
    assert (front.setting, front.where, front.requests) == ("development-server", "flask run", 50)
    assert front.cpu_s == pytest.approx(0.002)
    # Spread 20 % of 5 ms and of 3 ms, over 25 each: 1.96 x sqrt(1 + 0.36) / 5 ms.
    assert front.error_s == pytest.approx(0.001 * 1.96 * 1.36**0.5 / 5)
    assert (rare.requests, rare.cpu_s) == (25, None)


def test_an_operation_that_was_seen_too_seldom_has_no_cost_and_not_zero() -> None:
    seen = [SwitchedRequest("front", off, 0.001) for off in (0, 1) for _ in range(5)]
    (cost,) = setting_costs({1: "DEBUG"}, seen)
    assert (cost.requests, cost.cpu_s, cost.error_s) == (10, None, None)


def test_a_setting_is_told_once_with_the_cost_of_the_mean_request(a_study) -> None:
    study = a_study()
    shares = {one.operation: one.share for one in study.operations}
    costs = {name: 0.001 * (number + 1) for number, name in enumerate(shares)}
    rows = tuple(SettingCost("debug", "DEBUG is True", name, 40, cost_s, 0.0005) for name, cost_s in costs.items())
    (fault,) = faults_of(replace(study, settings=(*rows, SettingCost("debug", "DEBUG is True", "unknown", 3))))
    assert (fault.code, fault.operation, fault.what) == ("debug", "", "DEBUG is True")
    assert fault.cost_ms == pytest.approx(
        1000 * sum(shares[name] * costs[name] for name in shares) / sum(shares.values())
    )
    (unseen,) = faults_of(replace(study, settings=(SettingCost("templates", "auto_reload", "front", 3),)))
    assert (unseen.code, unseen.cost_ms, unseen.error_ms) == ("templates-reloaded", None, None)


def test_files_are_told_for_the_page_whose_files_cost_most(a_study) -> None:
    files = (
        FileCost("/a.css", ("front", "detail"), 12, 900, 0.002, 0.004),
        FileCost("/b.js", ("detail",), 12, 90_000, 0.005, 0.006),
    )
    (fault,) = faults_of(replace(a_study(), files=files))
    assert (fault.code, fault.operation, fault.cost_ms) == ("static-files", "detail", pytest.approx(7.0))
    assert fault.what == "the app itself hands out 2 files with it: /b.js, /a.css"


def test_what_was_not_looked_for_is_said(a_study) -> None:
    spec = replace(a_study().spec, subject=replace(a_study().spec.subject, app="shop:app"))
    assert not any("debugging" in text for text in limits_of_this(spec))
    quick = replace(spec, measure=replace(spec.measure, faults=False))
    assert "--quick leaves it out" in limits_of_this(quick)[-1]
    command = replace(spec, subject=replace(spec.subject, server=replace(spec.subject.server, kind="command")))
    assert "by name (server.kind)" in limits_of_this(command)[-1]
