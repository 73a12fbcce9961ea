"""Control groups as values: which folders to make and what to write where, for both versions of the kernel's interface.

    seatrial-<token>            memory limit, cpuset, CPU quota: what the plan lets app and database use together
    ├── app                     CPU seconds, memory and out-of-memory kills of the app
    ├── database                the same of PostgreSQL
    └── services                the same of pooler, cache and balancer, where there are any
    seatrial-<token>-apart      the same of PostgreSQL on a machine of its own: its CPU, no limit; in `database`'s place

Version 1 has one such tree for each controller (memory, cpuset, cpu, cpuacct), version 2 one for all. In version 2, and
wherever version 1 allows it, app and database compete for the CPU as processes, not as two groups with a share each:
so they do on a small rented machine. File names: Documentation/admin-guide/cgroup-v1/ and cgroup-v2.rst of Linux.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

__all__ = ["GroupFiles", "GroupLimits", "Hierarchy", "Layout", "Setting", "layout_v1", "layout_v2", "read_hierarchy"]

CONTROLLERS_V1 = ("memory", "cpuset", "cpu", "cpuacct")
CONTROLLERS_V2 = ("cpu", "cpuset", "memory")


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """Where this process's own groups are. version: 1 or 2.

    homes: controller -> folder (version 1); {"": folder} (version 2). root: the mount point of version 2.
    """

    version: int
    homes: Mapping[str, Path]
    root: Path


@dataclass(frozen=True, slots=True)
class GroupLimits:
    """What app and database, and services, may use together. quota: (quota_us, period_us), None for whole CPUs.

    database_cpus: of a database that is outside these limits; () for one inside. has_services: whether there are any.
    """

    cpus: tuple[int, ...]
    memory_bytes: int
    quota: tuple[int, int] | None = None
    database_cpus: tuple[int, ...] = ()
    has_services: bool = False


@dataclass(frozen=True, slots=True)
class Setting:
    """One text to write into one file; what is not `required` may fail (an older kernel, swap accounting off)."""

    path: Path
    text: str
    required: bool = True


@dataclass(frozen=True, slots=True)
class GroupFiles:
    """The files of one group: app, database or services.

    entries: `cgroup.procs` files a process writes itself into. members: the one that lists this group alone.
    cpu: holds the CPU time used, in units of `cpu_unit_s`. events: holds a line `oom_kill N`.
    """

    entries: tuple[Path, ...]
    members: Path
    cpu: Path
    cpu_unit_s: float
    events: Path


@dataclass(frozen=True, slots=True)
class Layout:
    """Everything to make, write, read and remove.

    before: settings outside our folders (version 2: controllers to enable in `home`). folders: in the order of making.
    leaf: version 2, a folder that `home`'s own processes must move to before controllers can be enabled there.
    quota: settings that slow the group down; written last, after the data has been prepared (see also `held_to`).
    memory_peak: holds the most bytes ever used at once. throttling: holds nr_throttled and the throttled time.
    """

    version: int
    home: Path
    folders: tuple[Path, ...]
    settings: tuple[Setting, ...]
    quota: tuple[Setting, ...]
    app: GroupFiles
    database: GroupFiles
    memory_now: Path
    memory_peak: Path
    throttling: Path
    before: tuple[Setting, ...] = ()
    enabled: tuple[str, ...] = ()
    leaf: Path | None = None
    services: GroupFiles | None = None

    def held_to(self, quota: tuple[int, int] | None) -> tuple[Setting, ...]:
        """What holds the group to (quota_us, period_us) of CPU time; None: to nothing but its CPUs."""
        return _quota_settings(self.version, self.throttling.parent, quota)

    def removal(self) -> dict[str, object]:
        """What the warden needs to take all of this down: folders innermost first."""
        return {
            "folders": [str(folder) for folder in reversed(self.folders)],
            "home": str(self.home),
            "enabled": list(self.enabled),
            "leaf": str(self.leaf) if self.leaf else "",
        }


@dataclass(frozen=True, slots=True)
class _Mount:
    point: Path
    root: PurePosixPath
    options: frozenset[str] = field(default=frozenset())


def read_hierarchy(cgroup_text: str, mountinfo_text: str) -> Hierarchy | None:
    """From the texts of /proc/self/cgroup and /proc/self/mountinfo; None when neither version has what is needed.

    Version 1 when the memory controller is mounted as version 1, since a controller lives in one version only.
    """
    first: dict[str, _Mount] = {}
    second: _Mount | None = None
    for line in mountinfo_text.splitlines():
        left, _, right = line.partition(" - ")
        kind, _, options = [*right.split(" "), "", "", ""][:3]
        fields = left.split(" ")
        if kind not in {"cgroup", "cgroup2"} or len(fields) < 5:
            continue
        mount = _Mount(Path(_unescape(fields[4])), PurePosixPath(_unescape(fields[3])), frozenset(options.split(",")))
        if kind == "cgroup2":
            second = second or mount
        else:
            for controller in mount.options & set(CONTROLLERS_V1):
                first.setdefault(controller, mount)
    own: dict[str, str] = {}
    for line in cgroup_text.splitlines():
        _, controllers, path = line.split(":", 2)
        own.update(dict.fromkeys(controllers.split(","), path))
    if all(controller in first and controller in own for controller in CONTROLLERS_V1):
        homes = {controller: _own_folder(first[controller], own[controller]) for controller in CONTROLLERS_V1}
        return Hierarchy(1, homes, first["memory"].point)
    if second and "" in own and "memory" not in first:
        return Hierarchy(2, {"": _own_folder(second, own[""])}, second.point)
    return None


def _unescape(text: str) -> str:
    """Mountinfo writes blanks as octal escapes."""
    return text.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")


def _own_folder(mount: _Mount, path: str) -> Path:
    """A group's path counts from the top of the hierarchy, a mount may show only a part of it (containers)."""
    group = PurePosixPath(path)
    inside = group.relative_to(mount.root) if group.is_relative_to(mount.root) else PurePosixPath()
    return mount.point / inside


