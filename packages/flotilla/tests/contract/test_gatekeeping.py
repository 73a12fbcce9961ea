"""Blocked networks and mail domains, read from the database."""

import pytest

from flotilla.errors import InvalidInputError, UnavailableError


@pytest.fixture
def blocked(owner):
    owner.execute(
        "INSERT INTO g.ip_block (network, severity, expires_at, made_by) VALUES"
        " ('198.51.100.0/24', 'access', NULL, 1), ('203.0.113.0/24', 'sign_up', now() + interval '1 day', 1),"
        " ('192.0.2.0/24', 'access', now() - interval '1 s', 1), ('2001:db8::/32', 'sign_up', NULL, 1)"
    )
    owner.execute("INSERT INTO g.mail_domain_block (domain, made_by) VALUES ('spam.example', 1)")


def test_a_blocked_network_keeps_out_or_keeps_from_signing_up_until_it_expires(site, blocked):
    gate = site.gatekeeping

    assert [gate.may_visit(address) for address in ("198.51.100.9", "203.0.113.9", "192.0.2.9", "2001:db8::1")] == [
        False,
        True,
        True,
        True,
    ]
    assert [gate.may_sign_up(address) for address in ("198.51.100.9", "203.0.113.9", "192.0.2.9", "2001:db8::1")] == [
        False,
        False,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("email", "may"),
    [
        ("eve@spam.example", False),
        ("eve@SPAM.example.", False),
        ("eve@mx.spam.example", False),
        ("eve@notspam.example", True),
        ("eve@example", True),
        ("", True),
    ],
)
def test_a_blocked_mail_domain_blocks_its_subdomains_and_no_other(site, blocked, email, may):
    assert site.gatekeeping.may_sign_up("192.0.2.1", email) == may


def test_blocks_are_read_once_and_survive_a_database_that_does_not_answer(site, blocked, monkeypatch):
    gate = site.gatekeeping
    assert not gate.may_visit("198.51.100.9")
    asked = []

    def gone():
        asked.append(1)
        raise UnavailableError("gone")

    monkeypatch.setattr(site.database, "read", gone)

    assert not gate.may_visit("198.51.100.9")
    assert asked == []
    gate.forget()
    assert not gate.may_visit("198.51.100.9")
    assert asked == [1]


def test_nobody_in_a_blocked_network_gets_a_page_and_machines_still_learn_that_the_site_is_well(app, blocked):
    client = app.test_client()

    def asked(path, address):
        return client.get(path, environ_base={"REMOTE_ADDR": address}).status_code

    assert [asked(path, "198.51.100.9") for path in ("/", "/sign-in", "/nowhere", "/health", "/live")] == [
        403,
        403,
        403,
        200,
        200,
    ]
    assert asked("/", "203.0.113.9") == 200
    refused = client.get("/api/v1/instance", environ_base={"REMOTE_ADDR": "198.51.100.9"})
    assert (refused.status_code, list(refused.json)) == (403, ["error"])


def test_pages_cost_no_statement_for_the_gate(app, blocked, statements):
    client = app.test_client()
    client.get("/sign-in")

    with statements() as sent:
        assert client.get("/sign-in").status_code == 200
    assert sent == []


def test_a_blocked_mail_domain_is_no_way_in_by_changing_the_address_later(site, blocked, owner, letters):
    ada = site.accounts.sign_up(handle="ada", password="correct horse").viewer

    with pytest.raises(InvalidInputError) as caught:
        site.addresses.change(ada, email="ada@mx.spam.example", password="correct horse")
    assert set(caught.value.problems) == {"email"}
    owner.execute("UPDATE g.account SET state = 'unconfirmed'")
    with pytest.raises(InvalidInputError):
        site.addresses.correct(handle="ada", password="correct horse", email="ada@spam.example")
    assert letters.count() == 0


def test_whoever_signs_up_through_the_page_meets_the_blocks(app, blocked, visitor):
    eve = visitor()
    token = eve.token("/sign-up")

    def sign_up(address, email=""):
        fields = {"csrf_token": token, "handle": "eve", "password": "a calm sea at dawn", "email": email}
        return eve.client.post("/sign-up", data=fields, environ_base={"REMOTE_ADDR": address})

    assert sign_up("203.0.113.9").status_code == 403
    refused = sign_up("192.0.2.1", "eve@spam.example")
    assert refused.status_code == 403
    assert 'value="eve@spam.example"' in refused.text
    assert sign_up("192.0.2.1").status_code == 303
