"""Making control groups, and reading their meters. What to make is decided in cgroup_layout.

Without the rights or the kernel for it, `make_groups` answers with `Unavailable`, a reason in words.
"""

import contextlib
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from seatrial.testbed.cgroup_layout import GroupLimits, Layout, Setting, layout_v1, layout_v2, read_hierarchy
from seatrial.testbed.warden import take_down_groups

__all__ = ["Groups", "Unavailable", "make_groups", "perform"]

Announce = Callable[[dict[str, object]], None]


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Why there are no limits here, and what to try: sentences."""

    reason: str


def make_groups(
    token: str, limits: GroupLimits, announce: Announce, proc: Path = Path("/proc/self"), *, beside: Path | None = None
) -> "Groups | Unavailable":
    """Make the groups in the first place that allows it. announce: told of the removal before anything is made.

    beside: the home of groups made before, beside which these are to be; this process may have left it since.
    """
    if sys.platform != "linux":
        return Unavailable("Control groups exist on Linux only, so the plan's memory and CPU limits are not enforced.")
    try:
        hierarchy = read_hierarchy((proc / "cgroup").read_text(), (proc / "mountinfo").read_text())
    except OSError as error:
        return Unavailable(f"The control groups of this machine cannot be read ({error}), so no limit is enforced.")
    if hierarchy is None:
        return Unavailable("This machine has no control groups for memory and CPU, so no limit is enforced.")
    layouts: list[Layout] = []
    if hierarchy.version == 1:
        with contextlib.suppress(OSError):
            nodes = (hierarchy.homes["cpuset"] / "cpuset.effective_mems").read_text().strip()
            layouts.append(layout_v1(hierarchy.homes, token, limits, nodes))
    else:
        for home in [beside] if beside else _homes_v2(hierarchy.root, hierarchy.homes[""]):
            enabled = frozenset(_text(home / "cgroup.subtree_control").split())
            is_top = not (home / "cgroup.type").exists()
            layouts.append(layout_v2(home, token, limits, enabled=enabled, is_top=is_top))
    trouble: OSError | None = None
    for layout in layouts:
        announce(layout.removal())
        try:
            perform(layout)
            return Groups(layout, limits.memory_bytes)
        except OSError as error:
            trouble = error
            take_down_groups(layout.removal())
    return Unavailable(_no_rights(hierarchy.version, trouble))


def _homes_v2(root: Path, own: Path) -> list[Path]:
    """Places to try: as root the top of the hierarchy, then this process's own group, if they have the controllers."""
    places = [root, own] if os.geteuid() == 0 and not (root / "cgroup.type").exists() else [own]
    needed = {"cpu", "cpuset", "memory"}
    return [home for home in dict.fromkeys(places) if needed <= set(_text(home / "cgroup.controllers").split())]


def _no_rights(version: int, trouble: OSError | None) -> str:
    said = f" ({trouble.strerror}: {trouble.filename})" if trouble else ""
    reason = f"This user may not make control groups{said}, so the plan's memory and CPU limits are not enforced."
    if version == 1:
        return f"{reason} Start Seatrial as root to have them."
    return (
        f"{reason} To have them, start Seatrial as root, or so: "
        "systemd-run --user --scope --property=Delegate=yes seatrial ..."
    )


def _text(path: Path) -> str:
    with contextlib.suppress(OSError):
        return path.read_text(encoding="ascii", errors="replace")
    return ""


def perform(layout: Layout) -> None:
    """Make the folders and write the settings (not the quota). Raises OSError at the first that is refused."""
    if layout.leaf:
        layout.leaf.mkdir()
        for pid in _text(layout.home / "cgroup.procs").split():
            # A process may end between being listed and being moved.
            with contextlib.suppress(ProcessLookupError):
                _write(Setting(layout.leaf / "cgroup.procs", pid))
    for setting in layout.before:
        _write(setting)
    for folder in layout.folders:
        folder.mkdir()
    for setting in layout.settings:
        _write(setting)


