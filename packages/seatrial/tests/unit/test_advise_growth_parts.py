"""Fleets by arithmetic, from inputs written down by hand."""

from dataclasses import replace

import pytest

from seatrial.advise.growth.assumptions import ASSUMPTIONS, assumptions_with
from seatrial.advise.growth.check import Shape, checked
from seatrial.advise.growth.data import data_laws
from seatrial.advise.growth.inputs import GrowthInputs, mix_of, split_mix, writing_operations
from seatrial.advise.growth.layout import Load, fleet_of, hits_needed
from seatrial.advise.growth.offers import DatabaseOffer, HostOffer, Offers, offers_of
from seatrial.errors import SpecError
from seatrial.measure.measurement import OperationProfile, QueryProfile, SizeDemands
from seatrial.model.replicas import DatabaseWork
from seatrial.model.work import OperationDemand
from seatrial.spec.catalog import catalog
from seatrial.spec.workload import OperationSpec, WorkloadSpec

MB = 1024 * 1024
OFFERS = Offers(
    "Host",
    (HostOffer("small", 1.0, 512 * MB, 400 * MB, 4.0), HostOffer("large", 4.0, 8192 * MB, 8000 * MB, 40.0)),
    (DatabaseOffer("db-1", 1.0, 15.0, 22, True), DatabaseOffer("db-4", 4.0, 60.0, 97, True)),
    (),
)
DEMANDS = (
    OperationDemand("read", 0.9, app_cpu_s=0.010, database_cpu_s=0.005),
    OperationDemand("write", 0.1, app_cpu_s=0.010, database_cpu_s=0.005),
)


@pytest.fixture
def inputs(a_study):
    """One worker with 4 threads on each CPU, of 50 MB; a database of 100 MB."""
    return GrowthInputs(
        spec=a_study().spec,
        findings=None,
        demands=DEMANDS,
        writes=frozenset({"write"}),
        writes_from="statements",
        demand_half=0.1,
        workers_per_cpu=1.0,
        threads=4,
        connections_per_worker=4,
        background_connections=0,
        has_database=True,
        first_worker_bytes=50 * MB,
        further_worker_bytes=50 * MB,
        database_bytes=100 * MB,
    )


def cheap_reads(demands):
    """The same, with reads that cost the database less."""
    return (replace(demands[0], database_cpu_s=0.002), demands[1])


def load(rate_rps, **others):
    work = DatabaseWork(0.1, read_s=0.005, write_s=0.005, apply_s=0.0025)
    values = {"app_s": 0.010, "database": work, "job_rate_per_s": 0.0, "utilization_limit": 0.5, "headroom": 0.3}
    return Load(rate_rps=rate_rps, people=1_000_000, **(values | others))


def test_a_fleet_has_the_hosts_of_the_formula_and_one_that_may_fail(inputs):
    # 1.1 x 200/s x 10 ms = 2.2 CPUs, at 0.5: 4.4 small hosts, so 5 and 1; their price, a balancer, and a database of
    # 200/s x 5 ms = 1 CPU at 0.5: 2 CPUs, the larger server.
    layout = fleet_of(load(200.0), inputs, OFFERS)
    assert (layout.shape, layout.host.id, layout.hosts, layout.workers) == ("fleet", "small", 6, 6)
    assert (layout.database.id, layout.replicas, layout.shards) == ("db-4", 0, 1)
    assert layout.usd_month == 6 * 4 + 4 + 60


def test_more_than_thirty_hosts_become_larger_ones(inputs):
    # 1.1 x 20 CPUs / 0.5 = 44 small ones, or 11 of four CPUs; one more each.
    layout = fleet_of(load(2000.0), inputs, OFFERS)
    assert (layout.host.id, layout.hosts) == ("large", 12)


