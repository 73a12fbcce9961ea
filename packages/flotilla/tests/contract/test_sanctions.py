"""What moderators do about people: each measure, its undoing, and who may take it against whom."""

from dataclasses import replace

import psycopg
import pytest
from mastodon import MastodonUnauthorizedError

from flotilla.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError, SignInError
from flotilla.social.sanctions import Kind
from flotilla.social.standing import ROLES, outranks

TIMED = [Kind.FORCE_SENSITIVE, Kind.SILENCE, Kind.SUSPEND]


@pytest.fixture
def mo(person):
    return person("mo", "moderator")


def standing(owner, handle):
    return owner.execute(
        "SELECT state, silenced, force_sensitive FROM g.account WHERE handle = %s", [handle]
    ).fetchone()


@pytest.mark.parametrize(
    ("kind", "there"),
    [
        (Kind.WARN, ("active", False, False)),
        (Kind.FORCE_SENSITIVE, ("active", False, True)),
        (Kind.SILENCE, ("active", True, False)),
        (Kind.SUSPEND, ("suspended", False, False)),
    ],
)
def test_a_measure_does_what_it_says_and_undoing_it_twice_undoes_it(site, owner, person, mo, kind, there):
    ada = person("ada")

    sanction = site.sanctions.impose(mo, ada.account_id, kind, text="Enough.")

    assert standing(owner, "ada") == there
    (made,) = site.sanctions.of(mo, ada.account_id)
    assert (made.id, made.kind, made.text, made.made_by, made.undone_at) == (sanction, kind, "Enough.", "mo", None)
    for _ in range(2):
        site.sanctions.undo(mo, sanction)
    assert standing(owner, "ada") == ("active", False, False)
    (undone,) = site.sanctions.of(mo, ada.account_id)
    assert undone.undone_by == "mo"
    assert undone.undone_at is not None


@pytest.mark.parametrize("kind", TIMED)
def test_what_is_in_force_cannot_be_imposed_again(site, person, mo, kind):
    ada = person("ada")
    site.sanctions.impose(mo, ada.account_id, kind)

    with pytest.raises(ConflictError, match="already"):
        site.sanctions.impose(mo, ada.account_id, kind)

    assert len(site.sanctions.of(mo, ada.account_id)) == 1


def test_posts_are_covered_and_uncovered_but_not_those_that_their_author_covered_or_that_are_somebody_elses(
    site, owner, person, mo
):
    ada, bo = person("ada"), person("bo")
    mine, covered, theirs = (
        site.posts.publish(ada, "one"),
        site.posts.publish(ada, "two"),
        site.posts.publish(bo, "three"),
    )
    owner.execute("UPDATE s0000.posts SET sensitive = true WHERE id = %s", [covered])

    def sensitive():
        return {row[0] for row in owner.execute("SELECT id FROM s0000.posts WHERE sensitive")}

    sanction = site.sanctions.impose(mo, ada.account_id, Kind.SENSITIVE, post_ids=[mine, covered, theirs])
    assert sensitive() == {mine, covered}

    site.sanctions.undo(mo, sanction)
    assert sensitive() == {covered}


def test_removed_posts_are_gone_with_all_their_traces_and_do_not_come_back(site, owner, person, mo):
    ada, bo = person("ada"), person("bo")
    mine, theirs = site.posts.publish(ada, "one #pills"), site.posts.publish(bo, "three")
    site.posts.like(bo, mine)

    sanction = site.sanctions.impose(mo, ada.account_id, Kind.REMOVE, post_ids=[mine, theirs, 12345])

    with pytest.raises(NotFoundError):
        site.posts.read(ada, mine)
    assert site.posts.read(ada, theirs).text == "three"
    assert owner.execute("SELECT count(*) FROM s0000.likes_received").fetchone() == (0,)
    assert owner.execute("SELECT posts FROM s0000.author_stats ORDER BY posts").fetchall() == [(0,), (0,), (1,)]
    assert site.sanctions.of(mo, ada.account_id)[0].post_ids == [mine]
    with pytest.raises(InvalidInputError, match="cannot be brought back"):
        site.sanctions.undo(mo, sanction)


@pytest.mark.parametrize(
    ("kind", "more", "field"),
    [
        (Kind.WARN, {}, "text"),
        (Kind.WARN, {"text": " \n "}, "text"),
        (Kind.SILENCE, {"text": "x" * 2001}, "text"),
        (Kind.SENSITIVE, {}, "post_ids"),
        (Kind.REMOVE, {"post_ids": list(range(1, 42))}, "post_ids"),
    ],
)
def test_a_measure_that_lacks_something_or_is_too_long_is_refused(site, person, mo, kind, more, field):
    ada = person("ada")

    with pytest.raises(InvalidInputError) as caught:
        site.sanctions.impose(mo, ada.account_id, kind, **more)

    assert set(caught.value.problems) == {field}
    assert site.sanctions.of(mo, ada.account_id) == ()


