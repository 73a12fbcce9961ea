"""Nothing survives: ends what was started and removes what was made, even when Seatrial itself is killed.

Run as a script (`python -I -S warden.py`) it is a tiny process of its own session at the other end of a pipe. Seatrial
tells it, one JSON object a line and always *before* the thing exists or runs, about its folder, control groups and
processes. When the pipe closes (Seatrial ended, however it ended) or on SIGTERM it cleans up and exits.
It uses the standard library only, and nothing of Seatrial, so that it starts in milliseconds.

    {"folder": path}                          removed with all it holds
    {"groups": GroupRemoval as a dict}        every process in them ended, the folders removed in this order
    {"process": pid, "born": n, "signal": n}  ended with all its descendants and its session
    {"ended": pid}                            no longer ours to end
"""

import contextlib
import ctypes
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["MARK", "Register", "born", "clean_up", "end_processes", "living", "take_down_groups"]

# Every process of the subject carries this variable; it finds those that left session and parents behind.
MARK = "SEATRIAL_MARK"
GRACE_S = 3.0
DEADLINE_S = 10.0
POLL_S = 0.02


@dataclass(slots=True)
class Register:
    """What has to end and go. processes: pid -> (start time in clock ticks or None, signal that asks it to end).

    groups: `cgroup.procs` files whose processes all belong to it. mark: the value of MARK in their environment,
    or its beginning.
    """

    mark: str
    processes: dict[int, tuple[int | None, int]] = field(default_factory=dict)
    groups: list[str] = field(default_factory=list)
    removals: list[dict[str, object]] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)

    def note(self, message: dict[str, object]) -> None:
        """Take in one line of the protocol; what it does not know it ignores."""
        match message:
            case {"folder": str(path)}:
                self.folders.append(path)
            case {"groups": dict(removal)}:
                self.removals.append(removal)
                self.groups.extend(str(Path(folder, "cgroup.procs")) for folder in removal["folders"])
            case {"process": int(pid), "born": started, "signal": int(number)}:
                self.processes[pid] = (started if isinstance(started, int) else None, number)
            case {"ended": int(pid)}:
                self.processes.pop(pid, None)


@dataclass(frozen=True, slots=True)
class _Entry:
    parent: int
    session: int
    born: int | None


def born(pid: int) -> int | None:
    """When the process started, in clock ticks since boot; None when it is gone or this system does not say."""
    entry = _entry(pid)
    return entry.born if entry else None


def _entry(pid: int) -> _Entry | None:
    """One line of the process table; None for a process that is gone or only waits to be reaped."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    fields = text[text.rfind(")") + 2 :].split()
    if fields[0] in "ZX":
        return None
    return _Entry(parent=int(fields[1]), session=int(fields[3]), born=int(fields[19]))


def _process_table() -> dict[int, _Entry]:
    if Path("/proc/self/stat").exists():
        pids = [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()]
        return {pid: entry for pid in pids if (entry := _entry(pid)) is not None}
    listing = subprocess.run(
        ["/bin/ps", "-axo", "pid=,ppid=,pgid=,stat="], capture_output=True, text=True, timeout=5, check=False
    )
    rows = [line.split() for line in listing.stdout.splitlines()]
    return {int(r[0]): _Entry(int(r[1]), int(r[2]), None) for r in rows if len(r) == 4 and not r[3].startswith("Z")}


def _carries(pid: int, mark: str) -> bool:
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False
    return f"\0{MARK}={mark}".encode() in b"\0" + environment


def _in_groups(groups: Iterable[str]) -> set[int]:
    found: set[int] = set()
    for group in groups:
        with contextlib.suppress(OSError):
            found.update(int(line) for line in Path(group).read_text(encoding="ascii").split())
    return found - {0}


def living(register: Register) -> set[int]:
    """Process ids that belong to the register now: leaders, their sessions and descendants, groups, the marked."""
    table = _process_table()

    def is_same(pid: int) -> bool:
        started = register.processes[pid][0]
        return pid in table and (started is None or table[pid].born == started)

    found = {pid for pid in register.processes if is_same(pid)}
    for pid, entry in table.items():
        leader = register.processes.get(entry.session)
        # A session is named after its leader's process id, which may be given out again once the session is empty.
        is_ours = leader and (leader[0] is None or entry.born is None or entry.born >= leader[0])
        if is_ours and (entry.session in found or entry.session not in table):
            found.add(pid)
    found |= {pid for pid in _in_groups(register.groups) if pid in table}
    found |= {pid for pid in table if pid not in found and _carries(pid, register.mark)}
    while more := {pid for pid, entry in table.items() if entry.parent in found and pid not in found}:
        found |= more
    return found - {os.getpid()}


def _send(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def end_processes(register: Register, grace_s: float = GRACE_S, reap: Callable[[], object] = lambda: None) -> set[int]:
    """Ask the leaders to end, wait `grace_s`, end whatever still lives; returns those that would not (normally none).

    reap: called while waiting, for a caller who is the parent.
    """
    present = living(register)
    segments = _shared_segments(present)
    for pid, (_, number) in register.processes.items():
        if pid in present:
            _send(pid, number)
    deadline = time.monotonic() + grace_s
    while present and time.monotonic() < deadline:
        time.sleep(POLL_S)
        reap()
        present = living(register)
    deadline = time.monotonic() + DEADLINE_S
    while present and time.monotonic() < deadline:
        for pid in present:
            _send(pid, signal.SIGKILL)
        time.sleep(POLL_S)
        reap()
        present = living(register)
    if not present:
        _remove_segments(segments)
    return present


def _shared_segments(pids: Iterable[int]) -> set[str]:
    """PostgreSQL's shared memory outside its folder: names in /dev/shm and `sysv:<id>`; it leaks when killed hard."""
    found: set[str] = set()
    for pid in pids:
        with contextlib.suppress(OSError):
            maps = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8", errors="replace")
            found.update(re.findall(r"/dev/shm/PostgreSQL\.\d+", maps))  # noqa: S108 -- PostgreSQL's own names
            found.update(f"sysv:{number}" for number in re.findall(r" (\d+)\s+/SYSV[0-9a-f]{8}", maps))
    return found