def test_replicas_take_the_reads_that_one_server_cannot(inputs):
    # 500/s: 2.5 CPUs of database, 2 usable. On replicas 500 x (0.9 x 5 ms / N + 0.1 x 2.5 ms) = 2.25 / N + 0.125 <= 2.
    layout = fleet_of(load(500.0), inputs, OFFERS)
    assert (layout.shards, layout.replicas, layout.database.id) == (1, 2, "db-4")


def test_writes_that_outgrow_the_largest_server_are_split_over_shards(inputs):
    # 5,000/s x 0.1 x 5 ms = 2.5 CPUs of writes; 2 are usable.
    layout = fleet_of(load(5000.0), inputs, OFFERS)
    assert layout.shards >= 2
    assert layout.database.id == "db-4"


def test_connections_are_twice_those_of_the_app_and_a_migration(inputs):
    # 6 hosts x 1 worker x 4 threads, twice while a new version takes over, and a migration.
    assert fleet_of(load(200.0), inputs, OFFERS).connections == 2 * 6 * 4 + 1


def test_an_app_without_a_database_rents_none(inputs):
    layout = fleet_of(load(200.0), replace(inputs, has_database=False), OFFERS)
    assert (layout.database, layout.shards, layout.replicas, layout.connections) == (None, 0, 0, 0)
    assert layout.usd_month == 6 * 4 + 4
    check = checked(load(200.0), layout, inputs, split_mix(DEMANDS, (), 9.0), Shape(1.5))
    assert (check.formula_replicas, check.simulated_replicas) == (0, 0)


def test_jobs_need_workers_hosts_and_database_as_requests_do(inputs):
    # 100 jobs/s x 15 ms = 1.5 processes, at 0.5: 3.
    busy = load(200.0, job_rate_per_s=100.0)
    assert busy.job_workers == 3
    assert busy.database_rate_rps == 300.0
    assert fleet_of(busy, inputs, OFFERS).hosts == 8  # 1.1 x 3 CPUs / 0.5 = 6.6


def test_a_cache_must_answer_the_reads_that_one_server_has_no_room_for():
    # 500/s on 2 usable CPUs: 4 ms each, 0.5 of them writes; of the 4.5 ms of reads 3.5 fit: hits of 1 / 4.5.
    assert hits_needed(load(500.0), 4.0) == pytest.approx(1 / 4.5)
    assert hits_needed(load(300.0), 4.0) == 0.0
    assert hits_needed(load(5000.0), 4.0) is None


def test_the_simulation_needs_about_what_one_and_a_half_times_the_rate_fills(inputs):
    asked = load(2000.0)
    layout = fleet_of(asked, inputs, OFFERS)
    check = checked(asked, layout, inputs, split_mix(DEMANDS, {"write"}, 9.0), Shape(1.5))
    # 1.5 x 20 CPUs on hosts of 4, up to 97 % busy, and one to spare.
    assert 9 <= check.simulated_hosts <= 10
    assert (check.formula_hosts, check.told_hosts, check.told) == (12, 12, "formula")
    assert check.difference == pytest.approx(check.simulated_hosts / 12 - 1)


def test_slots_held_by_waiting_are_seen_by_the_simulation_and_not_by_the_formula(inputs):
    waiting = tuple(replace(demand, wait_s=0.2) for demand in DEMANDS)
    asked = load(200.0)
    layout = fleet_of(asked, inputs, OFFERS)
    check = checked(asked, layout, inputs, split_mix(waiting, {"write"}, 9.0), Shape(1.5))
    # 1.5 x 200/s x some 0.21 s = 63 requests inside, 4 to a host: 16 and one to spare; by CPU 6.
    assert check.simulated_hosts >= 17
    assert (check.formula_hosts, check.told) == (6, "simulation")


def test_a_fleet_whose_pages_come_in_bursts_needs_slots_for_them(inputs):
    # 200 ms of waiting each, four slots to a host: while a page of 8 is inside, so are two hosts.
    waiting = split_mix([replace(demand, wait_s=0.2) for demand in DEMANDS], {"write"}, 9.0)
    asked = load(200.0)
    layout = fleet_of(asked, inputs, OFFERS)
    single, pages = (checked(asked, layout, inputs, waiting, Shape(1.5, at_once)) for at_once in (1.0, 8.0))
    assert pages.simulated_hosts > single.simulated_hosts