@pytest.mark.parametrize("whose", ROLES)
@pytest.mark.parametrize("whom", ROLES)
def test_nobody_acts_on_their_like_or_on_those_above_and_what_was_imposed_from_above_stays(
    site, owner, person, whose, whom
):
    # Written out, and not by `outranks`: moderators over members, admins over members and moderators.
    may = (whose, whom) in {("moderator", "member"), ("admin", "member"), ("admin", "moderator")}
    me, other = person("zoe", whose), person("other", whom)
    assert outranks(whose, whom) == may

    if may:
        site.sanctions.undo(me, site.sanctions.impose(me, other.account_id, Kind.SILENCE))
    else:
        with pytest.raises(ForbiddenError):
            site.sanctions.impose(me, other.account_id, Kind.SILENCE)
        boss = person("boss", "admin")
        if outranks("admin", whom):
            sanction = site.sanctions.impose(boss, other.account_id, Kind.SILENCE)
            with pytest.raises(ForbiddenError):
                site.sanctions.undo(me, sanction)
            assert standing(owner, "other")[1]


@pytest.mark.parametrize("role", ["moderator", "admin"])
def test_nobody_acts_on_themselves(site, person, role):
    me = person("zoe", role)

    with pytest.raises(ForbiddenError, match="themselves"):
        site.sanctions.impose(me, me.account_id, Kind.SILENCE)


def test_whoever_lost_the_role_a_moment_ago_acts_on_nobody_any_more(site, owner, person, mo):
    ada = person("ada")
    owner.execute("UPDATE g.account SET role = 'member' WHERE handle = 'mo'")

    with pytest.raises(ForbiddenError):
        site.sanctions.impose(mo, ada.account_id, Kind.SUSPEND)

    assert standing(owner, "ada")[0] == "active"


def test_members_neither_see_nor_take_nor_undo_measures(site, person, mo):
    ada, bo = person("ada"), person("bo")
    sanction = site.sanctions.impose(mo, ada.account_id, Kind.SILENCE)

    for deed in (
        lambda: site.sanctions.impose(bo, ada.account_id, Kind.SILENCE),
        lambda: site.sanctions.undo(ada, sanction),
        lambda: site.sanctions.of(bo, ada.account_id),
    ):
        with pytest.raises(ForbiddenError):
            deed()


def test_nobody_unknown_is_acted_on(site, mo):
    with pytest.raises(NotFoundError):
        site.sanctions.impose(mo, 12345, Kind.SILENCE)
    with pytest.raises(NotFoundError):
        site.sanctions.undo(mo, 12345)


def test_every_measure_and_its_undoing_stands_in_the_log(site, person, mo):
    ada = person("ada")
    site.sanctions.undo(mo, site.sanctions.impose(mo, ada.account_id, Kind.SUSPEND, text="Enough."))

    undone, imposed = site.audit_log.page(mo, about="ada").items

    assert (imposed.actor, imposed.action, imposed.subject) == ("mo", "sanction", "@ada")
    assert imposed.before == {"state": "active", "silenced": False, "force_sensitive": False}
    assert imposed.after == {"sanction": "suspend", "text": "Enough.", "posts": [], "report": None}
    assert (undone.actor, undone.action, undone.before["sanction"]) == ("mo", "undo", "suspend")


