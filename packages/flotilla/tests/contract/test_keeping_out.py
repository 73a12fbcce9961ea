"""Blocking networks and mail domains: what may be blocked, by whom, and that it holds at once."""

import pytest

from flotilla.errors import ForbiddenError, InvalidInputError, NotFoundError
from flotilla.social.keeping_out import PAGE_SIZE

HERE = "192.0.2.1"


@pytest.fixture
def mo(person):
    return person("mo", "moderator")


def test_a_network_is_kept_out_at_once_and_let_in_again(site, mo):
    site.keeping_out.block_network(mo, " 198.51.100.7/24 ", "access", own_address=HERE, comment="a flood", days=3)

    assert not site.gatekeeping.may_visit("198.51.100.200")
    (row,) = site.keeping_out.page(mo).networks
    assert (row.network, row.severity, row.comment, row.made_by) == ("198.51.100.0/24", "access", "a flood", "mo")
    site.keeping_out.let_network_in(mo, row.id)
    assert site.gatekeeping.may_visit("198.51.100.200")
    with pytest.raises(NotFoundError):
        site.keeping_out.let_network_in(mo, row.id)


def test_blocking_the_same_network_again_changes_how(site, mo):
    site.keeping_out.block_network(mo, "2001:db8::/32", "access", own_address=HERE)
    site.keeping_out.block_network(mo, "2001:db8::1/32", "sign_up", own_address=HERE, days=1)

    (row,) = site.keeping_out.page(mo).networks
    assert row.severity == "sign_up"
    assert row.expires_at is not None
    assert site.gatekeeping.may_visit("2001:db8::1")
    assert not site.gatekeeping.may_sign_up("2001:db8::1")


def test_a_mail_domain_is_kept_out_at_once_and_let_in_again(site, mo):
    site.keeping_out.block_mail_domain(mo, " eve@Spam.Example ", comment="throw-away")

    assert not site.gatekeeping.may_sign_up(HERE, "x@mx.spam.example")
    (row,) = site.keeping_out.page(mo).domains
    assert (row.domain, row.comment) == ("spam.example", "throw-away")
    site.keeping_out.let_mail_domain_in(mo, row.id)
    assert site.gatekeeping.may_sign_up(HERE, "x@mx.spam.example")
    with pytest.raises(NotFoundError):
        site.keeping_out.let_mail_domain_in(mo, row.id)


@pytest.mark.parametrize(
    ("network", "more", "fields"),
    [
        ("everyone", {}, {"network"}),
        ("", {}, {"network"}),
        ("0.0.0.0/0", {}, {"network"}),
        ("128.0.0.0/7", {}, {"network"}),
        ("2000::/18", {}, {"network"}),
        ("192.0.2.0/24", {}, {"network"}),
        ("::ffff:192.0.2.1", {}, {"network"}),
        ("198.51.100.7", {"severity": "all"}, {"severity"}),
        ("198.51.100.7", {"days": 0}, {"days"}),
        ("198.51.100.7", {"comment": "x" * 301}, {"comment"}),
    ],
)
def test_a_block_that_is_no_network_too_wide_or_ones_own_is_refused(site, mo, network, more, fields):
    with pytest.raises(InvalidInputError) as caught:
        site.keeping_out.block_network(mo, network, **({"severity": "access", "own_address": HERE} | more))

    assert set(caught.value.problems) == fields
    assert site.keeping_out.page(mo).networks == ()


@pytest.mark.parametrize("domain", ["", "example", "-x.example", "a..b", "exa mple.org", "x" * 64 + ".org", "*.org"])
def test_what_is_no_domain_is_not_blocked(site, mo, domain):
    with pytest.raises(InvalidInputError):
        site.keeping_out.block_mail_domain(mo, domain)


def test_members_block_nobody_and_see_no_blocks(site, person, mo):
    ada = person("ada")
    for deed in (
        lambda: site.keeping_out.page(ada),
        lambda: site.keeping_out.block_network(ada, "198.51.100.7", "access", own_address=HERE),
        lambda: site.keeping_out.let_network_in(ada, 1),
        lambda: site.keeping_out.block_mail_domain(ada, "spam.example"),
        lambda: site.keeping_out.let_mail_domain_in(ada, 1),
    ):
        with pytest.raises(ForbiddenError):
            deed()


def test_blocks_are_paged_and_logged(site, mo):
    for number in range(PAGE_SIZE + 1):
        site.keeping_out.block_network(mo, f"198.51.100.{number}", "sign_up", own_address=HERE)
    site.keeping_out.block_mail_domain(mo, "spam.example")

    first = site.keeping_out.page(mo)
    second = site.keeping_out.page(mo, networks_before=first.next_networks)
    assert [row.network for row in first.networks + second.networks] == [
        f"198.51.100.{number}/32" for number in range(PAGE_SIZE, -1, -1)
    ]
    assert (second.next_networks, first.next_domains) == (None, None)
    assert site.audit_log.page(mo, action="block").items[0].subject == "*@spam.example"
