"""Which CPUs subject and generator get."""

import pytest

from seatrial.testbed.placement import place, quota_for


def test_one_vcpu_gets_the_last_cpu_and_the_generator_the_others():
    placed = place({0, 1, 2, 3}, 1.0)
    assert placed.subject_cpus == (3,)
    assert placed.generator_cpus == (0, 1, 2)
    assert placed.cpus == 1.0
    assert placed.quota is None
    assert not placed.shared
    assert placed.caveats == ()


def test_a_fraction_gets_a_quota_of_one_cpu_with_a_period_of_10_ms():
    placed = place({0, 1}, 0.5)
    assert placed.subject_cpus == (1,)
    assert placed.quota == (5_000, 10_000)


def test_one_and_a_half_vcpus_get_a_quota_on_two_cpus():
    placed = place(range(4), 1.5)
    assert placed.subject_cpus == (2, 3)
    assert placed.quota == (15_000, 10_000)


@pytest.mark.parametrize(("cpus", "expected"), [(0.25, (2_500, 10_000)), (0.05, (1_000, 20_000)), (2.0, None)])
def test_the_quota_never_falls_below_the_kernels_1_ms(cpus, expected):
    assert quota_for(cpus) == expected


@pytest.mark.parametrize("cpus", [0.01, 0.05, 0.1, 0.125, 0.25, 0.3, 0.5, 0.75, 1.5, 3.7])
def test_quota_over_period_is_the_fraction(cpus):
    quota_us, period_us = quota_for(cpus)
    assert quota_us / period_us == pytest.approx(cpus, rel=0.002)


def test_a_plan_larger_than_the_machine_is_limited_and_says_for_how_many_cpus_the_result_is():
    placed = place({0, 1}, 4.0)
    assert placed.subject_cpus == (1,)
    assert placed.generator_cpus == (0,)
    assert placed.cpus == 1.0
    assert placed.caveats == (
        "The plan has 4 vCPU, this machine has 2 CPUs to use and the load generator needs one of them: "
        "the result is for 1 CPU.",
    )


def test_one_cpu_is_shared_and_said_so():
    placed = place({5}, 1.0)
    assert placed.subject_cpus == placed.generator_cpus == (5,)
    assert placed.shared
    assert "share" in placed.caveats[0]


def test_the_generator_keeps_off_the_other_thread_of_the_subjects_core():
    placed = place(range(8), 1.0, cores=[{0, 4}, {1, 5}, {2, 6}, {3, 7}])
    assert placed.subject_cpus == (7,)
    assert placed.generator_cpus == (0, 1, 2, 4, 5, 6)
    assert placed.caveats == ()


def test_two_vcpus_are_the_two_threads_of_one_core():
    assert place(range(8), 2.0, cores=[{0, 4}, {1, 5}, {2, 6}, {3, 7}]).subject_cpus == (3, 7)


def test_one_core_with_two_threads_is_said_to_slow_itself_down():
    placed = place({0, 1}, 1.0, cores=[{0, 1}])
    assert placed.subject_cpus == (1,)
    assert placed.generator_cpus == (0,)
    assert "threads of the same physical core" in placed.caveats[0]


@pytest.mark.parametrize("cpus", [0.25, 1.0, 1.5, 2.0, 7.0, 64.0])
@pytest.mark.parametrize("available", [{0}, {0, 1}, {2, 3, 9}, set(range(16))])
def test_subject_and_generator_share_no_cpu_unless_there_is_but_one(cpus, available):
    placed = place(available, cpus)
    assert set(placed.subject_cpus) | set(placed.generator_cpus) <= available
    assert placed.generator_cpus
    assert bool(set(placed.subject_cpus) & set(placed.generator_cpus)) == placed.shared == (len(available) == 1)
    assert placed.cpus <= len(placed.subject_cpus)


def test_no_cpu_at_all_is_an_error():
    with pytest.raises(ValueError, match="no CPU"):
        place(set(), 1.0)


def test_a_database_apart_gets_a_cpu_of_its_own_where_one_is_left():
    placement = place({0, 1, 2, 3}, 2, is_database_apart=True)
    assert (placement.subject_cpus, placement.database_cpus, placement.generator_cpus) == ((2, 3), (1,), (0,))
    assert placement.caveats == ()


def test_on_two_cpus_a_database_apart_shares_the_generators_and_the_reader_is_told():
    placement = place({0, 1}, 1, is_database_apart=True)
    assert (placement.subject_cpus, placement.database_cpus, placement.generator_cpus) == ((1,), (0,), (0,))
    assert "it shares CPU 0 with the load generator" in placement.caveats[-1]


def test_a_database_beside_the_app_has_no_cpus_of_its_own():
    assert place({0, 1}, 1).database_cpus == ()