def test_one_machine_is_not_simulated_as_a_fleet(inputs):
    asked = load(10.0)
    with pytest.raises(ValueError, match="no fleet"):
        checked(asked, replace(fleet_of(asked, inputs, OFFERS), shape="one machine"), inputs, (), Shape(1.5))


def test_a_fleet_of_slower_machines_needs_as_many_more(inputs):
    # Hosts on which a request costs 1.5 times the CPU: 1.1 x 200/s x 15 ms / 0.5 = 6.6, so 7 and 1 of the small ones.
    # The database's 1 CPU is 1.5 there; 2 of the larger server's 4 are usable.
    hosts = tuple(replace(host, slower=(1.2, 1.5, 2.0)) for host in OFFERS.hosts)
    databases = tuple(replace(each, slower=(1.2, 1.5, 2.0)) for each in OFFERS.databases)
    slow = replace(OFFERS, hosts=hosts, databases=databases)
    layout = fleet_of(load(200.0), inputs, slow)
    assert (layout.host.id, layout.hosts, layout.database.id, layout.replicas) == ("small", 8, "db-4", 0)
    # One who knows them to be at their slow end (a 95 % quantile) reckons with 2.0: 8.8 and 1, and 2.0 of the 2 CPUs.
    knowing = fleet_of(load(200.0, speed_z=-1.6448536), inputs, slow)
    assert (knowing.hosts, knowing.database.id) == (10, "db-4")


def test_what_follows_the_redirect_of_a_write_is_a_read_after_it():
    # Declared 8 to 1 and 1; asked for are 9 reads to each write, of which one follows it.
    demands = (
        OperationDemand("home", 0.8, 0.01, 0.004),
        OperationDemand("post", 0.1, 0.02, 0.012),
        OperationDemand("post (redirect)", 0.1, 0.03, 0.006),
    )
    mix = mix_of(split_mix(demands, {"post"}, reads_per_write=9.0))
    assert (mix.write_share, mix.after_write_share) == (pytest.approx(0.1), pytest.approx(0.1))
    assert (mix.read_s, mix.write_s) == (pytest.approx((0.8 * 0.004 + 0.1 * 0.006) / 0.9), pytest.approx(0.012))
    assert mix.app_s == pytest.approx(0.8 * 0.01 + 0.1 * 0.02 + 0.1 * 0.03)


def test_fewer_writes_make_the_mix_as_cheap_as_its_reads():
    mix = mix_of(split_mix(cheap_reads(DEMANDS), {"write"}, reads_per_write=1e9))
    assert mix.database_s == pytest.approx(0.002, rel=1e-6)


def test_unknown_writes_are_as_dear_as_the_other_requests():
    mix = mix_of(split_mix(DEMANDS, (), reads_per_write=24.0))
    assert (mix.write_share, mix.read_s, mix.write_s) == (
        pytest.approx(0.04),
        pytest.approx(0.005),
        pytest.approx(0.005),
    )


def test_statements_tell_which_operations_write(a_study):
    queries = (
        QueryProfile("home", 10, 1.0, 3.0, (("SELECT a FROM updates", 3.0),)),
        QueryProfile("post", 20, 2.0, 2.0, (("INSERT INTO post (a) VALUES (?)", 0.5), ("SELECT 1", 1.5))),
        QueryProfile("seldom", 10, 1.0, 2.0, (("UPDATE person SET seen = ?", 0.1),)),
    )
    assert writing_operations(queries, a_study().spec) == ({"post"}, "statements")


def test_methods_tell_it_of_plain_requests_without_a_log(a_study):
    plain = WorkloadSpec(operations=(OperationSpec("a", "/a"), OperationSpec("b", "/b", method="POST")))
    assert writing_operations((), replace(a_study().spec, workload=plain)) == ({"b"}, "methods")
    assert writing_operations((), a_study().spec) == (frozenset(), "assumption")


