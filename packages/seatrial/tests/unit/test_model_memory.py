"""How many workers fit, by arithmetic."""

import pytest

from seatrial.model.memory import workers_that_fit

MB = 1024 * 1024


def test_nine_workers_fit_into_512_mb():
    # 512 - 120 - 92 - 74 = 226; 226 // 28 = 8 further ones.
    assert workers_that_fit(512 * MB, 120 * MB, 92 * MB, 74 * MB, 28 * MB) == 9


def test_the_backends_of_each_further_worker_count():
    assert workers_that_fit(512 * MB, 120 * MB, 92 * MB, 74 * MB, 28 * MB, per_worker_database_bytes=28 * MB) == 5


def test_the_first_worker_fits_to_the_byte_or_not_at_all():
    assert workers_that_fit(300 * MB, 100 * MB, 100 * MB, 100 * MB, 50 * MB) == 1
    assert workers_that_fit(300 * MB - 1, 100 * MB, 100 * MB, 100 * MB, 50 * MB) == 0


def test_a_worker_that_takes_nothing_is_refused():
    with pytest.raises(ValueError, match="at least two workers"):
        workers_that_fit(512 * MB, 0, 0, 0, 0)
