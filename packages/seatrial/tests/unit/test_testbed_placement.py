"""Which CPUs subject and generator get."""

import pytest

from seatrial.errors import TestbedError
from seatrial.spec.plan import Limits
from seatrial.testbed.hosts import check_memory, of_hosts
from seatrial.testbed.placement import place, place_most, quota_for


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


def test_hosts_get_whole_cpus_of_their_own():
    placed = place(range(4), 1, hosts=2)
    assert (placed.hosts, placed.generator_cpus, placed.subject_cpus) == (((3,), (2,)), (0, 1), (2, 3))
    assert (placed.cpus, placed.whole_cpus, placed.quota) == (1, 2, None)
    assert place(range(6), 2, hosts=2).hosts == ((4, 5), (2, 3))
    assert place(range(6), 1.5, hosts=2).quota == (15_000, 10_000)


def test_hosts_of_a_fraction_share_a_cpu_only_where_there_are_not_enough():
    assert place(range(4), 0.5, hosts=2).hosts == ((3,), (2,))
    assert place({0, 1}, 0.5, hosts=2).hosts == ((1,), (1,))
    assert place({0, 1}, 0.25, hosts=4).whole_cpus == 1.0
    assert place({0, 1, 2}, 0.5, hosts=3).hosts == ((2,), (1,), (2,))


@pytest.mark.parametrize(
    ("available", "cpus", "hosts"),
    [({0}, 0.1, 2), ({0, 1}, 0.51, 2), ({0, 1}, 1, 2), (range(4), 2, 2), ({0, 1}, 0.4, 3)],
)
def test_hosts_that_do_not_fit_are_refused_and_never_given_less(available, cpus, hosts):
    with pytest.raises(TestbedError, match="do not fit into this machine"):
        place(available, cpus, hosts=hosts)


@pytest.mark.parametrize("hosts", [1, 2, 3, 5])
@pytest.mark.parametrize("cpus", [0.1, 0.33, 0.5, 1.0, 1.5])
@pytest.mark.parametrize("count", [2, 3, 5, 16])
def test_what_hosts_may_use_of_a_cpu_together_is_no_more_than_there_is(count, cpus, hosts):
    try:
        placed = place(range(count), cpus, hosts=hosts)
    except TestbedError:
        return
    each = {cpu: sum(cpus / len(host) for host in placed.hosts if cpu in host) for cpu in range(count)}
    assert max(each.values()) <= 1 + 1e-9 or hosts == 1
    assert not set(placed.subject_cpus) & set(placed.generator_cpus)


def test_a_variant_on_fewer_hosts_leaves_generator_and_first_host_where_they_are():
    most = place_most(range(4), 1, most=3, is_database_apart=False)
    assert most.hosts == ((3,), (2,), (1,))
    one = most.on(1)
    assert (one.hosts, one.subject_cpus, one.generator_cpus, one.whole_cpus) == (((3,),), (3,), (0,), 1)
    assert place_most(range(2), 1, most=3).hosts == ((1,),)
    with pytest.raises(TestbedError, match="2 hosts of 1 vCPU do not fit"):
        place_most(range(2), 1, most=3).on(2)


def test_a_database_apart_keeps_its_cpu_whatever_lever_might_want_it_for_a_further_host():
    most = place_most(range(3), 1, most=2, is_database_apart=True)
    assert (most.hosts, most.database_cpus, most.generator_cpus) == (((2,),), (1,), (0,))
    with pytest.raises(TestbedError, match="2 CPUs beside one for the load generator and one for the database, and"):
        most.on(2)
    # Declared, it is as wanted; and where it has none to lose, nothing is lost.
    assert place_most(range(3), 1, least=2, most=2, is_database_apart=True).is_database_crowded
    assert len(place_most(range(2), 0.5, most=2, is_database_apart=True).hosts) == 2
    # Hosts of a fraction rather share a CPU.
    halves = place_most(range(3), 0.5, most=2, is_database_apart=True)
    assert (halves.hosts, halves.is_database_crowded) == (((2,), (2,)), False)


def test_hosts_on_two_threads_of_one_core_are_said_to_slow_each_other_down():
    cores = [{0, 1}, {2, 3}]
    assert "threads of the same physical core" in place(range(4), 1, cores, hosts=2).caveats[0]
    assert place(range(4), 1, [{0}, {1}, {2}, {3}], hosts=2).caveats == ()
    assert (
        place(range(5), 1, [{0}, {1, 2, 3, 4}], hosts=2).caveats[0].startswith("Some hosts are on threads of the same")
    )


def test_what_hosts_share_here_is_said():
    limits = Limits(0.4, 512 * 1024 * 1024)
    (told,) = of_hosts(place({0, 1}, 0.4, is_database_apart=True, hosts=2), limits)
    assert "2 hosts are control groups of one machine, each with 0.4 vCPU and 392 MB" in told
    assert "Hosts 1 and 2 take turns on CPU 1" in told
    assert told.endswith("The database and the way to it use the load generator's CPU.")
    (told,) = of_hosts(place(range(4), 1, hosts=2), limits)
    assert "take turns" not in told
    assert list(of_hosts(place({0, 1}, 1), limits)) == []


def test_hosts_that_need_more_memory_than_there_is_are_refused():
    limits = Limits(0.4, 1024 * 1024 * 1024)
    check_memory(2, limits, 2048 * 1024 * 1024)
    with pytest.raises(TestbedError, match="3 hosts of 1024 MB do not fit into this machine, which has 2048 MB"):
        check_memory(3, limits, 2048 * 1024 * 1024)
