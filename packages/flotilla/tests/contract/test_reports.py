"""Reports: what people may report, what is copied, and the moderators' queue."""

import pytest

from flotilla.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from flotilla.social.reports import PAGE_SIZE, PER_DAY_MAX, Queue
from flotilla.social.sanctions import Kind
from flotilla.store.database import Database


@pytest.fixture
def mo(person):
    return person("mo", "moderator")


def ids(site, viewer, queue):
    return [row.id for row in site.reports.queue(viewer, queue).items]


def test_a_report_holds_the_posts_as_they_were_even_when_they_are_deleted_later(site, person, mo):
    ada, eve = person("ada"), person("eve")
    post = site.posts.publish(eve, "buy my pills")

    report_id = site.reports.make(ada, "Eve", category="spam", comment=" Always that. ", post_ids=[post])
    site.posts.delete(eve, post)

    report = site.reports.read(mo, report_id)
    assert (report.row.account, report.row.reporter, report.row.category, report.row.comment) == (
        "eve",
        "ada",
        "spam",
        "Always that.",
    )
    assert [(copy["id"], copy["text"]) for copy in report.row.posts] == [(str(post), "buy my pills")]
    assert report.person.handle == "eve"


def test_only_posts_of_that_person_that_the_reporter_can_see_are_copied(site, owner, person, mo):
    ada, eve, bo = person("ada"), person("eve"), person("bo")
    seen, hidden, theirs = (
        site.posts.publish(eve, "for all"),
        site.posts.publish(eve, "for followers"),
        site.posts.publish(bo, "mine"),
    )
    owner.execute("UPDATE s0000.posts SET visibility = 2 WHERE id = %s", [hidden])

    report_id = site.reports.make(ada, "eve", category="other", post_ids=[seen, hidden, theirs, 12345, -1, 2**70])

    assert [copy["id"] for copy in site.reports.read(mo, report_id).row.posts] == [str(seen)]


def test_a_broken_rule_is_named_and_stays_named_when_it_is_retired(site, person, mo):
    boss, ada = person("boss", "admin"), person("ada")
    person("eve")
    kind, polite = (site.house_rules.add(boss, text=text) for text in ("Be kind.", "Be polite."))

    report_id = site.reports.make(ada, "eve", category="violation", rule_ids=[polite, 12345])
    site.house_rules.retire(boss, polite)

    assert [rule.text for rule in site.reports.read(mo, report_id).rules] == ["Be polite."]
    for gone in ([], [polite], [12345]):
        with pytest.raises(InvalidInputError) as caught:
            site.reports.make(ada, "eve", category="violation", rule_ids=gone)
        assert set(caught.value.problems) == {"rules"}
    assert site.reports.make(ada, "eve", category="violation", rule_ids=[kind]) > report_id


@pytest.mark.parametrize(
    ("more", "fields"),
    [
        ({"category": "boredom"}, {"category"}),
        ({"category": "spam", "comment": "x" * 1001}, {"comment"}),
        ({"category": "spam", "post_ids": list(range(1, 22))}, {"post_ids"}),
        ({"category": "spam", "rule_ids": list(range(1, 22))}, {"rules"}),
        ({"category": "", "comment": "x" * 1001}, {"category", "comment"}),
    ],
)
def test_what_a_report_lacks_or_has_too_much_of_is_told_at_once(site, person, more, fields):
    ada = person("ada")
    person("eve")

    with pytest.raises(InvalidInputError) as caught:
        site.reports.make(ada, "eve", **more)

    assert set(caught.value.problems) == fields


def test_nobody_reports_themselves_or_somebody_who_is_not_there(site, person, mo):
    ada, eve = person("ada"), person("eve")
    site.sanctions.impose(mo, eve.account_id, Kind.SUSPEND)

    with pytest.raises(InvalidInputError):
        site.reports.make(ada, "ada", category="spam")
    for handle in ("nobody", "eve", "no handle", ""):
        with pytest.raises(NotFoundError):
            site.reports.make(ada, handle, category="spam")


def test_one_person_makes_a_bounded_number_of_reports_a_day(site, owner, person):
    ada = person("ada")
    person("eve")
    for _ in range(PER_DAY_MAX):
        site.reports.make(ada, "eve", category="spam")

    with pytest.raises(InvalidInputError, match="today"):
        site.reports.make(ada, "eve", category="spam")

    owner.execute("UPDATE g.report SET made_at = now() - interval '25 hours'")
    site.reports.make(ada, "eve", category="spam")


