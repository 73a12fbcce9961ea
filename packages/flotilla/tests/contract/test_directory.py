"""How moderators look people up."""

import pytest

from flotilla.errors import ForbiddenError, NotFoundError
from flotilla.social.directory import PAGE_SIZE, Group
from flotilla.store import seen_addresses


@pytest.fixture
def mo(person):
    return person("mo", "moderator")


def note(site, who, address):
    with site.database.write() as work:
        seen_addresses.note(work, account_id=who.account_id, address=address)


def test_people_are_found_by_the_start_of_a_handle_a_mail_address_and_an_ip_address(site, owner, person, mo):
    ada, adam = person("ada"), person("adam")
    person("bo_b")
    person("boxb")
    owner.execute("UPDATE g.account SET email = 'Ada@example.org' WHERE handle = 'ada'")
    for who, address in ((ada, "198.51.100.7"), (adam, "198.51.100.7"), (adam, "2001:db8::7")):
        note(site, who, address)

    def found(text):
        return [row.handle for row in site.directory.search(mo, text)]

    assert found("@Ada") == found("ad") == ["ada", "adam"]
    assert found("bo_") == ["bo_b"]
    assert found("ada@EXAMPLE.org") == ["ada"]
    assert found("198.51.100.7") == ["adam", "ada"]
    assert found("2001:DB8::7") == ["adam"]
    assert found("") == found("@") == found("%") == found("nobody@example.org") == found("192.0.2.9") == []


def test_groups_hold_whom_they_say(site, owner, person, mo):
    ada, bo, cy = person("ada"), person("bo"), person("cy")
    boss = person("boss", "admin")
    site.sanctions.impose(mo, ada.account_id, "silence")
    site.sanctions.impose(mo, bo.account_id, "suspend")
    site.sanctions.undo(mo, site.sanctions.impose(mo, cy.account_id, "force_sensitive"))

    def listed(group):
        return [row.handle for row in site.directory.list(boss, group).items]

    assert listed(Group.EVERYONE) == ["boss", "cy", "bo", "ada", "mo"]
    assert listed(Group.STAFF) == ["boss", "mo"]
    assert listed(Group.LIMITED) == ["ada"]
    assert listed(Group.SUSPENDED) == ["bo"]
    assert listed(Group.WAITING) == listed(Group.UNCONFIRMED) == []


def test_lists_are_paged_without_gaps(site, owner, mo):
    owner.execute(
        "INSERT INTO g.account (id, handle, bucket) SELECT n, 'p' || n, 0 FROM generate_series(1, %s) n", [PAGE_SIZE]
    )

    first = site.directory.list(mo, Group.EVERYONE)
    second = site.directory.list(mo, Group.EVERYONE, before=first.next_before)

    assert [row.handle for row in first.items + second.items] == ["mo", *(f"p{n}" for n in range(PAGE_SIZE, 0, -1))]
    assert second.next_before is None


def test_a_persons_file_holds_what_is_known_and_what_was_done(site, person, mo):
    ada, boss = person("ada"), person("boss", "admin")
    report_id = site.reports.make(boss, "ada", category="spam")
    site.sanctions.impose(mo, ada.account_id, "warn", text="Stop.", report_id=report_id)
    site.sanctions.undo(mo, site.sanctions.impose(mo, ada.account_id, "silence"))
    note(site, ada, "198.51.100.7")
    note(site, ada, "198.51.100.7")

    file = site.directory.person(mo, "@Ada")

    assert (file.account.handle, file.account.strikes, file.may_act) == ("ada", 1, True)
    assert [sanction.kind for sanction in file.sanctions] == ["silence", "warn"]
    assert [report.id for report in file.reports] == [report_id]
    assert [seen.address for seen in file.addresses] == ["198.51.100.7"]
    assert not site.directory.person(mo, "boss").may_act
    assert not site.directory.person(mo, "mo").may_act
    with pytest.raises(NotFoundError):
        site.directory.person(mo, "nobody")


def test_an_address_is_written_once_a_day_and_forgotten_after_a_while(site, owner, person, mo):
    ada = person("ada")
    note(site, ada, "198.51.100.7")
    owner.execute("UPDATE s0000.seen_address SET last_day = last_day - 1")
    note(site, ada, "198.51.100.7")
    assert owner.execute("SELECT last_day = current_date FROM s0000.seen_address").fetchall() == [(True,)]

    note(site, ada, "198.51.100.8")
    owner.execute("UPDATE s0000.seen_address SET last_day = current_date - 91 WHERE address = '198.51.100.8'")
    with site.database.write() as work:
        assert seen_addresses.forget_old(work, days=90, most=10) == 1
    assert [seen.address for seen in site.directory.person(mo, "ada").addresses] == ["198.51.100.7"]


def test_members_look_nobody_up(site, person):
    ada = person("ada")
    for deed in (
        lambda: site.directory.list(ada, Group.EVERYONE),
        lambda: site.directory.search(ada, "a"),
        lambda: site.directory.person(ada, "ada"),
    ):
        with pytest.raises(ForbiddenError):
            deed()


def test_each_page_is_a_handful_of_statements(site, person, mo, statements):
    for number in range(5):
        who = person(f"p{number}")
        site.sanctions.impose(mo, who.account_id, "warn", text="Stop.")
    with statements() as sent:
        site.directory.list(mo, Group.EVERYONE)
    assert len(sent) == 1
    with statements() as sent:
        site.directory.search(mo, "p")
    assert len(sent) == 1
    with statements() as sent:
        site.directory.person(mo, "p1")
    assert len(sent) == 5
