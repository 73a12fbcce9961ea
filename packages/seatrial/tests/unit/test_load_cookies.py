import pytest

from seatrial.load.cookies import CookieJar


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
        (["nonsense", "=empty", "; Path=/", "a=1; Path=/; Expires=gibberish"], "/", "a=1"),
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
    monkeypatch.setattr("seatrial.load.cookies.time.time", lambda: clock[0])
    jar = _jar("a=1; Path=/; Max-Age=10", "b=2; Path=/")
    assert jar.header("/") == "a=1; b=2"
    clock[0] = 1010.5
    assert jar.header("/") == "b=2"


def test_a_jar_keeps_at_most_a_hundred_cookies_and_none_too_long() -> None:
    jar = _jar(*(f"c{number}=x; Path=/" for number in range(500)), f"long={'x' * 5000}; Path=/")
    assert len(jar) == 100
    assert "long" not in jar.header("/")