def test_reports_wait_in_queues_by_what_happened_to_them(site, person, mo):
    ada, mia = person("ada"), person("mia", "moderator")
    person("eve")
    first, second, third = (site.reports.make(ada, "eve", category="spam") for _ in range(3))
    site.reports.take(mo, second)
    site.reports.resolve(mia, first)

    assert ids(site, mo, Queue.OPEN) == [third, second]
    assert ids(site, mo, Queue.MINE) == [second]
    assert ids(site, mia, Queue.MINE) == []
    assert ids(site, mo, Queue.RESOLVED) == [first]
    assert site.reports.open_count(mo) == 2
    site.reports.reopen(mo, first)
    site.reports.give_back(mia, second)
    assert ids(site, mo, Queue.OPEN) == [third, second, first]
    assert ids(site, mo, Queue.MINE) == []


def test_the_queue_is_paged_without_gaps_or_doubles(site, owner, person, mo):
    ada, eve = person("ada"), person("eve")
    owner.execute(
        "INSERT INTO g.report (reporter_id, account_id, category) SELECT %s, %s, 'spam' FROM generate_series(1, %s)",
        [ada.account_id, eve.account_id, 2 * PAGE_SIZE + 1],
    )

    pages, before = [], None
    while True:
        page = site.reports.queue(mo, Queue.OPEN, before=before)
        pages.append([row.id for row in page.items])
        if (before := page.next_before) is None:
            break

    assert [len(page) for page in pages] == [PAGE_SIZE, PAGE_SIZE, 1]
    every = [report_id for page in pages for report_id in page]
    assert every == sorted(set(every), reverse=True)


def test_a_report_that_somebody_took_on_is_taken_by_nobody_else(site, person, mo):
    ada, mia = person("ada"), person("mia", "moderator")
    person("eve")
    report_id = site.reports.make(ada, "eve", category="spam")
    site.reports.take(mo, report_id)
    site.reports.take(mo, report_id)

    with pytest.raises(ConflictError, match="@mo"):
        site.reports.take(mia, report_id)

    assert site.reports.read(mia, report_id).row.assigned == "mo"


def test_notes_are_kept_in_order_with_their_authors(site, person, mo):
    ada, mia = person("ada"), person("mia", "moderator")
    person("eve")
    report_id = site.reports.make(ada, "eve", category="spam")
    site.reports.add_note(mo, report_id, "Third time.")
    site.reports.add_note(mia, report_id, " Agreed. ")

    assert [(noted.author, noted.text) for noted in site.reports.read(mo, report_id).notes] == [
        ("mo", "Third time."),
        ("mia", "Agreed."),
    ]
    for text in ("", "  ", "x" * 2001):
        with pytest.raises(InvalidInputError):
            site.reports.add_note(mo, report_id, text)


def test_a_measure_from_a_report_resolves_it_and_a_resolved_one_takes_no_measure(site, person, mo):
    ada, eve = person("ada"), person("eve")
    report_id = site.reports.make(ada, "eve", category="spam")

    site.sanctions.impose(mo, eve.account_id, Kind.WARN, text="Stop.", report_id=report_id)

    assert site.reports.read(mo, report_id).row.resolved_by == "mo"
    for deed in (
        lambda: site.sanctions.impose(mo, eve.account_id, Kind.SUSPEND, report_id=report_id),
        lambda: site.reports.resolve(mo, report_id),
        lambda: site.reports.take(mo, report_id),
    ):
        with pytest.raises(ConflictError, match="@mo has resolved"):
            deed()
    assert [sanction.kind for sanction in site.reports.read(mo, report_id).sanctions] == ["warn"]


def test_a_measure_is_refused_when_the_report_is_about_somebody_else(site, person, mo):
    ada, bo = person("ada"), person("bo")
    person("eve")
    report_id = site.reports.make(ada, "eve", category="spam")

    with pytest.raises(NotFoundError):
        site.sanctions.impose(mo, bo.account_id, Kind.SILENCE, report_id=report_id)

    assert ids(site, mo, Queue.OPEN) == [report_id]


