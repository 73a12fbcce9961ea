"""Amounts of data in a seatrial.toml."""

import pytest

from seatrial.errors import SpecError
from seatrial.spec.reading import read_trial_spec

FILE = """
[subject]
app = "shop:app"
{subject}
[[workload.operations]]
name = "front"
path = "/"
[measure]
{measure}
"""
SIZED = 'size = 100\nprepare = ["load {size}"]'
THREE = "sizes = [100, 1000, 10000]"


@pytest.fixture
def read(tmp_path):
    def reading(subject, measure, **others):
        (tmp_path / "seatrial.toml").write_text(
            FILE.replace("{subject}", subject).replace("{measure}", measure), encoding="utf-8"
        )
        return read_trial_spec(tmp_path, **others)

    return reading


def test_sizes_are_what_the_placeholder_stands_for(read):
    spec = read(SIZED, THREE)
    assert (spec.subject.size, spec.measure.sizes) == (100, (100, 1000, 10000))
    assert spec.subject.placeholders["size"] == "100"


def test_sizes_of_the_command_line_come_before_those_of_the_file(read):
    assert read(SIZED, THREE, sizes=(1, 2, 3)).measure.sizes == (1, 2, 3)


@pytest.mark.parametrize(
    ("subject", "measure", "words"),
    [
        ('prepare = ["load {size}"]', "", "such as: size = 10000"),
        (SIZED, "sizes = [100, 1000]", "3 different amounts or more"),
        (SIZED, "sizes = [100, 100, 1000]", "3 different amounts or more"),
        (SIZED, "sizes = [0, 1, 2]", "above 0"),
        (SIZED, 'sizes = [1, "2", 3]', "a whole number"),
        (SIZED, "sizes = 7", "a list of whole numbers"),
        ('size = 100\nprepare = ["load"]', THREE, "no command of subject.prepare says {size}"),
        (SIZED, THREE + '\n[database]\nkind = "none"', "prepared afresh for each amount"),
    ],
)
def test_sizes_that_tell_nothing_are_refused(read, subject, measure, words):
    with pytest.raises(SpecError) as refused:
        read(subject, measure)
    assert words in str(refused.value)
