"""How the embedded PostgreSQL is set up: argument lists and settings as values."""

import re
from collections.abc import Mapping
from pathlib import Path

from seatrial.errors import SpecError
from seatrial.spec.plan import Limits
from seatrial.spec.subject import Database
from seatrial.testbed.query_log import LINE_PREFIX

__all__ = ["initdb_argv", "postgres_argv", "refused_setting", "subject_settings", "tuned_settings"]

KIBIBYTE = 1024
MEBIBYTE = 1024 * KIBIBYTE
GIBIBYTE = 1024 * MEBIBYTE

CONNECTIONS = 92
"""That the app may open: PostgreSQL's own default of 100, less those kept for superusers and the meter."""


def tuned_settings(memory_bytes: int, connections: int) -> dict[str, str]:
    """Settings for a database that shares `memory_bytes` with its app; connections: how many the app may open.

    PostgreSQL's manual advises a quarter of the memory of a *dedicated* server for shared_buffers; half of the
    memory here is the app's, so it is an eighth. work_mem never falls below PostgreSQL's own default of 4 MB.
    Durability stays as in production: fsync and synchronous_commit on.
    """
    shared = _between(16 * MEBIBYTE, memory_bytes // 8, 8 * GIBIBYTE)
    work = _between(4 * MEBIBYTE, (memory_bytes // 2 - shared) // max(connections, 1), 64 * MEBIBYTE)
    return {
        "shared_buffers": _kb(shared),
        "effective_cache_size": _kb(max(memory_bytes // 2, shared)),
        "work_mem": _kb(work),
        "maintenance_work_mem": _kb(_between(16 * MEBIBYTE, memory_bytes // 16, GIBIBYTE)),
        # Reserved for superusers and the meter: 8.
        "max_connections": str(max(connections, 1) + 8),
        # Pages taken from the huge page pool are not charged to the control group.
        "huge_pages": "off",
        "jit": "off",
        "random_page_cost": "1.1",
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "min_wal_size": "80MB",
        "max_wal_size": "1GB",
        "checkpoint_timeout": "5min",
        "checkpoint_completion_target": "0.9",
        "autovacuum": "on",
    }


def subject_settings(limits: Limits, database: Database) -> dict[str, str]:
    """Those tuned to the plan, and in their place what is declared."""
    return {**tuned_settings(limits.subject_memory_bytes, CONNECTIONS), **database.settings}


def initdb_argv(binaries: Path, data: Path, superuser: str, password_file: Path) -> tuple[str, ...]:
    """Make the data directory. The locale is PostgreSQL's own C.UTF-8, the same on every machine."""
    return (
        str(binaries / "initdb"),
        f"--pgdata={data}",
        f"--username={superuser}",
        f"--pwfile={password_file}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
        "--no-sync",
        "--no-instructions",
    )


def postgres_argv(binaries: Path, data: Path, port: int, settings: Mapping[str, str]) -> tuple[str, ...]:
    """Run the server in the foreground, on 127.0.0.1 only, with no file outside its data directory.

    Settings on the command line cannot be changed later, so the statement log's are not among them.
    """
    all_settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "log_destination": "stderr",
        "logging_collector": "off",
        "log_line_prefix": LINE_PREFIX,
        "log_parameter_max_length": "0",
        "log_checkpoints": "off",
        "lc_messages": "C",
        **settings,
    }
    flags = [part for name, value in all_settings.items() for part in ("-c", f"{name}={value}")]
    return (str(binaries / "postgres"), "-D", str(data), *flags)


def refused_setting(log: str) -> SpecError | None:
    """When PostgreSQL's last lines say that it does not know a setting, or refuses its value: that as an error."""
    said = re.search(r"(?:FATAL|LOG): +(.*\bparameter \"[^\"]+\".*)", log)
    if said is None:
        return None
    hint = re.search(r"HINT: +(.*)", log[said.end() :])
    return SpecError(
        f"PostgreSQL refuses a setting: {said[1]}{f' ({hint[1]})' if hint else ''}",
        where="database.settings",
        try_this="Its settings are on https://www.postgresql.org/docs/18/runtime-config.html.",
    )


def _between(low: int, value: int, high: int) -> int:
    return max(low, min(value, high))


def _kb(value: int) -> str:
    return f"{value // KIBIBYTE}kB"
