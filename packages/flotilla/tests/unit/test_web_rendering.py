"""A post's text and its age as HTML."""

from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flotilla.social import Author, Link, Post, parse
from flotilla.social.visibility import Visibility
from flotilla.web.buttons import deed_buttons
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


def test_buttons_tell_what_they_do_and_what_was_done() -> None:
    author = Author(7, "ada", "Ada")
    plain = Post(5, author, "", (), NOON, likes=1500, replies=1)
    done = plain._replace(liked_by_viewer=True, reposted_by_viewer=True, bookmarked_by_viewer=True, reposts=1)
    to_followers = plain._replace(visibility=Visibility.FOLLOWERS)

    page, german = Reader(deed_buttons("en", plain, 5, "/@ada/5")), Reader(deed_buttons("de", done, 9, "/@ada/5"))
    deeds = [attributes.get("formaction") for tag, attributes in german.elements if tag == "button"]

    assert page.words == "11,500"  # one reply, 1,500 likes
    assert [attributes["aria-label"] for tag, attributes in page.elements if tag in {"a", "button"}] == [
        "Reply, 1 reply", "Repost, 0 reposts", "Like, 1,500 likes", "Bookmark",
    ]  # fmt: skip
    assert deeds == ["/posts/9/unrepost", "/posts/9/unlike", "/posts/9/unbookmark"]
    assert german.words == "111.500"
    assert "repost" not in deed_buttons("en", to_followers, 5, "/@ada/5")
