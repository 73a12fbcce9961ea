"""Several hosts in the test bed: control groups of their own on this machine, each with the whole plan's limits."""

import contextlib
import dataclasses
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from seatrial.errors import SubjectExited, TestbedError
from seatrial.spec.plan import Limits
from seatrial.spec.services import Services
from seatrial.spec.subject import Database, Server
from seatrial.spec.trial_spec import TrialSpec
from seatrial.testbed import enclosure
from seatrial.testbed.cgroups import Unavailable, make_groups
from seatrial.testbed.enclosure import Enclosure
from seatrial.testbed.placement import place as place_cpus
from seatrial.testbed.process import Warden
from seatrial.testbed.testbed import Testbed
from seatrial.testbed.this_machine import available_cpus

pytestmark = [
    pytest.mark.quiet,
    pytest.mark.linux,
    pytest.mark.skipif(sys.platform != "linux", reason="control groups exist on Linux only"),
]
MEBIBYTE = 1024 * 1024
FRACTION = 0.3
"""Of a CPU, for each of two hosts: what neighbours take of the rest slows neither."""
SPIN_S = 0.02
SETTLED_S, MEASURED_S = 0.3, 1.5
TWO = Services(balancer="caddy", hosts=2)


def text(url: str) -> str:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return str(answer.read().decode())


def place(testbed: Testbed, number: int) -> str:
    """The address of the app's server on that host, past the balancer."""
    return f"http://127.0.0.1:{testbed._app.ports[number]}"


# Those with a test bed of their own come first: an open one keeps this process on the generator's CPUs.


@pytest.mark.long
def test_no_group_of_any_host_is_left_behind(trial_of):
    with Testbed(trial_of(cpus=0.2, memory_mb=256, services=TWO)) as testbed:
        testbed.prepare()
        folders = [folder for groups in testbed._enclosure._hosts for folder in groups.layout.folders]
        if not folders:
            pytest.skip(testbed._enclosure.caveats[0])
        assert all(folder.is_dir() for folder in folders)
    assert not any(folder.exists() for folder in folders)


def test_more_hosts_than_the_machine_has_cpus_for_are_refused_with_what_would_fit(trial_of, monkeypatch):
    monkeypatch.setattr("seatrial.testbed.testbed.available_cpus", lambda: {0, 1})
    with pytest.raises(TestbedError) as caught:
        Testbed(trial_of(cpus=1, services=TWO))
    assert caught.value.what == (
        "2 hosts of 1 vCPU do not fit into this machine: they need 2 CPUs beside the load generator's, and it has "
        "2 CPUs to use in all"
    )
    assert "cpus = 0.5 in [plan]" in caught.value.try_this
    # As a lever, the app itself can still be measured.
    with Testbed(trial_of(cpus=1), varied_hosts=2) as testbed, pytest.raises(TestbedError, match="do not fit"):
        testbed.use(trial_of(cpus=1, services=TWO).subject)
    # What is missing is said, CPU or memory.
    huge = trial_of(cpus=0.3, memory_mb=10_000_000)
    with (
        Testbed(huge, varied_hosts=2) as testbed,
        pytest.raises(TestbedError, match="2 hosts of 10000000 MB do not fit into this machine, which has"),
    ):
        testbed.use(dataclasses.replace(huge.subject, services=TWO))


@pytest.mark.long
def test_without_the_right_to_limit_them_hosts_run_all_the_same_and_it_is_said(trial_of, monkeypatch):
    monkeypatch.setattr(
        enclosure, "make_groups", lambda *_, **__: Unavailable("This user may not make control groups.")
    )
    with Testbed(trial_of(cpus=0.3, memory_mb=256, services=TWO)) as testbed:
        testbed.prepare()
        testbed.start(2, 2, fresh_data=False)
        assert "nothing keeps the 2 hosts apart" in " ".join(testbed.caveats)
        before = testbed.readings()
        text(f"{place(testbed, 1)}/spin?0.1")
        used_s = [now.cpu_s - then.cpu_s for then, now in zip(before.hosts, testbed.readings().hosts, strict=True)]
        assert used_s[0] < 0.05
        assert used_s[1] >= 0.1


