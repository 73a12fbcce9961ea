"""Control groups as values: which files would be written, for both versions of the kernel's interface.

The file names and texts are the kernel documentation's (cgroup-v1/ and cgroup-v2.rst). Where a temporary folder stands
for a cgroup file system, it checks only which files are written in which order: it enforces nothing.
"""

from pathlib import Path

import pytest

from seatrial.testbed import cgroups
from seatrial.testbed.cgroup_layout import GroupLimits, Setting, layout_v1, layout_v2, read_hierarchy
from seatrial.testbed.cgroups import Groups, Unavailable, make_groups, perform
from seatrial.testbed.warden import take_down_groups

LIMITS = GroupLimits((1,), 411041792, (5_000, 10_000))
V1_MOUNTS = """\
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
34 31 0:31 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
"""
V1_OWN = "5:cpu,cpuacct:/user\n4:memory:/user/me\n3:cpuset:/\n1:name=systemd:/\n0::/user.slice\n"
V2_MOUNTS = "29 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n"


def test_version_1_is_recognised_with_controllers_mounted_together():
    found = read_hierarchy(V1_OWN, V1_MOUNTS)
    assert found is not None
    assert found.version == 1
    assert found.homes == {
        "memory": Path("/sys/fs/cgroup/memory/user/me"),
        "cpuset": Path("/sys/fs/cgroup/cpuset"),
        "cpu": Path("/sys/fs/cgroup/cpu,cpuacct/user"),
        "cpuacct": Path("/sys/fs/cgroup/cpu,cpuacct/user"),
    }


def test_version_2_is_recognised():
    found = read_hierarchy("0::/user.slice/user-1000.slice/session-2.scope\n", V2_MOUNTS)
    assert found is not None
    assert found.version == 2
    assert found.homes == {"": Path("/sys/fs/cgroup/user.slice/user-1000.slice/session-2.scope")}
    assert found.root == Path("/sys/fs/cgroup")


def test_a_container_that_sees_a_part_of_the_hierarchy_finds_its_own_folder():
    mounts = "29 23 0:26 /docker/ab12 /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n"
    found = read_hierarchy("0::/docker/ab12/inner\n", mounts)
    assert found is not None
    assert found.homes == {"": Path("/sys/fs/cgroup/inner")}


def test_neither_version_is_none():
    assert read_hierarchy("", "22 1 254:0 / / rw - ext4 /dev/vda rw\n") is None


def test_version_1_writes_memory_swap_cpuset_and_quota():
    homes = {name: Path(f"/c/{name}") for name in ("memory", "cpuset", "cpu", "cpuacct")}
    layout = layout_v1(homes, "tok", LIMITS, "0")
    assert layout.folders == (
        Path("/c/memory/seatrial-tok"),
        Path("/c/cpuset/seatrial-tok"),
        Path("/c/cpu/seatrial-tok"),
        Path("/c/cpuacct/seatrial-tok"),
        Path("/c/memory/seatrial-tok/app"),
        Path("/c/memory/seatrial-tok/database"),
        Path("/c/cpuacct/seatrial-tok/app"),
        Path("/c/cpuacct/seatrial-tok/database"),
    )
    memory, cpuset, cpu = (Path(f"/c/{name}/seatrial-tok") for name in ("memory", "cpuset", "cpu"))
    assert layout.settings == (
        Setting(memory / "memory.use_hierarchy", "1", required=False),
        Setting(memory / "memory.limit_in_bytes", "411041792"),
        Setting(memory / "memory.memsw.limit_in_bytes", "411041792", required=False),
        Setting(memory / "memory.swappiness", "0", required=False),
        Setting(cpuset / "cpuset.mems", "0"),
        Setting(cpuset / "cpuset.cpus", "1"),
    )
    assert layout.quota == (
        Setting(cpu / "cpu.cfs_period_us", "10000"),
        Setting(cpu / "cpu.cfs_quota_us", "5000"),
    )
    # App and database are counted apart, but compete for the CPU as processes, not as two groups.
    assert layout.app.entries == (
        memory / "app" / "cgroup.procs",
        cpuset / "cgroup.procs",
        cpu / "cgroup.procs",
        Path("/c/cpuacct/seatrial-tok/app/cgroup.procs"),
    )
    assert layout.removal()["folders"][-1] == "/c/memory/seatrial-tok"


def test_version_1_with_cpu_and_cpuacct_mounted_together_makes_each_folder_once():
    both = Path("/c/cpu,cpuacct")
    homes = {"memory": Path("/c/memory"), "cpuset": Path("/c/cpuset"), "cpu": both, "cpuacct": both}
    layout = layout_v1(homes, "tok", LIMITS, "0")
    assert len(set(layout.folders)) == len(layout.folders) == 7
    assert layout.app.entries.count(both / "seatrial-tok" / "app" / "cgroup.procs") == 1
    assert both / "seatrial-tok" / "cgroup.procs" not in layout.app.entries


