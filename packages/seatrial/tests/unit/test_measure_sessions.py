from collections.abc import Callable
from dataclasses import replace

import pytest

from seatrial.advise.foresight import ModelForesight
from seatrial.errors import SpecError
from seatrial.measure.conduct import Conductor
from seatrial.measure.progress import Progress
from seatrial.measure.study import Study


def test_measure_refuses_sessions_before_anything_starts_and_says_what_drives_them(
    a_study: Callable[..., Study],
) -> None:
    spec = a_study().spec
    sessions = replace(spec, workload=replace(spec.workload, arrivals_are="sessions"))
    with pytest.raises(SpecError, match="seatrial load") as caught:
        Conductor(sessions, ModelForesight(), Progress(lambda _: None))
    assert caught.value.where == "seatrial.toml, workload.arrivals_are"
    assert caught.value.exit_status == 2
