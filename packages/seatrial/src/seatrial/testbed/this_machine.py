"""What is here and what is elsewhere: addresses, CPUs, file systems of this machine."""

import contextlib
import ipaddress
import os
import socket
from collections.abc import Iterable
from pathlib import Path

import psutil

__all__ = ["available_cpus", "confine", "core_siblings", "is_in_memory", "is_loopback", "is_this_machine"]


def _addresses(host: str) -> set[str]:
    """The addresses a name stands for; empty when it is unknown."""
    with contextlib.suppress(OSError):
        return {str(entry[4][0]).partition("%")[0] for entry in socket.getaddrinfo(host.strip("[]"), None)}
    return set()


def is_loopback(host: str) -> bool:
    """Whether every address of `host` is a loopback address."""
    found = _addresses(host)
    return bool(found) and all(ipaddress.ip_address(address).is_loopback for address in found)


def is_this_machine(host: str) -> bool:
    """Whether every address of `host` is a loopback address or one of this machine's own; a path is a local socket."""
    if host.startswith(("/", "@")) or is_loopback(host):
        return True
    own = {item.address.partition("%")[0] for items in psutil.net_if_addrs().values() for item in items}
    found = _addresses(host)
    return bool(found) and all(ipaddress.ip_address(address).is_loopback or address in own for address in found)


def available_cpus() -> set[int]:
    """CPU numbers this process may use; where the system cannot say, all of them."""
    if hasattr(os, "sched_getaffinity"):
        return set(os.sched_getaffinity(0))
    return set(range(os.cpu_count() or 1))


def core_siblings(cpus: set[int]) -> list[set[int]]:
    """Which CPU numbers are threads of one physical core (Linux; elsewhere nothing is known)."""
    cores: list[set[int]] = []
    for cpu in sorted(cpus):
        with contextlib.suppress(OSError, ValueError):
            text = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list").read_text(encoding="ascii")
            core: set[int] = set()
            for part in text.strip().split(","):
                first, _, last = part.partition("-")
                core.update(range(int(first), int(last or first) + 1))
            if core not in cores:
                cores.append(core)
    return cores


def is_in_memory(folder: Path) -> bool:
    """Whether a folder lies on a file system that keeps files in memory (Linux; elsewhere false)."""
    best, kind = -1, ""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
            left, _, right = line.partition(" - ")
            point = Path(left.split(" ")[4])
            if folder.resolve().is_relative_to(point) and len(point.parts) >= best:
                best, kind = len(point.parts), right.split(" ")[0]
    return kind in {"tmpfs", "ramfs"}


def confine(cpus: Iterable[int]) -> bool:
    """Keep this process, and what it starts, on these CPUs; False where the system has no such thing."""
    if not hasattr(os, "sched_setaffinity"):
        return False
    os.sched_setaffinity(0, cpus)
    return True
