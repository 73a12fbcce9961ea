import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatrial.load.http.cookies import CookieJar


def _jar(*set_cookies: str, at: str = "/account/login") -> CookieJar:
    jar = CookieJar()
    for one in set_cookies:
        jar.store(one, at)
    return jar


@pytest.mark.parametrize(
    ("set_cookies", "path", "expected"),
    [
        (["session=abc; Path=/; HttpOnly; SameSite=Lax"], "/home", "session=abc"),
        (["session=abc; Path=/", "theme=dark; Path=/"], "/", "session=abc; theme=dark"),
        (["session=abc; Path=/", "session=def; Path=/"], "/", "session=def"),
        (["a=1; Path=/admin"], "/admin/users?page=2", "a=1"),
        (["a=1; Path=/admin"], "/admin", "a=1"),
        (["a=1; Path=/admin"], "/administrator", ""),
        (["a=1; Path=/", "b=2; Path=/admin/"], "/admin/x", "b=2; a=1"),
        (["a=1"], "/account/settings", "a=1"),
        (["a=1"], "/home", ""),
        (["a=1; Max-Age=60; Path=/"], "/", "a=1"),
        (["a=1; Path=/; Secure"], "/", "a=1"),
        (['quoted="x y"; Path=/'], "/", 'quoted="x y"'),
        (["equals=a=b=c; Path=/"], "/", "equals=a=b=c"),
        (["nonsense; Path=/", "; Path=/", "=; Path=/", "a=1; Path=/; Expires=gibberish"], "/", "nonsense; a=1"),
        (["a=1; Path=/; Max-Age=0; Max-Age=soon"], "/", "a=1"),
        (["a=1\x01; Path=/", "b\x7f=1; Path=/", "c=1; Path=/"], "/", "c=1"),
    ],
)
def test_cookies_are_sent_where_a_browser_would_send_them(set_cookies: list[str], path: str, expected: str) -> None:
    assert _jar(*set_cookies).header(path) == expected


@pytest.mark.parametrize(
    "deletion",
    [
        "session=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0",
        "session=; Path=/; Expires=Thu, 01-Jan-1970 00:00:00 GMT",
        "session=gone; Max-Age=-1; Path=/",
    ],
)
def test_a_deleted_cookie_is_not_sent_again(deletion: str) -> None:
    jar = _jar("session=abc; Path=/", "other=1; Path=/", deletion)
    assert jar.header("/") == "other=1"
    assert jar.get("session", "none") == "none"


def test_a_deletion_for_another_path_deletes_nothing() -> None:
    assert _jar("session=abc; Path=/", "session=; Path=/x; Max-Age=0").header("/") == "session=abc"


def test_max_age_wins_over_expires() -> None:
    assert _jar("a=1; Path=/; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT").header("/") == "a=1"


def test_a_cookie_ends_with_its_age(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr("seatrial.load.http.cookies.time.time", lambda: clock[0])
    jar = _jar("a=1; Path=/; Max-Age=10", "b=2; Path=/")
    assert jar.header("/") == "a=1; b=2"
    clock[0] = 1010.5
    assert jar.header("/") == "b=2"


def test_a_jar_keeps_at_most_a_hundred_cookies_and_none_too_long() -> None:
    jar = _jar(*(f"c{number}=x; Path=/" for number in range(500)), f"long={'x' * 5000}; Path=/")
    assert len(jar) == 100
    assert "long" not in jar.header("/")


# A name begins with a letter here: what begins with "=" or has none is read otherwise.
NAME = st.from_regex(r"[a-zA-Z][!#$%&'*+.^_`|~0-9a-zA-Z-]{0,10}", fullmatch=True)
VALUE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters=";\x7f"), max_size=20)
PATH = st.from_regex(r"/([a-c]{1,2}/?){0,3}", fullmatch=True)


