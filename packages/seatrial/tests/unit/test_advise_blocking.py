"""Which operations block their event loop: told by the saturation alone. The truth is that of a known server."""

from dataclasses import replace

import pytest

from seatrial.advise.blocking import as_the_loop_runs_them
from seatrial.model.capacity import saturation_rps
from seatrial.model.configuration import Configuration
from seatrial.model.work import OperationDemand

LOOP = Configuration(1, 1, "asgi", 1.0).system(10.0)
DEMANDS = (
    OperationDemand("page", 0.95, 0.0008, 0.0003, database_wait_s=0.0001, round_trips=4.0),
    OperationDemand("report", 0.05, 0.0008, 0.0003, database_wait_s=0.020, round_trips=1.0),
)


@pytest.mark.parametrize(
    "blocking",
    [
        pytest.param((), id="none"),
        pytest.param(("report",), id="the one that waits long"),
    ],
)
def test_no_more_operations_are_taken_to_block_than_explain_the_saturation(blocking) -> None:
    """That `page` blocks for 0.1 ms as well nobody could see here; a millisecond away it would be five.

    Starts differ by some per cent: that it explains a little of what chance took is no reason to believe it.
    """
    truth = tuple(replace(each, blocks_loop=each.operation in blocking) for each in DEMANDS)
    found = as_the_loop_runs_them(DEMANDS, LOOP, 0.93 * saturation_rps(truth, LOOP, seed=3), seed=1)
    assert tuple(each.operation for each in found if each.blocks_loop) == blocking


def test_all_are_taken_to_block_where_nothing_less_explains_it() -> None:
    waits = tuple(replace(each, share=0.5, database_wait_s=0.020, blocks_loop=True) for each in DEMANDS)
    unknown = tuple(replace(each, blocks_loop=False) for each in waits)
    found = as_the_loop_runs_them(unknown, LOOP, saturation_rps(waits, LOOP, seed=3), seed=1)
    assert all(each.blocks_loop for each in found)