def test_version_2_writes_memory_swap_cpuset_and_quota():
    home = Path("/sys/fs/cgroup")
    layout = layout_v2(home, "tok", LIMITS, enabled=frozenset({"cpu", "memory", "pids"}), is_top=True)
    parent = home / "seatrial-tok"
    assert layout.before == (Setting(home / "cgroup.subtree_control", "+cpuset"),)
    assert layout.leaf is None
    assert layout.folders == (parent, parent / "app", parent / "database")
    assert layout.settings == (
        Setting(parent / "memory.max", "411041792"),
        Setting(parent / "memory.swap.max", "0", required=False),
        Setting(parent / "cpuset.cpus", "1"),
        Setting(parent / "cgroup.subtree_control", "+memory"),
    )
    assert layout.quota == (Setting(parent / "cpu.max", "5000 10000"),)
    assert layout.app.entries == (parent / "app" / "cgroup.procs",)
    assert layout.removal() == {
        "folders": [str(parent / "database"), str(parent / "app"), str(parent)],
        "home": str(home),
        "enabled": ["cpuset"],
        "leaf": "",
    }


def test_version_2_in_a_delegated_group_first_moves_its_processes_to_a_leaf():
    home = Path("/sys/fs/cgroup/mine")
    layout = layout_v2(home, "tok", LIMITS, enabled=frozenset(), is_top=False)
    assert layout.leaf == home / "seatrial-tok-self"
    assert [setting.text for setting in layout.before] == ["+cpu", "+cpuset", "+memory"]


def a_layout_of_version_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, list[tuple[str, str]]]:
    """A folder with the files of a delegated version 2 group, and the writes that are made below it, in order."""
    home = tmp_path / "cgroup" / "mine"
    home.mkdir(parents=True)
    for name, text in {
        "cgroup.controllers": "cpuset cpu memory pids",
        "cgroup.subtree_control": "",
        "cgroup.type": "domain",
        "cgroup.procs": "101\n102\n",
    }.items():
        (home / name).write_text(text)
    written: list[tuple[str, str]] = []
    make = Path.mkdir

    def mkdir(path: Path, *rest: object) -> None:
        """As the kernel does: a new group has its files at once."""
        make(path)
        for name in ("cgroup.procs", "cgroup.subtree_control", "memory.max", "cpuset.cpus", "cpu.max", "cpu.stat"):
            (path / name).write_text("")
        (path / "memory.events").write_text("low 0\noom 0\noom_kill 3\n")
        (path / "cpu.stat").write_text("usage_usec 1500000\nuser_usec 1\nnr_throttled 4\nthrottled_usec 250000\n")
        (path / "memory.peak").write_text("99")
        (path / "memory.current").write_text("98")

    perform_write = cgroups._write

    def write(setting: Setting) -> None:
        perform_write(setting)
        if setting.path.exists():
            written.append((str(setting.path.relative_to(home)), setting.text))

    monkeypatch.setattr(Path, "mkdir", mkdir)
    monkeypatch.setattr(cgroups, "_write", write)
    return home, written


def test_version_2_writes_in_an_order_the_kernel_accepts_and_reads_its_meters(tmp_path, monkeypatch):
    home, written = a_layout_of_version_2(tmp_path, monkeypatch)
    layout = layout_v2(home, "tok", LIMITS, enabled=frozenset(), is_top=False)
    perform(layout)
    groups = Groups(layout, LIMITS.memory_bytes)
    groups.apply_quota()
    assert written == [
        ("seatrial-tok-self/cgroup.procs", "101"),
        ("seatrial-tok-self/cgroup.procs", "102"),
        ("cgroup.subtree_control", "+cpu"),
        ("cgroup.subtree_control", "+cpuset"),
        ("cgroup.subtree_control", "+memory"),
        ("seatrial-tok/memory.max", "411041792"),
        ("seatrial-tok/cpuset.cpus", "1"),
        ("seatrial-tok/cgroup.subtree_control", "+memory"),
        ("seatrial-tok/cpu.max", "5000 10000"),
    ]
    assert groups.app_cpu_s() == pytest.approx(1.5)
    assert groups.app_oom_kills() == 3
    assert groups.throttled_s() == pytest.approx(0.25)
    assert groups.throttled_periods() == 4
    assert groups.memory_bytes() == 98
    assert groups.memory_peak_bytes() == 99
    groups.close()