@settings(deadline=None)
@given(st.dictionaries(NAME, VALUE, max_size=8), PATH)
def test_what_is_stored_is_sent_back_in_order(cookies: dict[str, str], path: str) -> None:
    kept = {name: value.strip(" \t") for name, value in cookies.items()}
    for attributes in ("; Path=/", "; Path=/; Max-Age=60", f"; Path={path}"):
        jar = _jar(*(f"{name}={value}{attributes}" for name, value in cookies.items()))
        assert jar.header(path) == "; ".join(f"{name}={value}" for name, value in kept.items())
        for name in cookies:
            jar.store(f"{name}=; Max-Age=0{attributes.partition('; Max')[0]}", "/")
        assert jar.header(path) == ""
        assert len(jar) == 0


@settings(deadline=None)
@given(st.lists(PATH, max_size=5), PATH)
def test_a_cookie_goes_to_its_own_path_and_what_is_below_it(paths: list[str], asked: str) -> None:
    # RFC 6265, 5.1.4, said over the parts of a path instead of its characters.
    def is_below(path: str, of: str) -> bool:
        return path == of or (
            (path + "/").startswith(of.rstrip("/") + "/") and (not of.endswith("/") or len(path) >= len(of))
        )

    jar = _jar(*(f"c{number}=x; Path={path}" for number, path in enumerate(paths)))
    sent = {one.partition("=")[0] for one in jar.header(asked).split("; ") if one}
    assert sent == {f"c{number}" for number, path in enumerate(paths) if is_below(asked, path)}


@settings(deadline=None)
@given(
    st.one_of(
        st.text(st.characters(max_codepoint=0xFF)),
        st.lists(
            st.sampled_from(
                ["a", "=", ";", " ", "Path", "/", "Max-Age", "-", "9" * 30, "Expires", "Mon, 31 Feb", "\x00", ","]
            )
        ).map("".join),
        st.from_regex(r"a=1; Expires=.{0,40}", fullmatch=True),
        st.from_regex(r"a=1; Max-Age=.{0,40}", fullmatch=True),
    )
)
def test_no_header_makes_the_jar_fail_or_the_next_request_wrong(set_cookie: str) -> None:
    jar = _jar(set_cookie, at="/")
    header = jar.header("/")
    assert len(jar) <= 1
    assert not set(header) & set("\r\n\0")


@pytest.mark.parametrize("attribute", ["Max-Age=" + "9" * 60_000, "Expires=" + "9" * 60_000, "Path=/" + "x" * 60_000])
def test_an_attribute_beyond_all_measure_is_not_looked_at(attribute: str) -> None:
    assert _jar(f"a=1; Path=/; {attribute}").header("/") == "a=1"


def test_a_date_without_a_zone_is_greenwichs_whatever_the_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    try:
        monkeypatch.setattr("seatrial.load.http.cookies.time.time", lambda: 1_000_000_000.0)
        # 2001-09-09 01:46:40 in Greenwich: a second later is alive, a second before is not, twelve hours off or not.
        assert _jar("a=1; Path=/; Expires=Sun, 09 Sep 2001 01:46:41").header("/") == "a=1"
        assert _jar("a=1; Path=/; Expires=Sun, 09 Sep 2001 01:46:39").header("/") == ""
    finally:
        monkeypatch.undo()
        time.tzset()


def test_cookies_of_every_path_with_an_end_are_dropped_when_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr("seatrial.load.http.cookies.time.time", lambda: clock[0])
    jar = _jar("a=1; Path=/; Max-Age=10", "b=2; Path=/; Max-Age=20", "c=3; Path=/")
    for at_s, header in ((1009.9, "a=1; b=2; c=3"), (1010.0, "b=2; c=3"), (1020.5, "c=3"), (9999.0, "c=3")):
        clock[0] = at_s
        assert jar.header("/") == header
    assert len(jar) == 1


def test_a_cookie_of_one_path_ends_too(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr("seatrial.load.http.cookies.time.time", lambda: clock[0])
    jar = _jar("a=1; Path=/x; Max-Age=10", "b=2; Path=/")
    assert jar.header("/x") == "a=1; b=2"
    clock[0] = 1010.0
    assert jar.header("/x") == "b=2"