def _write(setting: Setting) -> None:
    try:
        # Opened without creating: a file that is not there means a kernel without that control.
        descriptor = os.open(setting.path, os.O_WRONLY)
        try:
            os.write(descriptor, setting.text.encode())
        finally:
            os.close(descriptor)
    except OSError as error:
        if setting.required:
            raise OSError(error.errno, error.strerror, str(setting.path)) from error


class Groups:
    """Groups that exist; their meters. Close it before they are removed."""

    def __init__(self, layout: Layout, memory_limit_bytes: int) -> None:
        """Opens the CPU meters, which stay open because they are read between single requests."""
        self.layout = layout
        self.memory_limit_bytes = memory_limit_bytes
        self._app_cpu = os.open(layout.app.cpu, os.O_RDONLY | os.O_CLOEXEC)
        self._database_cpu = os.open(layout.database.cpu, os.O_RDONLY | os.O_CLOEXEC)
        services = layout.services
        self._services_cpu = -1 if services is None else os.open(services.cpu, os.O_RDONLY | os.O_CLOEXEC)

    def close(self) -> None:
        """Let go of the open meters; idempotent."""
        for descriptor in {self._app_cpu, self._database_cpu, self._services_cpu} - {-1}:
            os.close(descriptor)
        self._app_cpu = self._database_cpu = self._services_cpu = -1

    def apply_quota(self) -> None:
        """Hold the group to its fraction of a CPU from now on; nothing for whole CPUs."""
        for setting in self.layout.quota:
            _write(setting)

    def hold_to(self, quota: tuple[int, int] | None) -> None:
        """Hold the group to (quota_us, period_us) of CPU time from now on; None: to nothing but its CPUs."""
        for setting in self.layout.held_to(quota):
            _write(setting)

    def app_cpu_s(self) -> float:
        """CPU seconds of everything that ever ran in the app's group."""
        return _cpu_count(os.pread(self._app_cpu, 512, 0)) * self.layout.app.cpu_unit_s

    def database_cpu_s(self) -> float:
        """CPU seconds of everything that ever ran in the database's group."""
        return _cpu_count(os.pread(self._database_cpu, 512, 0)) * self.layout.database.cpu_unit_s

    def services_cpu_s(self) -> float | None:
        """CPU seconds of everything that ever ran in the services' group; None without one."""
        services = self.layout.services
        return None if services is None else _cpu_count(os.pread(self._services_cpu, 512, 0)) * services.cpu_unit_s

    def app_oom_kills(self) -> int:
        """Processes of the app that the kernel ended for want of memory."""
        return _field(self.layout.app.events, "oom_kill")

    def database_oom_kills(self) -> int:
        """Processes of the database that the kernel ended for want of memory."""
        return _field(self.layout.database.events, "oom_kill")

    def services_oom_kills(self) -> int:
        """Servers beside the app that the kernel ended for want of memory."""
        return _field(self.layout.services.events, "oom_kill") if self.layout.services else 0

    def memory_bytes(self) -> int:
        """Memory in use by all, with the file cache charged to them."""
        return int(self.layout.memory_now.read_text(encoding="ascii"))

    def memory_peak_bytes(self) -> int | None:
        """The most that was in use at once; None on kernels that do not keep it (version 2 before 5.19)."""
        text = _text(self.layout.memory_peak)
        return int(text) if text else None

    def throttled_s(self) -> float:
        """How long the CPU quota has held the group back."""
        if self.layout.version == 1:
            return _field(self.layout.throttling, "throttled_time") * 1e-9
        return _field(self.layout.throttling, "throttled_usec") * 1e-6

    def throttled_periods(self) -> int:
        """In how many quota periods it was held back."""
        return _field(self.layout.throttling, "nr_throttled")


def _cpu_count(raw: bytes) -> int:
    """`12345` (version 1) or `usage_usec 12345`, first of several lines (version 2)."""
    return int(raw.split(b"\n", 1)[0].rsplit(b" ", 1)[-1])


def _field(path: Path, name: str) -> int:
    for line in path.read_text(encoding="ascii").splitlines():
        key, _, value = line.partition(" ")
        if key == name:
            return int(value)
    return 0
