"""Replicas against the published speed-ups and by arithmetic."""

import pytest

from seatrial.model.replicas import DatabaseWork, carried_rps, replicas_needed


def work(write_share: float, **others: float) -> DatabaseWork:
    """Reads and writes of one second each, half of it to repeat a write."""
    return DatabaseWork(write_share, read_s=1.0, write_s=1.0, apply_s=0.5, **others)


@pytest.mark.parametrize(
    ("write_share", "replicas", "published"), [(0.1, 4, 3.6), (0.1, 8, 6.2), (0.2, 4, 3.3), (0.2, 8, 5.0)]
)
def test_replicas_multiply_a_single_machine_as_published(write_share, replicas, published):
    alone = carried_rps(work(write_share), 0)
    assert alone == pytest.approx(1.0)
    assert carried_rps(work(write_share), replicas) / alone == pytest.approx(published, abs=0.05)


def test_without_writes_every_replica_adds_a_whole_machine():
    assert carried_rps(work(0.0), 7) == pytest.approx(7.0)


def test_the_primary_is_full_of_writes_however_many_replicas_read():
    # 1 / (0.4 x 1 s).
    assert carried_rps(work(0.4), 1000, cpus=1.0) == pytest.approx(1 / max(0.4, 0.4 * 0.5 + 0.6 / 1000))


def test_a_replica_repeats_writes_in_one_process_whatever_its_cpus():
    # The primary could do 16 / 0.2 = 80/s, a replica's CPUs far more; one process repeats 1 / (0.2 x 0.5 s) = 10/s.
    assert carried_rps(work(0.2), 50, cpus=16.0) == pytest.approx(10.0)


def test_reads_that_must_not_be_late_stay_with_the_primary():
    # 0.1 writes and 0.1 reads of 1 s each; the other 0.8 reads are shared by 4 that also repeat 0.1 x 0.5 s.
    pinned = work(0.1, primary_read_share=0.1)
    assert carried_rps(pinned, 4) == pytest.approx(min(1 / 0.2, 1 / (0.8 / 4 + 0.05)))


@pytest.mark.parametrize(("rate_rps", "needed"), [(0.9, 0), (1.0, 0), (1.5, 2), (3.64, 5), (3.63, 4)])
def test_the_fewest_replicas_that_carry_a_rate_are_found(rate_rps, needed):
    # N = ceil(0.9 / (1 / rate - 0.05)); 3.636... is what four of them carry.
    assert replicas_needed(work(0.1), rate_rps, 1.0, most=8) == needed


def test_too_many_writes_are_not_helped_by_replicas():
    assert replicas_needed(work(0.5), 2.5, 1.0, most=1000) is None
    assert replicas_needed(work(0.1), 3.7, 1.0, most=4) is None


def test_no_cpus_are_refused():
    with pytest.raises(ValueError, match="CPUs above 0"):
        carried_rps(work(0.1), 1, cpus=0.0)
