"""What `seatrial export` refuses, and in which words."""

from collections.abc import Callable
from pathlib import Path

import pytest

from seatrial.cli import main

Declare = Callable[..., Path]

JOURNEYS = """from seatrial.load.journeys import get


def home(person):
    yield get("/")
"""


def test_what_cannot_be_exported_is_told_with_what_to_do(
    tmp_path: Path, declare: Declare, capsys: pytest.CaptureFixture[str]
) -> None:
    journeys = tmp_path / "people.py"
    journeys.write_text(JOURNEYS)
    there = tmp_path / "there"
    there.write_text("a file, not a folder")
    for arguments, words in (
        (("k6", journeys, "--rate", "5"), "seatrial export locust"),
        (("locust", journeys), "--rate 200"),
        (("locust", declare()), "rate_rps = 200"),
        (("locust", journeys, "--rate", "none"), "--rate: 'none' is not a number"),
        (("locust", journeys, "--rate", "5", "--users", "0"), "--users: '0' is out of range"),
        (("locust", journeys, "--rate", "5", "--duration", "5m"), "--duration: is of k6"),
        (("k6", declare(), "--rate", "5", "--users", "3"), "--users: is of Locust"),
        (("locust", journeys, "--rate", "5", "--mix", "hoem=1"), "Did you mean home?"),
        (("locust", journeys, "--rate", "5", "--host", "10.0.0.5/x"), "http://10.0.0.5:8000"),
        (("locust", tmp_path / "none.py", "--rate", "5"), "there is no such file"),
        (("locust", tmp_path / "none.toml", "--rate", "5"), "there is no such file"),
        (("locust", journeys, "--rate", "5", "--out", there), "--out"),
    ):
        status, told = main(["export", *map(str, arguments)]), capsys.readouterr().err
        assert status == 2, (arguments, told)
        assert words in told, (arguments, told)
        assert "Traceback" not in told
