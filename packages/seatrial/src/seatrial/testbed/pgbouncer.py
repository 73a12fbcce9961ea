"""PgBouncer between the app and the embedded PostgreSQL, in transaction mode."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import psycopg

from seatrial.errors import TestbedError
from seatrial.testbed.service import Program
from seatrial.testbed.surroundings import Surroundings, unprivileged_user

__all__ = ["find_pgbouncer", "pgbouncer_advice", "pgbouncer_ini", "pgbouncer_program", "user_list"]

PLACES = "/usr/sbin:/usr/local/sbin:/opt/homebrew/bin:/usr/local/bin"
"""Where it is installed, besides the PATH: Debian keeps it from users' PATH."""

# Below the usual limit of 1,024 open files, with the connections to the database.
CLIENTS_MAX = 900
CONNECT_TIMEOUT_S = 5

SIGNS = (
    (
        'prepared statement "',
        "PgBouncer before 1.21 knows no prepared statements in transaction mode. Switch them off in the app: psycopg "
        "prepare_threshold=None, asyncpg statement_cache_size=0; SQLAlchemy hands both on by connect_args.",
    ),
    (
        "unsupported startup parameter",
        "PgBouncer takes no `options` in the app's database address: set them for the role or the database in "
        "subject.prepare (ALTER ROLE ... SET ...), through {direct_database_url}.",
    ),
)
"""(what an app's last lines hold, what to tell its owner)"""


def find_pgbouncer() -> Path:
    """The program. Raises TestbedError when it is not installed."""
    found = shutil.which("pgbouncer") or shutil.which("pgbouncer", path=PLACES)
    if found is None:
        raise TestbedError(
            "PgBouncer is not installed",
            where="services.pooler",
            try_this="Install it: apt-get install pgbouncer (Debian, Ubuntu), brew install pgbouncer (macOS).",
        )
    return Path(found)


def pgbouncer_ini(port: int, database: Mapping[str, str], pool_size: int, users: Path) -> str:
    """Its settings. database: the placeholders of the way to it; users: the file with the roles' passwords."""
    return f"""\
[databases]
* = host={database["database_host"]} port={database["database_port"]}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {users}
pool_mode = transaction
default_pool_size = {pool_size}
max_db_connections = {pool_size}
max_client_conn = {CLIENTS_MAX}
log_connections = 0
log_disconnections = 0
"""


def user_list(passwords: Mapping[str, str]) -> str:
    """Its file of users: role -> what PostgreSQL keeps of the password, which opens both doors."""
    return "".join(f'"{_quoted(role)}" "{_quoted(kept)}"\n' for role, kept in passwords.items())


def _quoted(text: str) -> str:
    return text.replace('"', '""')


def pgbouncer_program(
    binary: Path,
    at: Surroundings,
    port: int,
    database: Mapping[str, str],
    passwords: Mapping[str, str],
    *,
    pool_size: int,
) -> Program:
    """What to start for this port, with its files made."""
    folder = at.folder / "pgbouncer"
    folder.mkdir(mode=0o700, exist_ok=True)
    users, settings = folder / "users.txt", folder / "pgbouncer.ini"
    user = unprivileged_user()
    for path, text in (
        (users, user_list(passwords)),
        (settings, pgbouncer_ini(port, database, pool_size, users)),
    ):
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
    for path in (folder, users, settings):
        if user:
            os.chown(path, *user)

    def answers() -> bool:
        try:
            psycopg.connect(
                host="127.0.0.1",
                port=port,
                user=database["database_user"],
                password=database["database_password"],
                dbname=database["database_name"],
                connect_timeout=CONNECT_TIMEOUT_S,
            ).close()
        except psycopg.OperationalError:
            return False
        return True

    environment = {"PATH": os.defpath, "LC_ALL": "C", "HOME": str(folder)}
    return Program("PgBouncer", "services.pooler", (str(binary), str(settings)), environment, folder, answers, user)


def pgbouncer_advice(text: str) -> str:
    """What to do about an app's last lines where the pooler is the reason for them; else ""."""
    return next((told for sign, told in SIGNS if sign in text), "")
