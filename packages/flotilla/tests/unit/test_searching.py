from random import Random

import pytest

from flotilla.errors import InvalidInputError
from flotilla.social.searching import QUERY_MAX_CHARACTERS, Query, folded, read_query


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("", Query("", (), "", "", None)),
        ("  Ada  Lovelace ", Query("ada lovelace", ("ada", "lovelace"), "", "", None)),
        ("Ada", Query("ada", ("ada",), "ada", "ada", None)),
        ("@Ada", Query("@ada", ("ada",), "ada", "", None)),
        ("#Sailing", Query("#sailing", (), "", "sailing", None)),
        ("from:@Ada calm sea", Query("calm sea", (), "", "", "ada")),
        ("calm FROM:ada sea", Query("calm sea", (), "", "", "ada")),
        ("from:ada from:bob", Query("", (), "", "", "bob")),
        ("from:not-a-handle sea", Query("sea", (), "", "", "@")),
        ("xfrom:ada", Query("xfrom:ada", ("xfrom", "ada"), "", "", None)),
        ("-sea", Query("", ("sea",), "", "", None)),
        ('-"calm sea" -wind', Query("", ("calm", "sea", "wind"), "", "", None)),
        ('-"calm sea" wind', Query('-"calm sea" wind', ("calm", "sea", "wind"), "", "", None)),
        ("?!", Query("", (), "", "", None)),
        ("Straße Ærø", Query("strasse æro", ("strasse", "æro"), "", "", None)),
    ],
)
def test_what_was_typed_is_read(typed, expected):
    assert read_query(typed) == expected


def test_a_search_has_an_end():
    assert read_query("x" * QUERY_MAX_CHARACTERS).text
    with pytest.raises(InvalidInputError, match=f"at most {QUERY_MAX_CHARACTERS} characters"):
        read_query("x" * (QUERY_MAX_CHARACTERS + 1))


def test_words_for_names_are_words_alone_whatever_is_typed():
    """They are put into a tsquery in quotes: nothing but letters, digits and _ may be in them."""
    random = Random(5)
    letters = "ab'\\\"&|!():*<-> \n\0é#@"
    for _ in range(300):
        words = read_query("".join(random.choices(letters, k=30))).words
        assert all(word.replace("_", "a").isalnum() for word in words)
        assert len(words) <= 12


def test_folding_twice_is_folding_once():
    for text in ("Crème Brûlée", "ŁÓDŹ", "İstanbul", "ǅ", "straße", "中文", "ﬁn"):
        assert folded(folded(text)) == folded(text)
    assert folded("Crème BRÛLÉE") == "creme brulee"
