"""Access logs as files: packed or plain, in any order, damaged, or something else."""

import gzip
from pathlib import Path

import pytest

from seatrial.discover.access_log import read_access_logs
from seatrial.errors import SpecError


def a_log(day: int, requests: int) -> bytes:
    rows = (
        f"192.0.2.{number % 200} - - [{day:02d}/May/2026:{number % 24:02d}:00:01 +0200] "
        '"GET / HTTP/1.1" 200 5 "-" "Mozilla"'
        for number in sorted(range(requests), key=lambda number: number % 24)
    )
    return ("\n".join(rows) + "\n").encode()


def test_rotated_files_are_put_into_the_order_of_time(tmp_path: Path) -> None:
    (tmp_path / "access.log").write_bytes(a_log(2, 240))
    (tmp_path / "access.log.1.gz").write_bytes(gzip.compress(a_log(1, 480)))
    facts = read_access_logs([tmp_path / "access.log", tmp_path / "access.log.1.gz"])
    assert [day.app_requests for day in facts.days] == [480, 240]
    assert [day.visitors for day in facts.days] == [200, 200]


def test_lines_that_cannot_be_read_are_counted_and_the_first_is_named(tmp_path: Path) -> None:
    long = b"x" * 300_000 + b"\n"
    (tmp_path / "access.log").write_bytes(a_log(1, 48) + b"broken\n\xff\xfe\n" + long + b"\n" + a_log(2, 48))
    facts = read_access_logs([tmp_path / "access.log"])
    assert (facts.lines, facts.malformed, facts.first_malformed) == (99, 3, 49)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"%PDF-1.4\n" * 10, "no access log"),
        (gzip.compress(a_log(1, 5000))[:-30], "damaged"),
        (b"\x1f\x8bnothing packed", "damaged"),
    ],
)
def test_what_is_no_access_log_is_refused_with_what_would_be(tmp_path: Path, content: bytes, what: str) -> None:
    (tmp_path / "access.log").write_bytes(content)
    with pytest.raises(SpecError, match=what) as refused:
        read_access_logs([tmp_path / "access.log"])
    assert refused.value.where == str(tmp_path / "access.log")
    assert refused.value.try_this


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="no such file"):
        read_access_logs([tmp_path / "gone.log"])
