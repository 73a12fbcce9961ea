"""`next` never leads to another site, and numbers in addresses are ids."""

from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import NotFound
from werkzeug.routing import Map, Rule

from flotilla.web.deeds import back
from flotilla.web.navigation import LARGEST_ID, IdConverter, local_path

HERE = "https://flotilla.example/posts"


@pytest.mark.parametrize(
    "path", ["/home", "/@ada", "/@ada/12?before=3", "/tags/caf%C3%A9", "/public?before=9#post-9", "/"]
)
def test_a_path_of_this_site_is_kept(path: str) -> None:
    assert local_path(path, "/home-instead") == path


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        " /home",
        "javascript:alert(1)",
        "home",
        "",
        None,
        "/" + "a" * 5000,
        "//[",
    ],
)
def test_anything_else_becomes_the_fallback(elsewhere: str | None) -> None:
    assert local_path(elsewhere, "/home") == "/home"


@given(st.text(alphabet="/\\:@.?#ab \t\r\n%2fF", max_size=12))
def test_whatever_is_asked_for_a_browser_stays_on_the_site(wanted: str) -> None:
    # A browser drops tabs and newlines and reads a backslash as a slash before it resolves an address.
    as_browsers_read_it = local_path(wanted, "/home").translate({9: None, 10: None, 13: None, ord("\\"): "/"})

    assert urlsplit(urljoin(HERE, as_browsers_read_it)).netloc == "flotilla.example"


@pytest.mark.parametrize("odd", ["/@ada\r\nX: y", "/@ada\n", "//evil.example"])
def test_a_button_leads_back_to_this_site_even_from_an_odd_address(odd: str) -> None:
    with Flask("flotilla").test_request_context("/", method="POST"):
        assert back(odd).location == "/home"
        assert back("/@ada", "#post-1").location == "/@ada#post-1"


@pytest.mark.parametrize("number", ["0", "-1", "1.0", "٣", str(LARGEST_ID + 1), "9" * 5000])
def test_what_cannot_be_an_id_is_no_address(number: str) -> None:
    addresses = Map([Rule("/<id:post_id>", endpoint="post")], converters={"id": IdConverter}).bind("flotilla.example")

    assert addresses.match(f"/{LARGEST_ID}") == ("post", {"post_id": LARGEST_ID})
    with pytest.raises(NotFound):
        addresses.match(f"/{number}")
