"""Every regular expression of the site, against input made to keep it busy: none takes longer than its length earns."""

import importlib
import pkgutil
import re
import time

import pytest

import flotilla
from flotilla.web.translating import words_of

CPU_MAX_S = 0.25
WHOLE_CHARACTERS = 5_000
# What is searched through is a post, a header, an address: a few hundred characters.
SEARCHED_CHARACTERS = 1_000
PIECES = [
    "a", "0", "_", "-", ".", "@", "a@", "a.", ".a", "-a", "#", "#a", "@a", "a@b.", "://", "http://", "http://a", "(",
    "()", "[", "<", '"', "\\", "/", "/a", " ", "\n", "\r\n", "&", "a ", "a-", "á", "a\u0301", "🚢", "%41", "1.", "a=b;",
    ":", "::", "ff.",
]  # fmt: skip
ENDS = ["", "!", "\x00", "@", " "]


def patterns():
    """Every compiled pattern that a module of the site holds, by its name."""
    found = {}
    for module in pkgutil.walk_packages(flotilla.__path__, "flotilla."):
        if ".migrations" in module.name or module.name.endswith("__main__"):
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, re.Pattern):
                found[value.pattern] = (f"{module.name}.{name}", value)
    return sorted(found.values(), key=lambda each: each[0])


def cpu_s(work):
    started_s = time.thread_time()
    work()
    return time.thread_time() - started_s


def test_the_patterns_are_found():
    names = {name.rpartition(".")[2] for name, _ in patterns()}
    assert {"_EMAIL", "_HANDLE", "_SEGMENT", "_SHAPE", "_SESSION_NAME"} <= names


def test_one_that_takes_exponential_time_would_be_noticed():
    assert cpu_s(lambda: re.fullmatch(r"(?:a+)+b", "a" * 24)) > CPU_MAX_S / 10


@pytest.mark.parametrize(("name", "pattern"), patterns(), ids=lambda value: value if isinstance(value, str) else "")
def test_nothing_a_stranger_sends_keeps_a_pattern_busy(name, pattern):
    for piece in PIECES:
        for end in ENDS:
            whole = piece * (WHOLE_CHARACTERS // len(piece)) + end
            searched = piece * (SEARCHED_CHARACTERS // len(piece)) + end
            assert cpu_s(lambda whole=whole: pattern.fullmatch(whole)) < CPU_MAX_S, (name, piece)
            assert cpu_s(lambda searched=searched: pattern.search(searched)) < CPU_MAX_S, (name, piece)


def test_sentences_are_translated_in_no_time_whatever_stands_in_them():
    words = words_of("de")
    for piece in (*PIECES, "There is no ", "A post has at most ", "That is "):
        text = (piece * 1000)[:999]
        assert cpu_s(lambda text=text: words.sentence(text)) < CPU_MAX_S