def test_the_site_itself_can_add_to_the_log_and_never_change_it(settings, site, person, mo):
    site.sanctions.impose(mo, person("ada").account_id, Kind.SILENCE)

    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        assert connection.execute("SELECT count(*) > 0 FROM g.audit_log").fetchone() == (True,)
        for statement in (
            "UPDATE g.audit_log SET actor = 'somebody else'",
            "DELETE FROM g.audit_log",
            "TRUNCATE g.audit_log",
            "ALTER TABLE g.audit_log DISABLE TRIGGER ALL",
            "DROP TABLE g.audit_log",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_signing_in_while_suspended_opens_no_session(site, person, mo):
    ada = person("ada")
    site.sanctions.impose(mo, ada.account_id, Kind.SUSPEND)

    try:
        answer = site.accounts.sign_in(handle="ada", password="a calm sea at dawn")
    except SignInError:
        return
    assert not hasattr(answer, "token")


def test_undoing_a_suspension_returns_to_the_state_before_it(site, owner, person, mo):
    ada = person("ada")
    sanction = site.sanctions.impose(mo, ada.account_id, Kind.SUSPEND)
    owner.execute("UPDATE g.sanction SET state_before = 'waiting'")

    site.sanctions.undo(mo, sanction)

    assert standing(owner, "ada")[0] == "waiting"


def test_undoing_a_suspension_does_not_bring_a_deleted_account_back(site, owner, person, mo):
    ada = person("ada")
    sanction = site.sanctions.impose(mo, ada.account_id, Kind.SUSPEND)
    owner.execute("UPDATE g.account SET state = 'deleted' WHERE handle = 'ada'")

    with pytest.raises(NotFoundError):
        site.sanctions.undo(mo, sanction)

    assert standing(owner, "ada")[0] == "deleted"


def test_whoever_is_suspended_is_signed_out_cannot_sign_in_and_is_seen_by_nobody_until_it_is_undone(
    site, owner, person, mo
):
    signed_in = site.accounts.sign_up(handle="eve", password="correct horse")
    eve, bo = signed_in.viewer, person("bo")
    site.follows.follow(bo, "eve")
    post = site.posts.publish(eve, "buy my pills #pills")
    assert [shown.id for shown in site.timelines.home(bo).items] == [post]

    sanction = site.sanctions.impose(mo, eve.account_id, Kind.SUSPEND)

    assert site.accounts.who_is(signed_in.token) is None
    assert owner.execute("SELECT count(*) FROM s0000.sessions WHERE account_id = %s", [eve.account_id]).fetchone() == (
        0,
    )
    with pytest.raises(NotFoundError):
        site.posts.read(bo, post)
    with pytest.raises(NotFoundError):
        site.timelines.profile(bo, "eve")
    for shown in (
        site.timelines.home(bo),
        site.timelines.public(None),
        site.timelines.public(bo),
        site.timelines.hashtag(bo, "pills"),
    ):
        assert shown.items == ()

    site.sanctions.undo(mo, sanction)

    assert site.posts.read(None, post).text == "buy my pills #pills"
    assert [shown.id for shown in site.timelines.home(bo).items] == [post]
    assert site.accounts.sign_in(handle="eve", password="correct horse").viewer.handle == "eve"


def test_whoever_is_silenced_is_read_by_followers_only(site, person, mo):
    eve, bo, cy = person("eve"), person("bo"), person("cy")
    site.follows.follow(bo, "eve")
    post = site.posts.publish(eve, "loud")

    site.sanctions.impose(mo, eve.account_id, Kind.SILENCE)

    assert [shown.id for shown in site.timelines.home(bo).items] == [post]
    assert site.timelines.public(None).items == site.timelines.public(cy).items == ()


def test_a_person_is_told_what_was_decided_and_when_it_is_taken_back(site, owner, person, mo, letters):
    ada = person("ada")
    owner.execute("UPDATE g.account SET email = 'ada@example.org' WHERE handle = 'ada'")

    sanction = site.sanctions.impose(mo, ada.account_id, Kind.SILENCE, text="Too loud.")
    assert told(owner, ada) == [
        "The moderators silenced you: only your followers come across what you write.\nToo loud."
    ]
    letter = letters.to("ada@example.org")[-1]
    assert "only your followers" in letter.get_content()
    assert "Too loud." in letter.get_content()
    assert "@mo" not in letter.get_content()

    site.sanctions.undo(mo, sanction)
    assert told(owner, ada) == ["The moderators silence you no longer: everyone comes across what you write."]
    assert "silence you no longer" in letters.to("ada@example.org")[-1].get_content()


def test_nobody_without_a_proven_address_is_written_to(site, person, mo, letters):
    ada = person("ada")

    site.sanctions.impose(mo, ada.account_id, Kind.SUSPEND)

    assert letters.count() == 0


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind != Kind.REMOVE])
def test_there_are_words_for_every_measure_and_for_its_undoing(site, owner, person, mo, kind):
    ada = person("ada")
    post = site.posts.publish(ada, "hello")

    sanction = site.sanctions.impose(mo, ada.account_id, kind, text="Why.", post_ids=[post])
    first = told(owner, ada)
    site.sanctions.undo(mo, sanction)

    assert len(first) == len(told(owner, ada)) == 1
    assert first != told(owner, ada)


def told(owner, person):
    rows = owner.execute("SELECT message FROM s0000.notifications WHERE account_id = %s", [person.account_id])
    return [message for (message,) in rows]


def test_apps_of_somebody_suspended_act_for_them_no_more_not_even_when_it_is_undone(server, owner):
    mo, ada = server.person("mo"), server.person("ada")
    server.site.roles.set(None, "mo", "moderator")
    mo = replace(mo, role="moderator")
    app = server.client(ada)
    assert app.account_verify_credentials().username == "ada"

    sanction = server.site.sanctions.impose(mo, ada.account_id, Kind.SUSPEND)
    with pytest.raises(MastodonUnauthorizedError):
        app.account_verify_credentials()

    server.site.sanctions.undo(mo, sanction)
    with pytest.raises(MastodonUnauthorizedError):
        app.account_verify_credentials()
    assert owner.execute("SELECT count(*) FROM s0000.access_token").fetchone() == (0,)


def test_what_the_operator_suspends_moderators_take_back_and_the_other_way_round(site, owner, person, mo):
    ada = person("ada")

    site.operator.suspend("ada")
    (by_operator,) = site.sanctions.of(mo, ada.account_id)
    site.sanctions.undo(mo, by_operator.id)
    assert standing(owner, "ada")[0] == "active"

    site.sanctions.impose(mo, ada.account_id, Kind.SUSPEND)
    site.operator.restore("ada")
    assert standing(owner, "ada")[0] == "active"
    assert [sanction.undone_at is None for sanction in site.sanctions.of(mo, ada.account_id)] == [False, False]
