"""Background work against the real PostgreSQL: stored with its change, done once, tried again, never lost."""

import dataclasses
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
import structlog

from flotilla.errors import RuleError
from flotilla.jobs import run_jobs
from flotilla.jobs.process import Lane, finish
from flotilla.social import open_site
from flotilla.social.background import Background, Task
from flotilla.social.cleanup import clean_up
from flotilla.store import jobs as job_rows

WAIT_S = 20
ROW = Task("row", attempts=3, lease_s=60)
MAIL = Task("mail", queue="mail")
PICTURE = Task("picture", queue="media")


@pytest.fixture
def queued(settings):
    """A site that leaves its work to the jobs process."""
    opened = open_site(dataclasses.replace(settings, jobs=True))
    with structlog.testing.capture_logs():
        yield opened
    opened.close()


def ask(site, task, **arguments):
    with site.database.write() as work:
        site.background.later(work, task, **arguments)


def ask_and_fail(site, task):
    with site.database.write() as work:
        site.background.later(work, task)
        raise RuleError("no")


def make_due(owner):
    owner.execute("UPDATE g.job SET due_at = now()")


def waiting(owner):
    return owner.execute("SELECT task, attempts, failed_at IS NOT NULL FROM g.job ORDER BY id").fetchall()


def test_work_asked_for_in_a_transaction_that_fails_is_never_done(queued, owner):
    done = []
    queued.background.does(ROW, lambda: done.append(1))
    with pytest.raises(RuleError):
        ask_and_fail(queued, ROW)
    assert not queued.background.do_next(["default"])
    assert (done, waiting(owner)) == ([], [])


def test_work_is_done_with_its_arguments_and_its_row_is_gone(queued, owner):
    done = []
    queued.background.does(ROW, lambda post_id, why: done.append((post_id, why)))
    ask(queued, ROW, post_id=2**62, why="ö")
    assert done == []
    assert queued.background.do_next(["default"])
    assert not queued.background.do_next(["default"])
    assert (done, waiting(owner)) == ([(2**62, "ö")], [])


def test_without_a_jobs_process_the_work_is_done_after_the_commit(own_site, owner):
    seen = []
    own_site.background.does(ROW, lambda: seen.append(owner.execute("SELECT count(*) FROM g.hashtag").fetchone()[0]))
    with own_site.database.write() as work:
        work.count("INSERT INTO g.hashtag VALUES (1, 'tea')", {})
        own_site.background.later(work, ROW)
        assert seen == []
    assert seen == [1]
    with pytest.raises(RuleError):
        ask_and_fail(own_site, ROW)
    assert seen == [1]


def test_without_a_jobs_process_a_failing_task_does_not_fail_the_request(own_site):
    own_site.background.does(ROW, lambda: 1 / 0)
    with structlog.testing.capture_logs() as logs:
        ask(own_site, ROW)
    assert [(line["event"], line["task"]) for line in logs] == [("task failed", "row")]


def test_a_task_that_fails_is_tried_again_ever_later_and_then_given_up(queued, owner):
    queued.background.does(ROW, lambda: 1 / 0)
    ask(queued, ROW)
    for wait_s in (15, 60):
        assert queued.background.do_next(["default"])
        assert not queued.background.do_next(["default"])
        assert abs(queued.background.seconds_until_due(["default"]) - wait_s) < 2
        make_due(owner)
    assert queued.background.do_next(["default"])
    assert waiting(owner) == [("row", 3, True)]
    assert owner.execute("SELECT last_error FROM g.job").fetchone() == ("ZeroDivisionError: division by zero",)
    make_due(owner)
    assert not queued.background.do_next(["default"])
    assert queued.background.seconds_until_due(["default"]) is None


def test_waits_grow_fourfold_up_to_six_hours():
    task = Task("x", attempts=100)
    assert [task.retry_after_s(n) for n in (1, 2, 3, 6, 7, 50)] == [15, 60, 240, 15360, 21600, 21600]
    assert task.retry_after_s(100) is None


def test_work_of_a_process_that_died_is_done_by_the_next_and_the_late_one_changes_nothing(queued, owner):
    ask(queued, ROW)
    with queued.database.write() as work:
        lost = job_rows.take(work, queues=["default"])
    assert not queued.background.do_next(["default"])
    assert 55 < queued.background.seconds_until_due(["default"]) <= 60
    make_due(owner)
    with queued.database.write() as work:
        again = job_rows.take(work, queues=["default"])
    assert (lost.attempts, again.attempts, again.job_id) == (1, 2, lost.job_id)
    with queued.database.write() as work:
        assert not job_rows.done(work, lost)
        job_rows.failed(work, lost, error="late", retry_after_s=None)
        job_rows.give_back(work, lost)
    assert waiting(owner) == [("row", 2, False)]
    with queued.database.write() as work:
        assert job_rows.done(work, again)
    assert waiting(owner) == []


