"""Who a request comes from, and what that person may see of the moderators' pages."""

import pytest


@pytest.mark.parametrize(
    ("role", "moderator", "admin"), [("member", False, False), ("moderator", True, False), ("admin", True, True)]
)
def test_a_session_tells_the_role_of_its_person_as_it_is_now(site, owner, role, moderator, admin):
    token = site.accounts.sign_up(handle="ada", password="correct horse").token
    owner.execute("UPDATE g.account SET role = %s", [role])

    me = site.accounts.who_is(token)

    assert (me.role, me.is_moderator, me.is_admin) == (role, moderator, admin)


@pytest.mark.parametrize("state", ["suspended"])
def test_the_sessions_of_somebody_suspended_are_nobodys_at_once(site, owner, state):
    token = site.accounts.sign_up(handle="ada", password="correct horse").token
    assert site.accounts.who_is(token) is not None

    owner.execute("UPDATE g.account SET state = %s", [state])

    assert site.accounts.who_is(token) is None
