"""What several instances and the servers beside them are given, as values."""

import pytest

from seatrial.testbed.instances import workers_of_each
from seatrial.testbed.pgbouncer import user_list
from seatrial.testbed.valkey import cache_bytes

MEBIBYTE = 1024 * 1024


@pytest.mark.parametrize(
    ("workers", "instances", "each"), [(1, 1, (1,)), (4, 2, (2, 2)), (5, 2, (3, 2)), (1, 3, (1, 1, 1))]
)
def test_workers_are_shared_out_evenly_and_no_instance_is_without_one(workers, instances, each):
    assert workers_of_each(workers, instances) == each


@pytest.mark.parametrize(("memory_mb", "cache_mb"), [(392, 24.5), (100, 16), (16_000, 256)])
def test_the_cache_gets_a_sixteenth_of_the_memory_within_bounds(memory_mb, cache_mb):
    assert cache_bytes(memory_mb * MEBIBYTE) == cache_mb * MEBIBYTE


def test_quotes_in_a_role_do_not_end_its_name():
    assert user_list({'the "shop"': "SCRAM-SHA-256$4096:x"}) == '"the ""shop""" "SCRAM-SHA-256$4096:x"\n'
