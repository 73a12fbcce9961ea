import urllib.parse

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from seatrial.load.http.headers import Headers
from seatrial.load.http.redirects import redirected
from seatrial.load.journeys import Response, get, post

ORIGINS = frozenset({"127.0.0.1:8000", "town.example"})


def _onward(location: str, status: int = 302, page: str = "/a/b?c=d") -> str | None:
    request = get(page)
    headers = Headers([(b"Location", location.encode("latin-1"))])
    onward = redirected(request, Response(status, headers, b"", page, request), "http", ORIGINS)
    return onward.path if onward is not None else None


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("/home", "/home"),
        ("/", "/"),
        ("/home/", "/home/"),
        ("/people/7?from=welcome&x=%20", "/people/7?from=welcome&x=%20"),
        ("home", "/a/home"),
        ("?page=2", "/a/b?page=2"),
        ("../up", "/up"),
        ("/x/../y/./z", "/y/z"),
        ("/größe", "/gr%C3%B6%C3%9Fe"),
        ("/a b", "/a%20b"),
        ("/home#part", "/home"),
        ("http://127.0.0.1:8000/home", "/home"),
        ("//town.example/home", "/home"),
        ("http://Town.example", "/"),
        ("https://127.0.0.1:8000/home", None),
        ("http://elsewhere.example/", None),
        ("//elsewhere.example/", None),
        ("", None),
        ("http://[::1/", None),
    ],
)
def test_where_a_redirect_leads(location: str, path: str | None) -> None:
    assert _onward(location) == path


@settings(deadline=None)
@given(st.from_regex(r"(/[ -~]{0,6}){1,4}(\?[ -~]{0,8})?", fullmatch=True))
@example("/a//b")
@example("//[")
@example("/..a/b")
@example("/a?")
@example("/a;b?c")
@example("/a/.")
def test_a_location_that_is_taken_as_it_is_leads_where_the_standard_library_says(location: str) -> None:
    try:
        parts = urllib.parse.urlsplit(urllib.parse.urljoin("/a/b?c=d", location))
    except ValueError:
        assert _onward(location) is None
        return
    if not parts.netloc and parts.path.startswith("/"):
        path = urllib.parse.quote(parts.path, safe="/%:;,@!$&'()*+=~")
        query = urllib.parse.quote(parts.query, safe="/%:;,@!$&'()*+=~?")
        assert _onward(location) == path + ("?" + query if query else "")


def test_a_post_is_followed_by_a_get_and_keeps_its_own_headers() -> None:
    request = post("/posts", {"text": "hello"}, headers={"X-Own": "mine"})
    response = Response(303, Headers([(b"Location", b"/home")]), b"", "/posts", request)
    onward = redirected(request, response, "http", ORIGINS)
    assert onward == get("/home", headers={"X-Own": "mine"})
