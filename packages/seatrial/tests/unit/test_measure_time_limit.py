"""What still fits into the time that a study may take."""

from seatrial.measure.time_limit import CLOSING_S, TimeLimit


def test_what_fits_is_begun_and_what_does_not_is_named_in_one_caveat() -> None:
    now_s = [1000.0]
    limit = TimeLimit(240.0, clock=lambda: now_s[0])
    now_s[0] += 240.0 - CLOSING_S - 30.0
    assert limit.left_s == 30.0
    assert limit.allows("a search", 30.0)
    assert not limit.allows("a look inside", 30.1)
    now_s[0] += 60.0
    assert not limit.allows("a check", 1.0)
    (caveat,) = limit.caveats()
    assert caveat.code == "left-out-for-time"
    assert caveat.text == "Left out, to be ready within 240 s: a look inside; a check."


def test_without_a_limit_everything_fits_and_nothing_is_said() -> None:
    now_s = [0.0]
    limit = TimeLimit(0.0, clock=lambda: now_s[0])
    now_s[0] = 1e9
    assert limit.allows("a search of a day", 86_400.0)
    assert limit.caveats() == ()