def test_where_one_host_cannot_be_made_none_is_and_the_groups_of_the_others_are_removed(monkeypatch):
    made = []

    def first_only(*arguments, **options):
        if made:
            return Unavailable("This user may not make more control groups.")
        made.append(make_groups(*arguments, **options))
        return made[0]

    monkeypatch.setattr(enclosure, "make_groups", first_only)
    placement = place_cpus(sorted(available_cpus()), 0.1, hosts=2)
    with contextlib.closing(Warden(f"test{time.monotonic_ns()}")) as keeper:
        built = Enclosure.build(keeper, Limits(0.1, 256 * MEBIBYTE), placement, has_database=False)
        if isinstance(made[0], Unavailable):
            pytest.skip(made[0].reason)
        assert (built.groups, built.further, built.apps) == (None, (), (None, None))
        assert "may not make more" in built.caveats[0]
        assert not any(folder.exists() for folder in made[0].layout.folders)


@pytest.mark.long
def test_a_database_beside_the_app_is_on_the_first_host_and_one_apart_is_on_none(trial_of):
    for database, names in (
        (Database(), ["host 1", "host 2"]),
        (Database(placement="apart", round_trip_s=0.001), ["host 1", "host 2", "database"]),
    ):
        with Testbed(trial_of(cpus=0.4, services=TWO, database=database)) as testbed:
            testbed.prepare()
            testbed.start(2, 2, fresh_data=False)
            read = testbed.readings()
            hosts = read.hosts
            assert [host.name for host in hosts] == names
            if database.is_apart:
                assert hosts[2].limit_bytes is None
                assert hosts[2].memory_bytes == read.database_memory_bytes
            else:
                assert hosts[0].memory_bytes > hosts[1].memory_bytes + 10 * MEBIBYTE


@pytest.fixture(scope="module")
def one_host(trial_of) -> TrialSpec:
    """Behind a balancer like two, so that hosts are all that differs."""
    server = Server(workers=1, threads=1)
    services = Services(balancer="caddy")
    return trial_of(cpus=FRACTION, memory_mb=256, server=server, services=services)


@pytest.fixture(scope="module")
def testbed(one_host) -> Iterator[Testbed]:
    """Open for one host and two."""
    with Testbed(one_host, varied_hosts=2) as opened:
        if opened._enclosure.groups is None:
            pytest.skip(opened._enclosure.caveats[0])
        opened.prepare()
        yield opened


@pytest.fixture(scope="module")
def two_hosts(testbed, one_host) -> Testbed:
    testbed.use(dataclasses.replace(one_host.subject, services=TWO))
    testbed.start(2, 1, fresh_data=False)
    return testbed


def test_each_hosts_server_is_in_groups_of_its_own_with_the_whole_plans_limits(two_hosts):
    hosts = two_hosts._enclosure._hosts
    assert len(hosts) == 2
    members = [{int(pid) for pid in groups.layout.app.members.read_text().split()} for groups in hosts]
    for number, process in enumerate(two_hosts._app.processes):
        assert process.pid in members[number]
        assert process.pid not in members[1 - number]
    for groups in hosts:
        written = [each.path for each in (*groups.layout.settings, *groups.layout.quota) if each.required]
        limits = {path.name: path.read_text().strip() for path in written}
        if groups.layout.version == 1:
            quota = int(limits["cpu.cfs_quota_us"]) / int(limits["cpu.cfs_period_us"])
            memory_bytes = int(limits["memory.limit_in_bytes"])
        else:
            quota_us, period_us = limits["cpu.max"].split()
            quota, memory_bytes = int(quota_us) / int(period_us), int(limits["memory.max"])
        assert (quota, memory_bytes) == (FRACTION, 192 * MEBIBYTE)
    # The balancer is on the first host, and no group of the second has anything but the app.
    balancer = two_hosts._beside.processes[0].pid
    assert balancer in {int(pid) for pid in hosts[0].layout.services.members.read_text().split()}
    assert hosts[1].layout.services is None


