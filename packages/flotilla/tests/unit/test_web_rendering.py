"""A post's text and its age as HTML."""

from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flotilla.social import Link, parse
from flotilla.web.moments import CALENDARS
from flotilla.web.rendering import text_html

NOON = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)


class Reader(HTMLParser):
    """Reads HTML as a browser does: the words shown, and each element with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.words = ""
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(str(html))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


def test_a_script_is_shown_and_not_run() -> None:
    html = text_html(parse("<script>alert('x')</script> & \"more\""))

    assert html == "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &#34;more&#34;"


def test_mentions_tags_and_addresses_become_links() -> None:
    html = text_html(parse("Ask @Ada about #Café at https://example.org/a?b=1&c=2"))

    assert [attributes["href"] for _, attributes in Reader(html).elements] == [
        "/@ada",
        "/tags/caf%C3%A9",
        "https://example.org/a?b=1&c=2",
    ]


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "ftp://example.org/", "//example.org"])
def test_only_http_and_https_addresses_can_be_followed(address: str) -> None:
    # Not only as written in a post: even if the rules let such an address through as a link.
    for html in (text_html(parse(f"see {address} now")), text_html([Link(address)])):
        assert Reader(html).elements == []


@given(st.text(max_size=80) | st.text(alphabet="<>&\"'@#a1/:. htps\n", max_size=80))
def test_whatever_was_written_the_words_shown_are_the_words_written(text: str) -> None:
    text = text.replace("\r", "").replace("\0", "")  # the rules take both out before a post is stored

    page = Reader(text_html(parse(text)))

    assert page.words == text
    assert {tag for tag, _ in page.elements} <= {"a"}
    assert {name for _, attributes in page.elements for name in attributes} <= {"href", "rel"}
    assert all(
        (attributes["href"] or "").lower().startswith(("/@", "/tags/", "http://", "https://"))
        for _, attributes in page.elements
    )


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(seconds=-3), "now"),
        (timedelta(seconds=59), "now"),
        (timedelta(seconds=60), "1 min"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(hours=1), "1 h"),
        (timedelta(hours=23, minutes=59), "23 h"),
        (timedelta(days=6, hours=23), "6 d"),
        (timedelta(days=7), "8 Jun"),
        (timedelta(days=200), "27 Nov 2025"),
    ],
)
def test_an_age_is_said_as_people_say_it(age: timedelta, words: str) -> None:
    assert CALENDARS["en"].how_long_ago(NOON - age, NOON) == words


def test_a_time_names_the_exact_moment_in_utc_for_machines() -> None:
    an_hour_east = datetime.fromisoformat("2026-06-15T09:05:07+01:00")

    assert CALENDARS["en"].time_tag(an_hour_east, NOON) == (
        '<time datetime="2026-06-15T08:05:07Z" title="15 Jun 2026, 08:05 UTC">3 h</time>'
    )


def test_germans_read_dates_in_german() -> None:
    german = CALENDARS["de"]

    assert german.how_long_ago(NOON - timedelta(hours=3), NOON) == "3 Std."
    assert german.date_words(datetime(2026, 3, 8, tzinfo=UTC)) == "8. März 2026"
