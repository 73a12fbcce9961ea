"""Networks and mail domains, as text."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flotilla.social.gatekeeping import Networks, mail_domain

V4 = st.ip_addresses(v=4)
V6 = st.ip_addresses(v=6)


def around(address, length):
    return ipaddress.ip_network((address, length), strict=False)


@given(
    st.lists(st.one_of(st.builds(around, V4, st.integers(0, 32)), st.builds(around, V6, st.integers(0, 128)))),
    V4 | V6,
)
def test_an_address_is_in_a_set_of_networks_when_it_is_in_one_of_them(networks, address):
    mapped = getattr(address, "ipv4_mapped", None) or address

    assert (str(address) in Networks(map(str, networks))) == any(mapped in network for network in networks)


def test_an_ipv4_address_in_ipv6_clothes_is_the_same_address():
    assert "::ffff:192.0.2.7" in Networks(["192.0.2.0/24"])


@pytest.mark.parametrize("text", ["", "unix:", "localhost", "192.0.2", "192.0.2.1:80"])
def test_what_is_no_address_is_in_no_network(text):
    assert text not in Networks(["0.0.0.0/0", "::/0"])


@pytest.mark.parametrize(
    ("text", "one_spelling"),
    [("Example.ORG", "example.org"), ("example.org.", "example.org"), ("bücher.example", "xn--bcher-kva.example")],
)
def test_a_domain_has_one_spelling(text, one_spelling):
    assert mail_domain(text) == one_spelling
