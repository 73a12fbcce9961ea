"""Reading the log of what moderators did."""

import pytest

from flotilla.errors import ForbiddenError, NotFoundError
from flotilla.social.audit import OPERATOR, PAGE_SIZE


def test_the_log_is_filtered_by_who_about_whom_and_what(site, person):
    mo, boss = person("mo", "moderator"), person("boss", "admin")
    ada = person("ada")
    site.sanctions.impose(mo, ada.account_id, "silence")
    site.roles.set(boss, "ada", "moderator")
    site.house_rules.add(boss, text="Be kind.")

    def found(**filters):
        return [(row.actor, row.action, row.subject) for row in site.audit_log.page(mo, **filters).items]

    assert found(actor="boss")[1:] == [("boss", "role", "@ada")]
    assert found(about="@Ada") == [("boss", "role", "@ada"), ("mo", "sanction", "@ada")]
    assert found(about="ada", action="sanction") == [("mo", "sanction", "@ada")]
    assert found(actor=OPERATOR) == [(OPERATOR, "role", "@boss"), (OPERATOR, "role", "@mo")]
    assert found(actor="mo", action="role") == []
    assert len(found()) == 5
    with pytest.raises(NotFoundError):
        found(actor="nobody")


def test_the_log_is_paged_without_gaps(site, owner, person):
    mo = person("mo", "moderator")
    owner.execute("DELETE FROM g.audit_log")
    owner.execute(
        "INSERT INTO g.audit_log (actor_id, actor, action, subject) SELECT 1, 'x', 'note', n::text"
        " FROM generate_series(1, %s) n",
        [PAGE_SIZE + 2],
    )

    first = site.audit_log.page(mo)
    second = site.audit_log.page(mo, before=first.next_before)

    assert [int(row.subject) for row in first.items + second.items] == list(range(PAGE_SIZE + 2, 0, -1))
    assert second.next_before is None


def test_members_do_not_read_the_log(site, person):
    with pytest.raises(ForbiddenError):
        site.audit_log.page(person("ada"))