def test_four_takers_never_do_the_same_work_twice(queued):
    done = []
    queued.background.does(ROW, lambda **arguments: done.append(arguments["number"]))
    with queued.database.write() as work:
        for number in range(80):
            queued.background.later(work, ROW, number=number)

    def work_off():
        while queued.background.do_next(["default"]):
            pass

    threads = [threading.Thread(target=work_off) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    assert sorted(done) == list(range(80))


def test_only_one_of_the_same_kind_waits(queued, owner):
    queued.background.does(ROW, lambda: None)
    ask(queued, ROW, only_one="export of 7")
    ask(queued, ROW, only_one="export of 7")
    ask(queued, ROW, only_one="export of 8")
    assert len(waiting(owner)) == 2


def test_what_repeats_is_planned_once_and_comes_again(queued, owner):
    done = []
    queued.background.does(ROW, lambda: done.append(1), every_s=900)
    queued.background.plan_repeated()
    queued.background.plan_repeated()
    planned = [task for task, _, _ in waiting(owner)]
    assert {"clean_up", "row"} <= set(planned)
    assert len(planned) == len(set(planned))
    while queued.background.do_next(["default"]):
        pass
    again = owner.execute("SELECT extract(epoch FROM due_at - now())::float8, attempts FROM g.job WHERE task = 'row'")
    ((due_s, attempts),) = again.fetchall()
    assert (done, attempts) == ([1], 0)
    assert 880 < due_s <= 900


def test_mail_does_not_wait_for_a_picture(queued):
    picture, mail = threading.Event(), threading.Event()
    queued.background.does(PICTURE, lambda: picture.wait(WAIT_S))
    queued.background.does(MAIL, mail.set)
    lanes = [Lane(queued.background, ("media",)), Lane(queued.background, ("mail",))]
    ask(queued, PICTURE)
    ask(queued, MAIL)
    for lane in lanes:
        lane.start()
    try:
        assert mail.wait(WAIT_S)
        assert not picture.is_set()
    finally:
        picture.set()
        for lane in lanes:
            lane.stop()
            lane.join(WAIT_S)


def test_told_to_stop_it_waits_for_what_is_being_done_and_gives_back_what_takes_too_long(queued, owner, monkeypatch):
    monkeypatch.setattr("flotilla.jobs.process.GRACE_S", 0.3)
    begun, end, left = threading.Event(), threading.Event(), []

    def work(number):
        begun.set()
        end.wait(WAIT_S if number else 0)

    queued.background.does(ROW, work)
    ask(queued, ROW, number=0)
    ask(queued, ROW, number=1)
    lane = Lane(queued.background, ("default",))
    lane.start()
    deadline_s = time.monotonic() + WAIT_S
    while waiting(owner) != [("row", 1, False)]:
        assert time.monotonic() < deadline_s
        time.sleep(0.02)
    finish(queued.background, [lane], leave=left.append)
    assert left == [0]
    assert waiting(owner) == [("row", 0, False)]
    assert queued.background.seconds_until_due(["default"]) <= 0
    end.set()
    lane.join(WAIT_S)
    assert not lane.is_alive()


def test_once_does_what_is_due_and_ends(queued, owner):
    done = []
    queued.background.does(MAIL, lambda: done.append("mail"))
    queued.background.does(ROW, lambda: done.append("later"))
    ask(queued, MAIL)
    ask(queued, ROW, after_s=3600)
    run_jobs(queued, once=True)
    assert done == ["mail"]
    left = {task for task, _, _ in waiting(owner)}
    assert {"row", "clean_up"} <= left
    assert "mail" not in left


def test_a_task_of_another_version_is_kept_for_it(queued, owner):
    ask(queued, Task("of_tomorrow"))
    assert queued.background.do_next(["default"])
    assert waiting(owner) == [("of_tomorrow", 1, False)]


def test_two_tasks_cannot_have_one_name(settings):
    background = Background(open_site(settings).database, settings)
    background.does(ROW, lambda: None)
    with pytest.raises(AssertionError, match="two tasks are called row"):
        background.does(ROW, lambda: None)


def test_cleaning_up_removes_expired_sessions_and_old_failures_only(queued, owner, monkeypatch):
    monkeypatch.setattr("flotilla.social.cleanup.BATCH", 2)
    signed_in = [queued.accounts.sign_up(handle=f"p{n}", password="correct horse") for n in range(6)]
    for gone in signed_in[:5]:
        owner.execute("UPDATE s0000.sessions SET expires_at = now() WHERE account_id = %s", [gone.viewer.account_id])
    for days in (13, 15):
        owner.execute(
            "INSERT INTO g.job (queue, task, lease_s, failed_at) VALUES ('default', 'row', 1, %s)",
            [datetime.now(UTC) - timedelta(days=days)],
        )
    assert clean_up(queued.database) == 6
    left = owner.execute("SELECT account_id FROM s0000.sessions").fetchall()
    assert left == [(signed_in[5].viewer.account_id,)]
    assert len(waiting(owner)) == 1