def _cpu_list(cpus: tuple[int, ...]) -> str:
    return ",".join(str(cpu) for cpu in cpus)


def layout_v1(homes: Mapping[str, Path], token: str, limits: GroupLimits, memory_nodes: str) -> Layout:
    """One tree below each home. memory_nodes: the text of the home's cpuset.mems, which a new group must repeat."""
    top = {controller: home / f"seatrial-{token}" for controller, home in homes.items()}
    parents = tuple(dict.fromkeys(top.values()))
    split = tuple(dict.fromkeys((top["memory"], top["cpuacct"])))
    apart = {c: home / f"seatrial-{token}-apart" for c, home in homes.items()} if limits.database_cpus else {}
    names = ("app", *(() if apart else ("database",)), *(("services",) if limits.has_services else ()))
    children = tuple(parent / name for parent in split for name in names)
    memory = top["memory"]
    # A cpuset takes no process before it has both CPUs and memory nodes; children only where the kernel mounts
    # cpuset together with memory or cpuacct.
    cpusets = dict.fromkeys([top["cpuset"], *(c for c in children if c.parent == top["cpuset"])], limits.cpus)
    if apart:
        cpusets[apart["cpuset"]] = limits.database_cpus
    settings = [
        Setting(memory / "memory.use_hierarchy", "1", required=False),
        Setting(memory / "memory.limit_in_bytes", str(limits.memory_bytes)),
        Setting(memory / "memory.memsw.limit_in_bytes", str(limits.memory_bytes), required=False),
        Setting(memory / "memory.swappiness", "0", required=False),
    ]
    for folder, cpus in cpusets.items():
        settings.append(Setting(folder / "cpuset.mems", memory_nodes))
        settings.append(Setting(folder / "cpuset.cpus", _cpu_list(cpus)))

    def files(folders: Mapping[str, Path]) -> GroupFiles:
        return GroupFiles(
            entries=tuple(folder / "cgroup.procs" for folder in dict.fromkeys(folders.values())),
            members=folders["memory"] / "cgroup.procs",
            cpu=folders["cpuacct"] / "cpuacct.usage",
            cpu_unit_s=1e-9,
            events=folders["memory"] / "memory.oom_control",
        )

    def inside(name: str) -> dict[str, Path]:
        return {c: top[c] / name if top[c] in split else top[c] for c in CONTROLLERS_V1}

    return Layout(
        version=1,
        home=homes["memory"],
        folders=(*parents, *children, *dict.fromkeys(apart.values())),
        settings=tuple(settings),
        quota=_quota_settings(1, top["cpu"], limits.quota) if limits.quota else (),
        app=files(inside("app")),
        database=files(apart or inside("database")),
        services=files(inside("services")) if limits.has_services else None,
        memory_now=memory / "memory.usage_in_bytes",
        memory_peak=memory / "memory.max_usage_in_bytes",
        throttling=top["cpu"] / "cpu.stat",
    )


def layout_v2(home: Path, token: str, limits: GroupLimits, *, enabled: frozenset[str], is_top: bool) -> Layout:
    """One tree below `home`. enabled: controllers that `home` already hands to its children.

    is_top: `home` is the top of the whole hierarchy, the one group that may hold processes beside children.
    """
    parent = home / f"seatrial-{token}"
    missing = tuple(controller for controller in CONTROLLERS_V2 if controller not in enabled)
    leaf = None if is_top or not missing else home / f"seatrial-{token}-self"
    database = home / f"seatrial-{token}-apart" if limits.database_cpus else parent / "database"
    settings: tuple[Setting, ...] = (
        Setting(parent / "memory.max", str(limits.memory_bytes)),
        Setting(parent / "memory.swap.max", "0", required=False),
        Setting(parent / "cpuset.cpus", _cpu_list(limits.cpus)),
        Setting(parent / "cgroup.subtree_control", "+memory"),
    )

    if limits.database_cpus:
        settings = (*settings, Setting(database / "cpuset.cpus", _cpu_list(limits.database_cpus)))

    def files(group: Path) -> GroupFiles:
        return GroupFiles(
            entries=(group / "cgroup.procs",),
            members=group / "cgroup.procs",
            cpu=group / "cpu.stat",
            cpu_unit_s=1e-6,
            events=group / "memory.events",
        )

    return Layout(
        version=2,
        home=home,
        folders=(parent, parent / "app", database, *((parent / "services",) if limits.has_services else ())),
        settings=settings,
        quota=_quota_settings(2, parent, limits.quota) if limits.quota else (),
        app=files(parent / "app"),
        database=files(database),
        services=files(parent / "services") if limits.has_services else None,
        memory_now=parent / "memory.current",
        memory_peak=parent / "memory.peak",
        throttling=parent / "cpu.stat",
        before=tuple(Setting(home / "cgroup.subtree_control", f"+{controller}") for controller in missing),
        enabled=missing,
        leaf=leaf,
    )


def _quota_settings(version: int, folder: Path, quota: tuple[int, int] | None) -> tuple[Setting, ...]:
    if version == 2:
        return (Setting(folder / "cpu.max", f"{quota[0]} {quota[1]}" if quota else "max"),)
    if quota is None:
        return (Setting(folder / "cpu.cfs_quota_us", "-1"),)
    return (
        Setting(folder / "cpu.cfs_period_us", str(quota[1])),
        Setting(folder / "cpu.cfs_quota_us", str(quota[0])),
    )