def _remove_segments(segments: Iterable[str]) -> None:
    for name in segments:
        if name.startswith("sysv:"):
            # shmctl(id, IPC_RMID = 0, NULL); a segment that is gone already is an error nobody needs.
            ctypes.CDLL(None).shmctl(int(name.removeprefix("sysv:")), 0, None)
        else:
            Path(name).unlink(missing_ok=True)


def take_down_groups(removal: dict[str, object]) -> bool:
    """Remove the groups' folders (their processes have ended) and undo what had to be changed around them."""
    folders = [Path(str(folder)) for folder in _items(removal.get("folders"))]
    deadline = time.monotonic() + DEADLINE_S
    while folders and time.monotonic() < deadline:
        folders = [folder for folder in folders if not _removed(folder)]
        if folders:
            time.sleep(POLL_S)
    home = removal.get("home")
    for controller in _items(removal.get("enabled")):
        _write_existing(Path(str(home), "cgroup.subtree_control"), f"-{controller}")
    if leaf := removal.get("leaf"):
        for pid in _in_groups([str(Path(str(leaf), "cgroup.procs"))]):
            _write_existing(Path(str(home), "cgroup.procs"), str(pid))
        _removed(Path(str(leaf)))
    return not folders


def _write_existing(path: Path, text: str) -> None:
    """Write to a file of the kernel's; what it refuses (others use it, the process ended) stays as it is."""
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_WRONLY)
        try:
            os.write(descriptor, text.encode())
        finally:
            os.close(descriptor)


def _items(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []


def _removed(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def clean_up(register: Register) -> None:
    """End every process, remove every group, remove every folder."""
    end_processes(register)
    # What was changed around the first groups holds as long as there are further ones.
    for removal in reversed(register.removals):
        take_down_groups(removal)
    deadline = time.monotonic() + DEADLINE_S
    for folder in register.folders:
        while Path(folder).exists() and time.monotonic() < deadline:
            shutil.rmtree(folder, ignore_errors=True)
            if Path(folder).exists():
                time.sleep(POLL_S)


def main() -> None:
    """Listen on standard input until it closes or SIGTERM comes; then clean up."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    wake_read, wake_write = os.pipe()
    signal.signal(signal.SIGTERM, lambda *_: os.write(wake_write, b"!"))
    register = Register(mark=sys.argv[1])
    pending = b""
    while True:
        ready, _, _ = select.select([0, wake_read], [], [])
        if 0 not in ready:
            break
        chunk = os.read(0, 65536)
        if not chunk:
            break
        *lines, pending = (pending + chunk).split(b"\n")
        for line in lines:
            register.note(json.loads(line))
    # A second SIGTERM must not interrupt the work; the deadlines end it.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    clean_up(register)


if __name__ == "__main__":
    main()
