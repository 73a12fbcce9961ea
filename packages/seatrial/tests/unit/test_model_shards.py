"""The busiest shard against the published table, and against towns made person by person."""

import random
from statistics import median

import pytest

from seatrial.model.shards import LOGICAL_SHARDS, imbalance, usual_imbalance


def town_of_single_people(machines: int, people: int, seed: int) -> float:
    chance = random.Random(seed)
    loads = [0.0] * machines
    for _ in range(people):
        loads[chance.randrange(LOGICAL_SHARDS) % machines] += chance.paretovariate(1.5)
    return max(loads) * machines / sum(loads)


@pytest.mark.parametrize(("machines", "least", "most"), [(4, 1.02, 1.04), (16, 1.09, 1.17), (64, 1.36, 1.6)])
def test_the_busiest_of_so_many_machines_is_as_busy_as_published(machines, least, most):
    assert least <= median(imbalance(machines, 200_000, seed) for seed in range(80)) <= most


@pytest.mark.parametrize("machines", [4, 32])
def test_towns_made_person_by_person_are_as_uneven(machines):
    made = median(town_of_single_people(machines, 5_000, seed) for seed in range(30))
    drawn = median(imbalance(machines, 5_000, seed) for seed in range(60))
    assert drawn - 1 == pytest.approx(made - 1, rel=0.35)


def test_the_usual_imbalance_is_told_for_the_next_worse_round_numbers():
    assert usual_imbalance(13, 2_900_000) == usual_imbalance(16, 1_000_000)
    assert usual_imbalance(9, 1_000_000) == usual_imbalance(12, 2_000_000)
    assert usual_imbalance(1, 1_000) == 1.0
    assert 1.0 < usual_imbalance(2, 10_000) < usual_imbalance(3, 10_000) < 1.5


def test_more_people_on_as_many_machines_are_spread_more_evenly():
    assert usual_imbalance(16, 10_000_000) < usual_imbalance(16, 200_000) < usual_imbalance(16, 2_000)


def test_people_who_do_nearly_the_same_are_spread_evenly():
    assert usual_imbalance(8, 100_000, exponent=50.0) == pytest.approx(1.0, abs=0.03)


def test_one_machine_has_no_imbalance():
    assert imbalance(1, 10, 0) == 1.0


@pytest.mark.parametrize("wrong", [(0, 10, 0), (9000, 10, 0), (2, 0, 0), (2, 10, 0, 1.0)])
def test_what_cannot_be_spread_is_refused(wrong):
    with pytest.raises(ValueError, match="machines"):
        imbalance(*wrong)
