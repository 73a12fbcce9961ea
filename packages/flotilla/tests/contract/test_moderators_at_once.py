"""Two moderators at the same report at the same moment: one acts, the other is told who was faster."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from flotilla.errors import ConflictError
from flotilla.social.sanctions import Kind

WAIT_S = 30
TURNS = 5


def at_once(*deeds):
    """Both deeds at the same moment; what each answered, or the conflict it was told of."""
    start = Barrier(len(deeds), timeout=WAIT_S)

    def run(deed):
        start.wait()
        try:
            return deed() or "done"
        except ConflictError as error:
            return error

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(run, deeds, timeout=WAIT_S))


@pytest.fixture
def moderators(person):
    return person("mo", "moderator"), person("mia", "moderator")


def test_one_measure_is_taken_and_the_slower_one_is_told(site, person, moderators):
    ada, (mo, mia) = person("ada"), moderators
    for turn in range(TURNS):
        eve = person(f"eve{turn}")
        report_id = site.reports.make(ada, eve.handle, category="spam")

        answers = at_once(
            lambda eve=eve, report_id=report_id: site.sanctions.impose(
                mo, eve.account_id, Kind.SUSPEND, report_id=report_id
            ),
            lambda eve=eve, report_id=report_id: site.sanctions.impose(
                mia, eve.account_id, Kind.WARN, text="Stop.", report_id=report_id
            ),
        )

        (told,) = [answer for answer in answers if isinstance(answer, ConflictError)]
        (sanction,) = site.sanctions.of(mo, eve.account_id)
        assert str(told) == f"@{sanction.made_by} has resolved this report already."
        assert site.reports.read(mo, report_id).row.resolved_by == sanction.made_by


def test_one_takes_the_report_on_and_the_other_is_told(site, person, moderators):
    ada, (mo, mia) = person("ada"), moderators
    person("eve")
    for _ in range(TURNS):
        report_id = site.reports.make(ada, "eve", category="spam")

        answers = at_once(
            lambda report_id=report_id: site.reports.take(mo, report_id),
            lambda report_id=report_id: site.reports.take(mia, report_id),
        )

        assert min(map(str, answers)).endswith("has taken this report on already.")
        assert "done" in answers


def test_the_same_measure_without_a_report_is_imposed_once(site, person, moderators):
    mo, mia = moderators
    for turn in range(TURNS):
        eve = person(f"eve{turn}")

        answers = at_once(
            lambda eve=eve: site.sanctions.impose(mo, eve.account_id, Kind.SUSPEND),
            lambda eve=eve: site.sanctions.impose(mia, eve.account_id, Kind.SUSPEND),
        )

        assert sum(isinstance(answer, ConflictError) for answer in answers) == 1
        assert len(site.sanctions.of(mo, eve.account_id)) == 1


def test_two_who_undo_the_same_measure_undo_it_once(site, person, moderators):
    mo, mia = moderators
    eve = person("eve")
    for _ in range(TURNS):
        sanction = site.sanctions.impose(mo, eve.account_id, Kind.SILENCE)

        at_once(lambda s=sanction: site.sanctions.undo(mo, s), lambda s=sanction: site.sanctions.undo(mia, s))

    assert len(site.audit_log.page(mo, action="undo").items) == TURNS
