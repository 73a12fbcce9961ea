"""Files of recorded times."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.errors import SpecError
from seatrial.load.arrivals.recorded import Recorded, read_recorded


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0\n0.5\n2\n", [0, 0.5, 2]),
        ("\ufeff# an access log's times\r\n\r\n0.25\r\n 0.25 \r\n1e1", [0.25, 0.25, 10]),
        # Offsets are kept as they are; what happened at a time of the clock is counted from the first.
        ("3\n4\n", [3, 4]),
        ("1700000000.5\n1700000002\n", [0, 1.5]),
        ("2024-05-01T12:00:00Z\n2024-05-01T12:00:00.250Z\n2024-05-01 14:01:00+02:00\n", [0, 0.25, 60]),
        ("2024-02-28T23:59:59\n2024-02-29T00:00:01\n2024-03-01\n", [0, 2, 86_401]),
    ],
)
def test_times_are_read_in_each_way_they_may_be_written(tmp_path: Path, text: str, expected: list[float]) -> None:
    path = tmp_path / "times.txt"
    path.write_bytes(text.encode())
    assert list(read_recorded(path).times_s) == pytest.approx(expected, abs=1e-6)
    assert list(read_recorded(path, speed=4).offsets(1e6, 1)) == pytest.approx([at_s / 4 for at_s in expected])


@pytest.mark.parametrize(
    ("content", "place", "words"),
    [
        (b"", "", "no time in it"),
        (b"# nothing\n\n", "", "no time in it"),
        (b"1\n# two\n3\n2\n", ":4", "before the time above it"),
        (b"1\nsoon\n", ":2", "'soon', which is no time"),
        (b"1\n-2\n", ":2", "'-2', which is no time"),
        (b"nan\n", ":1", "'nan', which is no time"),
        (b"inf\n", ":1", "'inf', which is no time"),
        (b"12:30\n", ":1", "no time"),
        (b"\xff\xfe1\n", ":1", "no time"),
        (b"1\n\n2024-05-01T12:00:00Z\n", ":3", "a time with its time zone, but line 1 a number of seconds"),
        (b"2024-05-01T12:00:00Z\n2024-05-01T12:00:01\n", ":2", "without its time zone, but line 1"),
        (b"1\n" + b"9" * 100_000, ":2", "longer than 1,000 bytes"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(tmp_path: Path, content: bytes, place: str, words: str) -> None:
    path = tmp_path / "times.txt"
    path.write_bytes(content)
    with pytest.raises(SpecError, match=words) as caught:
        read_recorded(path)
    assert str(caught.value).startswith(f"{path}{place}: ")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.txt", tmp_path):
        with pytest.raises(SpecError, match=str(path)):
            read_recorded(path)


@given(content=st.binary(max_size=300))
def test_whatever_is_in_the_file_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.txt"
    path.write_bytes(content)
    try:
        recorded = read_recorded(path)
    except SpecError as error:
        told = str(error)
    else:
        assert isinstance(recorded, Recorded)
        told = str(path)
    assert str(path) in told
