"""Who looks after the site: what a session tells of it, who gives roles to whom, and that an admin always remains."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from flotilla.errors import FlotillaError, ForbiddenError, InvalidInputError, NotFoundError
from flotilla.social.roles import keep_an_admin

WAIT_S = 30


def role_of(owner, handle):
    return owner.execute("SELECT role FROM g.account WHERE handle = %s", [handle]).fetchone()[0]


@pytest.mark.parametrize(
    ("role", "moderator", "admin"), [("member", False, False), ("moderator", True, False), ("admin", True, True)]
)
def test_a_session_tells_the_role_of_its_person_as_it_is_now(site, owner, role, moderator, admin):
    token = site.accounts.sign_up(handle="ada", password="correct horse").token
    owner.execute("UPDATE g.account SET role = %s", [role])

    me = site.accounts.who_is(token)

    assert (me.role, me.is_moderator, me.is_admin) == (role, moderator, admin)


def test_the_sessions_of_somebody_suspended_are_nobodys_at_once(site, owner):
    token = site.accounts.sign_up(handle="ada", password="correct horse").token
    assert site.accounts.who_is(token) is not None

    owner.execute("UPDATE g.account SET state = 'suspended'")

    assert site.accounts.who_is(token) is None


def test_the_operator_makes_the_first_admin_who_makes_others(site, owner, person):
    person("ada")
    person("bo")

    site.roles.set(None, " @Ada ", "admin")
    boss = site.accounts.sign_in(handle="ada", password="a calm sea at dawn")
    boss = site.accounts.who_is(boss.token)
    site.roles.set(boss, "bo", "moderator")

    assert (role_of(owner, "ada"), role_of(owner, "bo")) == ("admin", "moderator")
    assert [(row.handle, row.role) for row in site.roles.staff(boss)] == [("ada", "admin"), ("bo", "moderator")]
    assert [
        (row.actor, row.subject, row.before, row.after) for row in site.audit_log.page(boss, action="role").items
    ] == [
        ("ada", "@bo", {"role": "member"}, {"role": "moderator"}),
        ("the operator", "@ada", {"role": "member"}, {"role": "admin"}),
    ]


@pytest.mark.parametrize("role", ["member", "moderator"])
def test_only_admins_give_roles_and_see_who_has_one(site, owner, person, role):
    me = person("zoe", role)
    person("ada")

    with pytest.raises(ForbiddenError):
        site.roles.set(me, "ada", "moderator")
    with pytest.raises(ForbiddenError):
        site.roles.set(me, "zoe", "admin")
    with pytest.raises(ForbiddenError):
        site.roles.staff(me)

    assert (role_of(owner, "ada"), role_of(owner, "zoe")) == ("member", role)


def test_an_admin_takes_no_other_admins_role_and_may_step_down(site, owner, person):
    ada, _ = person("ada", "admin"), person("bo", "admin")

    with pytest.raises(ForbiddenError, match="operator"):
        site.roles.set(ada, "bo", "member")
    site.roles.set(ada, "ada", "moderator")

    assert (role_of(owner, "ada"), role_of(owner, "bo")) == ("moderator", "admin")


def test_the_last_admin_stays_one_whoever_asks(site, owner, person):
    ada = person("ada", "admin")
    person("eve", "admin")
    owner.execute("UPDATE g.account SET state = 'suspended' WHERE handle = 'eve'")

    for asking in (ada, None):
        with pytest.raises(ForbiddenError, match="last admin"):
            site.roles.set(asking, "ada", "member")
    with pytest.raises(ForbiddenError, match="last admin"), site.database.write() as work:
        keep_an_admin(work, ada.account_id)

    person("bo", "admin")
    with site.database.write() as work:
        keep_an_admin(work, ada.account_id)
    site.roles.set(None, "ada", "member")
    assert role_of(owner, "ada") == "member"


def test_roles_there_are_not_and_people_there_are_not(site, owner, person):
    person("ada")
    person("eve")
    owner.execute("UPDATE g.account SET state = 'suspended' WHERE handle = 'eve'")

    with pytest.raises(InvalidInputError):
        site.roles.set(None, "ada", "king")
    with pytest.raises(NotFoundError):
        site.roles.set(None, "nobody", "admin")
    with pytest.raises(InvalidInputError):
        site.roles.set(None, "eve", "admin")


def test_whoever_is_no_admin_any_more_gives_no_role(site, owner, person):
    boss = person("boss", "admin")
    person("ada")
    owner.execute("UPDATE g.account SET role = 'moderator' WHERE handle = 'boss'")

    with pytest.raises(ForbiddenError):
        site.roles.set(boss, "ada", "admin")


def test_of_all_admins_who_step_down_at_the_same_moment_one_remains(site, owner, person):
    admins = [person(f"admin{number}", "admin") for number in range(4)]
    for _ in range(3):
        start = Barrier(len(admins), timeout=WAIT_S)

        def step_down(me, start=start):
            start.wait()
            try:
                site.roles.set(me, me.handle, "member")
            except ForbiddenError as error:
                return str(error)
            return "stepped down"

        with ThreadPoolExecutor(len(admins)) as pool:
            answers = list(pool.map(step_down, admins, timeout=WAIT_S))

        assert sorted(answer[:12] for answer in answers) == ["This is the ", *["stepped down"] * 3]
        assert owner.execute("SELECT count(*) FROM g.account WHERE role = 'admin'").fetchone() == (1,)
        owner.execute("UPDATE g.account SET role = 'admin'")


def test_roles_and_measures_that_cross_never_wait_for_each_other(site, owner, person):
    """Each locks the people it is about; in one order, so that none of them is chosen as a deadlock's victim."""
    admins = [person(f"admin{number}", "admin") for number in range(2)]
    members = [person(f"member{number}") for number in range(2)]
    start = Barrier(4, timeout=WAIT_S)

    def give(me):
        start.wait()
        for turn in range(10):
            for member in members:
                attempt(
                    lambda role, member=member: site.roles.set(me, member.handle, role),
                    ["moderator", "member"][turn % 2],
                )

    def silence(me):
        start.wait()
        for _ in range(10):
            for member in members[::-1]:
                attempt(
                    lambda kind, member=member: site.sanctions.undo(
                        me, site.sanctions.impose(me, member.account_id, kind)
                    ),
                    "silence",
                )

    broken = []

    def attempt(deed, argument):
        try:
            deed(argument)
        except FlotillaError as error:
            # Being refused is fine: the other was first. A database that gave up is not.
            if not isinstance(error, ForbiddenError) and "already" not in str(error):
                broken.append(str(error))

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(give, me) for me in admins] + [pool.submit(silence, me) for me in admins]:
            done.result(WAIT_S)
    assert broken == []
