import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flotilla.errors import InvalidInputError
from flotilla.social.text import (
    POST_MAX_CHARACTERS,
    Hashtag,
    Link,
    Mention,
    Plain,
    accepted_text,
    hashtag_name,
    hashtags_in,
    mentions_in,
    parse,
    tidied,
)

# Mostly the characters that decide what a segment is.
TEXTS = st.one_of(
    st.text(),
    st.lists(
        st.sampled_from(
            [
                *"@#.:/()[]_-!?&<>\"' \nAaÄ1",
                "http://",
                "https://",
                "\u0301",
                "\u200b",
                "ß",
                "İ",
                "ı",
                "ſ",
                "\u212a",
                "ि",
                "@ada",
                "#tea",
            ]
        )
    ).map("".join),
)


@given(TEXTS)
def test_the_segments_joined_are_the_text_again(text):
    segments = parse(text)
    assert "".join(segment.text for segment in segments) == text
    assert all(segment.text for segment in segments)


@given(TEXTS)
def test_no_two_plain_segments_are_neighbours(text):
    kinds = [type(segment) for segment in parse(text)]
    assert (Plain, Plain) not in pairwise(kinds)


@given(TEXTS)
def test_a_link_can_only_be_http_and_never_holds_what_ends_an_attribute(text):
    for segment in parse(text):
        if isinstance(segment, Link):
            assert segment.url.lower().startswith(("http://", "https://"))
            assert not set(segment.url) & set("\"'<>` \n\t")


@given(TEXTS)
def test_mentions_are_handles_and_hashtags_lead_to_their_own_page(text):
    for segment in parse(text):
        if isinstance(segment, Mention):
            assert segment.handle.isascii()
            assert segment.handle == segment.handle.lower()
            assert 1 <= len(segment.handle) <= 30
        if isinstance(segment, Hashtag):
            assert hashtag_name(segment.name) == segment.name
            assert not segment.name.isdigit()


@given(TEXTS)
def test_tidying_twice_is_tidying_once_and_leaves_what_a_database_can_hold(text):
    tidy = tidied(text)
    assert tidied(tidy) == tidy
    assert "\x00" not in tidy
    tidy.encode()


@given(st.text(max_size=POST_MAX_CHARACTERS * 2))
def test_what_is_accepted_is_nfc_and_short_enough(text):
    try:
        accepted = accepted_text(text)
    except InvalidInputError:
        return
    assert unicodedata.is_normalized("NFC", accepted)
    assert 0 < len(accepted) <= POST_MAX_CHARACTERS


def test_length_is_counted_after_composing():
    assert len(accepted_text("e\u0301" * POST_MAX_CHARACTERS)) == POST_MAX_CHARACTERS
    with pytest.raises(InvalidInputError, match="501 characters long, 1 more"):
        accepted_text("e\u0301" * (POST_MAX_CHARACTERS + 1))


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("see https://example.org.", ["https://example.org"]),
        ("(https://example.org/a_(b)) and", ["https://example.org/a_(b)"]),
        ("HTTP://EXAMPLE.ORG/?q=1&r=2#top!", ["HTTP://EXAMPLE.ORG/?q=1&r=2#top"]),
        ("https://münchen.example/straße", ["https://münchen.example/straße"]),
        ("httpſ://example.org http:// https://... ftp://example.org javascript:alert(1) xhttp://example.org", []),
        ("https://a.example,https://b.example", ["https://a.example,https://b.example"]),
        ("https://example.org/@ada#tea", ["https://example.org/@ada#tea"]),
    ],
)
def test_links_end_where_a_reader_would_end_them(text, links):
    assert [segment.url for segment in parse(text) if isinstance(segment, Link)] == links


@pytest.mark.parametrize(
    ("text", "handles"),
    [
        ("@Ada, @bob_2! (@eve)", ("ada", "bob_2", "eve")),
        ("mail ada@example.org or @ada@example.org", ()),
        ("@" + "a" * 30 + " @" + "a" * 31, ("a" * 30,)),
        ("@ada @ADA", ("ada",)),
        ("@@ada @ä .@eve", ()),
        ("@ı @ſam @\u212aim @İ", ()),
    ],
)
def test_mentions_are_whole_handles_standing_free(text, handles):
    assert mentions_in(text) == handles


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("#Tea #TEA (#straße) #2nd", ("tea", "strasse", "2nd")),
        ("#1 C# a#b ##x &#39; /#top", ()),
        ("#" + "x" * 100 + " #" + "y" * 101, ("x" * 100,)),
        ("#cafe\u0301", ("café",)),
        ("#हिन्दी #ไทยแลนด์", ("हिन्दी", "ไทยแลนด์")),
        ("#1\ufe0f\u20e3 #\u0301", ()),
    ],
)
def test_hashtags_are_words_standing_free_and_never_bare_numbers(text, names):
    assert hashtags_in(text) == names


@pytest.mark.parametrize("tag", ["#İstanbul", "#" + "İ" * 100, "#" + "ﬃ" * 100, "#हिन्दी"])
def test_a_tag_that_grows_when_its_capitals_are_folded_has_a_page_too(tag):
    (name,) = hashtags_in(tag)
    assert hashtag_name(name) == name