def test_the_cpu_and_memory_of_a_host_are_its_own(two_hosts):
    before = two_hosts.readings()
    text(f"{place(two_hosts, 1)}/spin?0.2")
    text(f"{place(two_hosts, 1)}/leak?30")
    after = two_hosts.readings()
    assert [host.name for host in after.hosts] == ["host 1", "host 2"]
    used_s, grown = (
        [getattr(now, name) - getattr(then, name) for then, now in zip(before.hosts, after.hosts, strict=True)]
        for name in ("cpu_s", "memory_bytes")
    )
    assert used_s[0] < 0.03
    assert 0.2 <= used_s[1] < 0.3
    assert grown[0] < 3 * MEBIBYTE
    assert 30 * MEBIBYTE <= grown[1] <= 36 * MEBIBYTE
    # What is told of all together is the sum over the hosts.
    assert sum(host.cpu_s for host in after.hosts) == pytest.approx(after.app_cpu_s, abs=0.01)
    together = after.app_memory_bytes + after.services_memory_bytes
    assert sum(host.memory_bytes for host in after.hosts) == pytest.approx(together, rel=0.02)


def test_memory_that_one_host_has_not_is_not_taken_from_the_other(two_hosts, eventually):
    with pytest.raises((urllib.error.URLError, ConnectionError)):
        text(f"{place(two_hosts, 1)}/leak?400")
    with pytest.raises(SubjectExited, match="the app on host 2 ran out of memory"):
        two_hosts.check_alive()
    assert two_hosts._enclosure.groups.app_oom_kills() == 0
    # The first host has lost nobody, and gunicorn starts another worker on the second.
    assert text(f"{place(two_hosts, 0)}/") == "ok"
    eventually(lambda: text(f"{place(two_hosts, 1)}/") == "ok")


def pages_and_cpu(testbed: Testbed, callers: int) -> tuple[float, list[float]]:
    """Pages of known cost answered in a second when there is always one waiting, and the CPU seconds of each host."""
    ended = threading.Event()
    counts = [0] * callers

    def call(number: int) -> None:
        while not ended.is_set():
            text(f"{testbed.url}/spin?{SPIN_S}")
            counts[number] += 1

    with ThreadPoolExecutor(callers) as pool:
        calls = [pool.submit(call, number) for number in range(callers)]
        ended.wait(SETTLED_S)
        before, first = testbed.readings(), sum(counts)
        ended.wait(MEASURED_S)
        after, last = testbed.readings(), sum(counts)
        ended.set()
        for each in calls:
            each.result()
    wall_s = after.at_s - before.at_s
    pairs = zip(before.hosts or [before], after.hosts or [after], strict=True)
    used_s = [now.cpu_s - then.cpu_s if after.hosts else now.app_cpu_s - then.app_cpu_s for then, now in pairs]
    return (last - first) / wall_s, [each / wall_s for each in used_s]


def test_two_hosts_of_a_fraction_carry_twice_what_one_carries(two_hosts, one_host):
    """Truth from arithmetic: a host of f CPUs uses f seconds of CPU in a second when there is always something waiting.

    Of CPU time, each host, with the balancer on the first, within 7 % of f. A page takes 20 ms of it, so one host
    answers f / 20 ms at most, and two within 10 % of twice as much as one.
    """
    both_rps, shares = pages_and_cpu(two_hosts, 8)
    two_hosts.use(one_host.subject)
    two_hosts.start(1, 1, fresh_data=False)
    alone_rps, (alone,) = pages_and_cpu(two_hosts, 4)
    assert [alone, *shares] == pytest.approx([FRACTION] * 3, rel=0.07)
    assert 0.8 * FRACTION / SPIN_S <= alone_rps <= 1.07 * FRACTION / SPIN_S
    assert both_rps / alone_rps == pytest.approx(2.0, rel=0.1)
