"""How many sessions a person has, and which one makes room for another."""

from flotilla.social import sessions
from flotilla.social.events import CHANNEL, Kind, read_event

PASSWORD = "a calm sea at dawn"


def test_whoever_signs_in_once_too_often_is_signed_out_where_they_were_seen_longest_ago(site, owner, monkeypatch):
    monkeypatch.setattr(sessions, "SESSIONS_MAX", 3)
    told = []
    site.database.hear(CHANNEL, lambda payload: told.append(read_event(payload)))
    first = site.accounts.sign_up(handle="ada", password=PASSWORD)
    bo = site.accounts.sign_up(handle="bo", password=PASSWORD)

    def sign_in():
        return site.accounts.sign_in(handle="ada", password=PASSWORD)

    second, third = sign_in(), sign_in()
    (forgotten,) = [one.name for one in site.sessions.of(second.viewer, second.token) if one.is_this]
    owner.execute(
        "UPDATE s0000.sessions SET last_seen = current_date - 1 WHERE token_hash = %s", [bytes.fromhex(forgotten)]
    )
    assert told == []

    fourth = sign_in()

    def who_are(*signed_in):
        return [site.accounts.who_is(one.token) is not None for one in signed_in]

    assert who_are(first, second, third, fourth, bo) == [True, False, True, True, True]
    # Live connections of that session must not go on.
    assert [(event.kind, event.number("account_id")) for event in told] == [(Kind.SIGNED_OUT, first.viewer.account_id)]
    # Where all were seen on the same day, the oldest goes.
    fifth = sign_in()
    assert who_are(first, third, fourth, fifth, bo) == [False, True, True, True, True]


def test_sessions_that_ran_out_take_nobodys_place(site, owner, monkeypatch):
    monkeypatch.setattr(sessions, "SESSIONS_MAX", 2)
    first = site.accounts.sign_up(handle="ada", password=PASSWORD)
    over = site.accounts.sign_in(handle="ada", password=PASSWORD)
    (name,) = [one.name for one in site.sessions.of(over.viewer, over.token) if one.is_this]
    owner.execute("UPDATE s0000.sessions SET expires_at = now() WHERE token_hash = %s", [bytes.fromhex(name)])

    second = site.accounts.sign_in(handle="ada", password=PASSWORD)

    assert [site.accounts.who_is(one.token) is not None for one in (first, over, second)] == [True, False, True]
    assert owner.execute("SELECT count(*) FROM s0000.sessions").fetchone() == (2,)
