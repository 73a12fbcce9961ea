"""Studies of the same code at other hours, and what they make of the intervals."""

import math
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from seatrial.advise.hours import USUAL_SPREAD, hours_of, hours_words, spread_over_hours
from seatrial.advise.prediction import Predictor
from seatrial.discover.source_digest import source_digest
from seatrial.measure.earlier_study import EARLIER_KEPT
from seatrial.measure.likeness import earlier_of, glance_at, likeness_of
from seatrial.measure.study_file import read_study, write_study
from seatrial.model.confidence import student_t_quantile


@pytest.fixture
def a_known_study(a_study):
    """Of a code that is known; saturated at so many requests per second, at that time."""

    def make(saturated_rps=125.0, created_at="2026-01-01T00:00:00+00:00", **environment):
        shares = (0.984, 1.0, 1.016)
        study = a_study(saturated=tuple(share * saturated_rps for share in shares), plan_saturated=None)
        known = {**study.environment, "source_digest": "abc", **environment}
        return replace(study, created_at=created_at, environment=known)

    return make


def test_two_studies_of_the_same_code_are_alike_and_of_another_are_not(a_known_study):
    study = a_known_study()
    assert likeness_of(study) == likeness_of(a_known_study(90.0, "2026-02-02T00:00:00+00:00"))
    assert likeness_of(study) != likeness_of(a_known_study(source_digest="abd"))
    assert likeness_of(study) != likeness_of(a_known_study(cpu_model="another"))
    server = replace(study.spec.subject.server, workers=2)
    subject = replace(study.spec.subject, server=server)
    assert likeness_of(study) != likeness_of(replace(study, spec=replace(study.spec, subject=subject)))
    assert likeness_of(a_known_study(source_digest="")) == ""


def test_likeness_is_the_same_before_and_after_the_study_was_written(a_known_study, tmp_path):
    study = a_known_study()
    secret = replace(study.spec.subject, environment={"KEY": "secret"})
    study = replace(study, spec=replace(study.spec, subject=secret))
    write_study(study, tmp_path / "study.json")
    assert likeness_of(read_study(tmp_path / "study.json")) == likeness_of(study)


def test_a_study_keeps_what_it_replaces_only_of_the_same_code(a_known_study):
    first, second = a_known_study(120.0), a_known_study(130.0)
    (kept,) = earlier_of(first, second)
    assert kept.saturated_rps == pytest.approx(120.0)
    third = earlier_of(replace(second, earlier=(kept,)), a_known_study(125.0))
    assert [each.saturated_rps for each in third] == pytest.approx([120.0, 130.0])
    assert earlier_of(first, a_known_study(source_digest="abd")) == ()
    assert earlier_of(None, second) == ()
    many = replace(second, earlier=(kept,) * 50)
    assert len(earlier_of(many, first)) == EARLIER_KEPT


def test_two_studies_a_fifth_apart_have_the_spread_of_the_formula():
    # Logarithms 0.1823 apart: s^2 = 0.1823^2 / 2 with 1 degree of freedom; the usual spread weighs 2.
    hours = spread_over_hours([100.0, 120.0])
    expected = (math.log(1.2) ** 2 / 2 + 2 * USUAL_SPREAD**2) / 3
    assert (hours.studies, hours.apart, hours.freedom) == (2, pytest.approx(0.2), 3.0)
    assert hours.variance == pytest.approx(expected)
    # Two calibrations of one machine are less than 15 % apart: 1.96 x sqrt(2) x 5.4 %.
    assert 1.96 * math.sqrt(2) * USUAL_SPREAD == pytest.approx(0.15)


def test_the_interval_covers_other_hours_once_there_are_two_studies(a_known_study):
    one = a_known_study(125.0)
    two = replace(one, earlier=(glance_at(a_known_study(105.0)),))
    assert hours_of(one) is None
    narrow, wide = (Predictor(each, requests=1_000) for each in (one, two))
    before, after = (each.predict(each.declared, draws=0) for each in (narrow, wide))
    assert after.capacity_rps == before.capacity_rps
    halves = [math.log(each.high_rps / each.capacity_rps) for each in (before, after)]
    # No narrower than what two hours differ by alone: sqrt(2) of one study's spread, at 3 degrees of freedom.
    alone = (math.log(125 / 105) ** 2 / 2 + 2 * USUAL_SPREAD**2) / 3
    assert halves[1] > halves[0]
    assert halves[1] >= 1.96 * math.sqrt(2 * alone)
    assert halves[1] <= student_t_quantile(0.975, 3) * math.sqrt(2 * alone) + halves[0]


def test_studies_of_other_code_widen_nothing(a_known_study):
    study = a_known_study()
    other = glance_at(a_known_study(60.0, source_digest="abd"))
    assert hours_of(replace(study, earlier=(other,))) is None


def test_it_is_said_what_the_intervals_cover(a_known_study):
    one = a_known_study(125.0)
    two = replace(one, earlier=(glance_at(a_known_study(105.0)),))
    assert "at the hour of this one study" in hours_words(hours_of(one))
    assert "2 studies of the same code on this machine were 19 % apart" in hours_words(hours_of(two))


def an_app(a_study, folder: Path, app: str):
    folder.mkdir(exist_ok=True)
    return replace(a_study().spec.subject, app=app, directory=folder, python=Path(sys.executable))


def test_the_digest_changes_with_the_code_and_not_with_the_results(a_study, tmp_path):
    subject = an_app(a_study, tmp_path / "shop", "shop:app")
    code = subject.directory / "shop.py"
    code.write_text("app = 1\n")
    first = source_digest(subject)
    (subject.directory / "results").mkdir()
    (subject.directory / "results" / "report.html").write_text("x")
    (subject.directory / "seatrial.toml").write_text("x")
    assert source_digest(subject) == first != ""
    code.write_text("app = 2\n")
    assert source_digest(subject) != first


def test_the_digest_sees_a_package_that_is_installed_elsewhere(a_study, tmp_path):
    # Seatrial itself is such a package of this Python.
    folder = tmp_path / "trial"
    alone, installed = (source_digest(an_app(a_study, folder, app)) for app in ("", "seatrial.cli:main"))
    assert alone != installed != ""
    assert source_digest(an_app(a_study, folder, "no_such_package:app")) == ""