def profile(name, database_s):
    return OperationProfile(name, 1.0, 400, 0.004, database_s, 0.0, 0.01, 0.01, 0.01, 0.1)


def sizes(law):
    return [SizeDemands(n, (profile("search", law(n)),)) for n in (1_000, 10_000, 100_000)]


def test_demands_grow_with_the_data_as_their_law_says():
    # Alone 6 ms at the study's own size and 12 ms under load: everything counts twice.
    demands = (OperationDemand("search", 1.0, 0.008, 0.004),)
    laws = data_laws(sizes(lambda n: 0.001 * (1 + len(str(n)))), (profile("search", 0.002),), demands)
    assert laws.kinds == {"search": "logarithmic"}
    # 1 ms more for each ten times: 5, 6, 7 ms were measured, 9 ms are 100 times further.
    (grown,) = laws.demands_at(demands, 10_000_000, 0.0)
    assert grown.database_cpu_s == pytest.approx(2 * 0.009)
    assert laws.is_extrapolated(400_001)
    assert not laws.is_extrapolated(400_000)


def test_an_operation_that_grows_with_the_table_is_named():
    demands = (OperationDemand("search", 1.0, 0.008, 0.004),)
    laws = data_laws(sizes(lambda n: 0.001 + 1e-7 * n), (profile("search", 0.002),), demands)
    assert laws.kinds == {"search": "linear"}
    assert laws.unknown_at(100_001) == ("search",)
    assert laws.unknown_at(100_000) == ()


def test_two_sizes_tell_no_law_and_change_nothing():
    demands = (OperationDemand("search", 1.0, 0.008, 0.004),)
    laws = data_laws(sizes(lambda n: 0.001 * n)[:2], (profile("search", 0.002),), demands)
    assert laws.demands_at(demands, 1e7, 0.0) == demands
    assert laws.is_extrapolated(10_000)


def test_the_fleet_is_rented_where_the_plan_is():
    offers = offers_of(catalog().plan("do-s-1vcpu-512mb-10gb"), catalog())
    assert offers.provider == "DigitalOcean"
    assert offers.hosts[0] == HostOffer("do-s-1vcpu-512mb-10gb", 1.0, 512 * MB, 392 * MB, 4)
    assert [(each.cpus, each.usd_month, each.connections) for each in offers.databases][-1] == (6.0, 240, 397)
    # Sizes that are dearer and no better are no choice.
    assert "do-s-1vcpu-1gb-amd" not in {host.id for host in offers.hosts}


def test_where_no_database_is_rented_out_a_plain_machine_is_one():
    offers = offers_of(catalog().plan("hetzner-cx23"), catalog())
    assert not any(each.is_managed for each in offers.databases)
    assert {each.connections for each in offers.databases} == {97}


@pytest.mark.parametrize("plan", [plan.id for plan in catalog().machines()][::12])
def test_every_plan_has_somewhere_to_grow_to(plan):
    offers = offers_of(catalog().plan(plan), catalog())
    assert offers.hosts
    assert offers.databases


def test_assumptions_are_replaced_key_by_key():
    found = assumptions_with({"peak_factor": (2.0, 2.5, 3.0)})
    assert (found["peak_factor"].span, found["peak_factor"].source) == ((2.0, 2.5, 3.0), "yours")
    assert found["zipf_exponent"] == ASSUMPTIONS["zipf_exponent"]
    assert all(each.basis for each in ASSUMPTIONS.values())


@pytest.mark.parametrize(
    "wrong",
    [{"peek": (1, 2, 3)}, {"peak_factor": (3, 2, 4)}, {"peak_factor": (0, 1, 2)}, {"utilization_limit": (1, 1, 1)}],
)
def test_assumptions_that_cannot_be_are_named(wrong):
    with pytest.raises(SpecError, match=next(iter(wrong))):
        assumptions_with(wrong)
