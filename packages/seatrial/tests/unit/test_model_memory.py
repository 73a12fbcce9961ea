"""Memory for any number of workers, by arithmetic."""

import random
from dataclasses import replace

import pytest

from seatrial.model.memory import MemoryModel, MemorySeen, memory_model, workers_that_fit

MB = 1024 * 1024


def a_model(**parts: float) -> MemoryModel:
    return MemoryModel(**{"server_bytes": 46 * MB, "worker_bytes": 28 * MB, "database_bytes": 92 * MB} | parts)


def seen(workers: int, app_mb: float, database_mb: float, *, threads: int = 4) -> MemorySeen:
    worker = int(30 * MB)
    return MemorySeen(workers, workers * threads, int(app_mb * MB), int(database_mb * MB), (worker, worker))


def test_nine_workers_fit_into_512_mb():
    # 512 - 120 - 92 - 74 = 226; 226 // 28 = 8 further ones.
    assert workers_that_fit(a_model(connection_bytes=0.0), (512 - 120) * MB, 4) == 9


def test_the_backends_of_each_further_worker_count():
    # Each of 4 connections 7 MB: the first worker's are not free either. (392 - 92 - 46) // 56 = 4.
    assert workers_that_fit(a_model(connection_bytes=7.0 * MB), (512 - 120) * MB, 4) == 4


def test_the_first_worker_fits_to_the_byte_or_not_at_all():
    model = a_model(server_bytes=50 * MB, worker_bytes=50 * MB, database_bytes=100 * MB, connection_bytes=0.0)
    assert workers_that_fit(model, 200 * MB, 4) == 1
    assert workers_that_fit(model, 200 * MB - 1, 4) == 0


def test_a_worker_that_takes_nothing_is_refused():
    with pytest.raises(ValueError, match="at least two workers"):
        workers_that_fit(a_model(worker_bytes=0.0, connection_bytes=0.0), 512 * MB, 0)


def test_two_worker_counts_tell_every_part():
    # app = 40 + 30 W, database = 60 + 2 C with 4 connections a worker.
    model = memory_model([seen(1, 70, 68), seen(3, 130, 84)])
    assert (model.server_bytes / MB, model.worker_bytes / MB) == (pytest.approx(40), pytest.approx(30))
    assert (model.database_bytes / MB, model.connection_bytes / MB) == (pytest.approx(60), pytest.approx(2))
    assert not model.is_worker_assumed
    assert not model.is_connection_assumed
    _, point, high = model.memory_of(5, 20)
    assert point == pytest.approx((40 + 5 * 30 + 60 + 20 * 2) * MB)
    assert high > point


def test_growth_is_what_every_worker_keeps_of_each_request():
    model = memory_model([seen(1, 70, 68), seen(3, 130, 84)], growth_bytes_per_request=100)
    flat, grown = model.memory_of(2, 8)[1], model.memory_of(2, 8, requests_per_worker=50_000)[1]
    assert grown - flat == pytest.approx(2 * 50_000 * 100)


def test_one_worker_count_leaves_a_further_worker_to_be_assumed_as_dear_as_a_whole_process():
    model = memory_model([seen(1, 70, 68), seen(1, 72, 68)])
    assert model.is_worker_assumed
    assert model.worker_bytes == 30 * MB
    low, point, high = model.memory_of(3, 12)
    # It may share all of its pages with the first, so that two more cost nothing.
    assert point - low >= 2 * 30 * MB
    assert high > point


def test_a_database_that_did_not_grow_with_its_connections_is_taken_as_it_is():
    model = memory_model([seen(1, 70, 92), seen(2, 101, 90)])
    assert (model.database_bytes, model.connection_bytes) == (92 * MB, 0.0)


def test_without_a_database_no_connection_costs_anything():
    model = memory_model([seen(1, 70, 0)])
    assert (model.database_bytes, model.connection_bytes, model.is_connection_assumed) == (0.0, 0.0, False)


def test_a_model_needs_a_reading():
    with pytest.raises(ValueError, match="at least one reading"):
        memory_model([])


def test_the_interval_covers_a_further_start_and_misses_high_by_no_more_than_5_percent():
    # Truth: 100 + 40 W MB with starts that differ by 2 MB; as a study reads it, three of one worker, one of three.
    chance = random.Random(7)

    def total_mb(workers: int) -> float:
        return 100 + 40 * workers + chance.gauss(0, 2)

    inside, studies, worst = 0, 400, 0.0
    for _ in range(studies):
        model = memory_model([seen(1, total_mb(1), 0) for _ in range(3)] + [seen(3, total_mb(3), 0)])
        low, _, high = model.memory_of(5, 0)
        truth = total_mb(5) * MB
        inside += low <= truth <= high
        worst = max(worst, truth / high)
    assert inside >= 0.93 * studies
    assert worst <= 1.05


def test_the_interval_is_that_of_one_more_observation_about_a_line():
    # Residuals -1, 0, 1, 0 times 4 MB with two degrees of freedom: s = 4 MB; mean of W 1.5, squares 3.
    # t(0.975, 2) x s x sqrt(1 + 1/4 + (5 - 1.5)^2 / 3) = 4.3027 x 2.3094 = 9.937, and four times that.
    model = memory_model([seen(1, 136, 0), seen(1, 140, 0), seen(1, 144, 0), seen(3, 220, 0)])
    low, point, high = model.memory_of(5, 0)
    assert point == pytest.approx(300 * MB)
    assert (point - low) / MB == pytest.approx(4 * 9.937, abs=0.01)
    assert (high - point) / MB == pytest.approx(4 * 9.937, abs=0.01)


def test_readings_of_two_worker_counts_tell_the_others_within_5_percent():
    # Sums of proportional set sizes in MB as read from gunicorn with a small Flask app: (workers, threads) -> MB.
    read = {(1, 4): 50.7, (2, 4): 82.8, (3, 4): 114.3, (5, 4): 177.5, (9, 4): 304.7}
    read |= {(1, 1): 49.3, (1, 8): 51.7, (1, 16): 53.7, (3, 1): 110.9, (3, 16): 124.4}
    model = memory_model([replace(seen(workers, read[workers, 4], 0), threads=4) for workers in (1, 1, 1, 2)])
    for (workers, threads), app_mb in read.items():
        low, point, high = model.memory_of(workers, 0, threads=threads)
        assert point / MB == pytest.approx(app_mb, rel=0.05)
        assert low / MB <= app_mb * 1.001
        assert high / MB >= app_mb * 0.999
