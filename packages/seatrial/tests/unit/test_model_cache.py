"""A cache against the published table of Che's approximation, and against an LRU cache that is simulated."""

import random
from collections import OrderedDict
from itertools import accumulate

import pytest

from seatrial.model.cache import cached_objects_for, hit_ratio

MILLION = 1_000_000

# Of a catalogue of a million: share that is kept -> hit ratio, for each Zipf exponent.
TABLE = {
    0.6: {0.001: 0.01, 0.01: 0.06, 0.05: 0.17, 0.1: 0.26, 0.3: 0.50},
    0.8: {0.001: 0.10, 0.01: 0.23, 0.05: 0.39, 0.1: 0.49, 0.3: 0.69},
    0.99: {0.001: 0.38, 0.01: 0.57, 0.05: 0.70, 0.1: 0.77, 0.3: 0.87},
    1.2: {0.001: 0.76, 0.01: 0.88, 0.05: 0.93, 0.1: 0.95, 0.3: 0.98},
}


@pytest.mark.parametrize("exponent", TABLE)
def test_the_published_table_comes_out(exponent):
    found = {share: hit_ratio(MILLION, MILLION * share, exponent) for share in TABLE[exponent]}
    assert found == {share: pytest.approx(hits, abs=0.006) for share, hits in TABLE[exponent].items()}


def simulated_lru(objects: int, cached: int, exponent: float, requests: int) -> float:
    chance = random.Random(5)
    edges = list(accumulate(rank**-exponent for rank in range(1, objects + 1)))
    kept: OrderedDict[int, None] = OrderedDict()
    hits = 0
    for number, wanted in enumerate(chance.choices(range(objects), cum_weights=edges, k=requests)):
        if wanted in kept:
            kept.move_to_end(wanted)
            hits += number >= requests // 2  # the first half fills the cache
        else:
            kept[wanted] = None
            if len(kept) > cached:
                kept.popitem(last=False)
    return hits / (requests - requests // 2)


@pytest.mark.parametrize(("cached", "exponent"), [(100, 0.8), (1000, 1.0)])
def test_a_simulated_lru_cache_hits_as_often(cached, exponent):
    assert hit_ratio(10_000, cached, exponent) == pytest.approx(
        simulated_lru(10_000, cached, exponent, 120_000), abs=0.01
    )


def test_objects_asked_for_equally_often_hit_by_the_share_that_is_kept():
    assert hit_ratio(5_000, 1_000, 0.0) == pytest.approx(0.2, abs=0.001)


@pytest.mark.parametrize("exponent", [0.7, 0.85, 1.0])
@pytest.mark.parametrize("hits", [0.3, 0.9])
def test_the_size_for_a_hit_ratio_gives_that_hit_ratio(exponent, hits):
    assert hit_ratio(MILLION, cached_objects_for(hits, MILLION, exponent), exponent) == pytest.approx(hits, abs=0.001)


def test_coarse_classes_are_right_within_three_percent():
    for exponent in (0.7, 1.0):
        fine = cached_objects_for(0.8, MILLION, exponent)
        assert cached_objects_for(0.8, MILLION, exponent, fine=False) == pytest.approx(fine, rel=0.03)


def test_nothing_kept_never_hits_and_everything_kept_always_does():
    assert hit_ratio(100, 0, 0.8) == 0.0
    assert hit_ratio(100, 100, 0.8) == 1.0
    assert cached_objects_for(0.0, 100, 0.8) == 0.0
    assert cached_objects_for(1.0, 100, 0.8) == 100


@pytest.mark.parametrize("wrong", [(0, 1, 0.8), (10, -1, 0.8), (10, 1, -0.1)])
def test_a_cache_of_nothing_is_refused(wrong):
    with pytest.raises(ValueError, match="a cache needs"):
        hit_ratio(*wrong)