def test_a_required_setting_that_is_missing_is_an_error_with_its_path(tmp_path):
    (tmp_path / "cgroup.subtree_control").write_text("")
    layout = layout_v2(tmp_path, "tok", LIMITS, enabled=frozenset(), is_top=True)
    with pytest.raises(FileNotFoundError) as caught:
        perform(layout)
    assert str(caught.value.filename) == str(tmp_path / "seatrial-tok" / "memory.max")


def test_without_rights_the_reason_says_what_to_try_and_nothing_is_left(tmp_path):
    proc = tmp_path / "proc"
    proc.mkdir()
    mount = tmp_path / "cgroup"
    mount.mkdir()
    (mount / "cgroup.controllers").write_text("cpuset cpu memory")
    (mount / "cgroup.type").write_text("domain")
    (proc / "cgroup").write_text("0::/\n")
    (proc / "mountinfo").write_text(f"29 23 0:26 / {mount} rw - cgroup2 cgroup2 rw\n")
    announced: list[dict[str, object]] = []
    made = make_groups("tok", LIMITS, announced.append, proc)
    assert isinstance(made, Unavailable)
    assert "may not make control groups" in made.reason
    assert "systemd-run --user --scope --property=Delegate=yes" in made.reason
    assert announced, "the warden hears of a group before it is tried"
    assert sorted(path.name for path in mount.iterdir()) == ["cgroup.controllers", "cgroup.type"]


def test_removing_groups_gives_controllers_back_and_moves_processes_home(tmp_path):
    leaf = tmp_path / "leaf"
    leaf.mkdir()
    (tmp_path / "cgroup.subtree_control").write_text("")
    (tmp_path / "cgroup.procs").write_text("")
    group = tmp_path / "group"
    group.mkdir()
    removal = {"folders": [str(group)], "home": str(tmp_path), "enabled": ["cpu"], "leaf": str(leaf)}
    assert take_down_groups(removal)
    assert not group.exists()
    assert not leaf.exists()
    assert (tmp_path / "cgroup.subtree_control").read_text() == "-cpu"


APART = GroupLimits((1,), 411041792, (5_000, 10_000), database_cpus=(0,))


def test_version_1_keeps_a_database_apart_out_of_the_limits_on_its_own_cpu():
    homes = {name: Path(f"/c/{name}") for name in ("memory", "cpuset", "cpu", "cpuacct")}
    layout = layout_v1(homes, "tok", APART, "0")
    apart = [Path(f"/c/{name}/seatrial-tok-apart") for name in ("memory", "cpuset", "cpu", "cpuacct")]
    assert layout.database.entries == tuple(folder / "cgroup.procs" for folder in apart)
    assert layout.database.cpu == Path("/c/cpuacct/seatrial-tok-apart/cpuacct.usage")
    assert Setting(apart[1] / "cpuset.cpus", "0") in layout.settings
    limited = [s.path.name for s in (*layout.settings, *layout.quota) if s.path.parent in apart]
    assert limited == ["cpuset.mems", "cpuset.cpus"]
    assert not any(folder.name == "database" for folder in layout.folders)
    assert {str(folder) for folder in apart} <= set(map(str, layout.removal()["folders"]))


def test_version_2_keeps_a_database_apart_out_of_the_limits_on_its_own_cpu():
    home = Path("/sys/fs/cgroup")
    layout = layout_v2(home, "tok", APART, enabled=frozenset({"cpu", "cpuset", "memory"}), is_top=True)
    apart = home / "seatrial-tok-apart"
    assert layout.folders == (home / "seatrial-tok", home / "seatrial-tok" / "app", apart)
    assert layout.database.entries == (apart / "cgroup.procs",)
    assert [s for s in layout.settings if s.path.parent == apart] == [Setting(apart / "cpuset.cpus", "0")]
    assert layout.database.cpu == apart / "cpu.stat"


def test_services_get_a_group_of_their_own_inside_the_limits_in_both_versions():
    limits = GroupLimits((1,), 411041792, has_services=True)
    homes = {name: Path(f"/c/{name}") for name in ("memory", "cpuset", "cpu", "cpuacct")}
    first = layout_v1(homes, "tok", limits, "0")
    assert Path("/c/memory/seatrial-tok/services") in first.folders
    assert first.services is not None
    assert first.services.cpu == Path("/c/cpuacct/seatrial-tok/services/cpuacct.usage")
    assert first.services.events == Path("/c/memory/seatrial-tok/services/memory.oom_control")
    second = layout_v2(Path("/c"), "tok", limits, enabled=frozenset(), is_top=True)
    assert second.folders[-1] == Path("/c/seatrial-tok/services")
    assert second.services is not None
    assert second.services.entries == (Path("/c/seatrial-tok/services/cgroup.procs"),)
    # Innermost first, or the outer ones could not be removed.
    assert second.removal()["folders"][-1] == "/c/seatrial-tok"
