"""What a load does with the garbage collector of the process it is in."""

import subprocess
import sys

import pytest

PROGRAM = """
import gc
from seatrial.load.books.interval import garbage_collector_quiet

if {has_set_aside}:
    gc.freeze()
before = gc.get_freeze_count(), gc.get_threshold()
with garbage_collector_quiet():
    within = gc.get_freeze_count()
after = gc.get_freeze_count(), gc.get_threshold()
print(before[0] > 1000, within > 1000, before == after)
"""


@pytest.mark.parametrize(("has_set_aside", "expected"), [(False, "False True True"), (True, "True True True")])
def test_what_is_there_is_set_aside_while_it_lasts_and_what_was_set_aside_before_stays_so(
    has_set_aside: bool, expected: str
) -> None:
    # In a process of its own: in this one the tests themselves are set aside.
    program = PROGRAM.format(has_set_aside=has_set_aside)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == expected