def test_a_measure_that_is_refused_leaves_the_report_open(site, person, mo):
    ada, boss = person("ada"), person("boss", "admin")
    report_id = site.reports.make(ada, "boss", category="spam")

    with pytest.raises(ForbiddenError):
        site.sanctions.impose(mo, boss.account_id, Kind.SILENCE, report_id=report_id)

    assert ids(site, mo, Queue.OPEN) == [report_id]


def test_members_see_no_report_not_even_their_own(site, person):
    ada = person("ada")
    person("eve")
    report_id = site.reports.make(ada, "eve", category="spam")

    for deed in (
        lambda: site.reports.queue(ada, Queue.OPEN),
        lambda: site.reports.open_count(ada),
        lambda: site.reports.read(ada, report_id),
        lambda: site.reports.take(ada, report_id),
        lambda: site.reports.give_back(ada, report_id),
        lambda: site.reports.add_note(ada, report_id, "hello"),
        lambda: site.reports.resolve(ada, report_id),
        lambda: site.reports.reopen(ada, report_id),
    ):
        with pytest.raises(ForbiddenError):
            deed()


def test_a_report_that_is_not_there_is_not_there(site, mo):
    for deed in (
        lambda: site.reports.read(mo, 12345),
        lambda: site.reports.take(mo, 12345),
        lambda: site.reports.resolve(mo, 12345),
        lambda: site.reports.reopen(mo, 12345),
        lambda: site.reports.add_note(mo, 12345, "hello"),
    ):
        with pytest.raises(NotFoundError):
            deed()


def test_the_people_in_a_report_may_be_gone(site, owner, person, mo):
    ada = person("ada")
    person("eve")
    report_id = site.reports.make(ada, "eve", category="spam")
    owner.execute("DELETE FROM g.account WHERE handle IN ('ada', 'eve')")

    report = site.reports.read(mo, report_id)

    assert (report.row.account, report.row.reporter, report.person) == ("", "", None)


def test_a_page_of_reports_is_one_statement_and_a_report_at_most_five(site, person, mo, statements):
    boss, ada = person("boss", "admin"), person("ada")
    person("eve")
    rule = site.house_rules.add(boss, text="Be kind.")
    reports = [site.reports.make(ada, "eve", category="violation", rule_ids=[rule]) for _ in range(3)]
    assert isinstance(site.database, Database)

    with statements() as sent:
        site.reports.queue(mo, Queue.OPEN)
    assert len(sent) == 1
    with statements() as sent:
        site.reports.read(mo, reports[0])
    assert len(sent) <= 5


def test_the_pictures_of_a_reported_post_are_named_with_their_descriptions(site, owner, person, mo):
    ada, eve = person("ada"), person("eve")
    post = site.posts.publish(eve, "look")
    owner.execute(
        "INSERT INTO s0000.media (id, account_id, post_id, position, state, file, alt, width, height)"
        " VALUES (7, %s, %s, 0, 'ready', 'a.webp', 'A boat', 3, 2)",
        [eve.account_id, post],
    )
    owner.execute("UPDATE s0000.posts SET media_count = 1 WHERE id = %s", [post])

    report_id = site.reports.make(ada, "eve", category="spam", post_ids=[post])

    assert site.reports.read(mo, report_id).row.posts[0]["pictures"] == [{"url": "/media/a.webp", "alt": "A boat"}]


def test_a_report_about_a_moderator_is_for_the_others_alone(site, person, mo):
    ada, mia = person("ada"), person("mia", "moderator")
    report_id = site.reports.make(ada, "mo", category="other", comment="He shouts.")

    assert ids(site, mia, Queue.OPEN) == [report_id]
    assert ids(site, mo, Queue.OPEN) == []
    assert site.directory.person(mo, "mo").reports == ()
    assert [row.id for row in site.directory.person(mia, "mo").reports] == [report_id]
    for deed in (
        lambda: site.reports.read(mo, report_id),
        lambda: site.reports.take(mo, report_id),
        lambda: site.reports.give_back(mo, report_id),
        lambda: site.reports.add_note(mo, report_id, "No."),
        lambda: site.reports.resolve(mo, report_id),
        lambda: site.reports.reopen(mo, report_id),
    ):
        with pytest.raises(NotFoundError):
            deed()
