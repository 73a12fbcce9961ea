"""The command line of gunicorn that serves the site, and its environment. Pure."""

import sys
from collections.abc import Mapping
from pathlib import Path

from flotilla.settings import Settings

__all__ = ["server_command", "server_environment"]

GRACE_S = 20
KEEP_ALIVE_S = 5
MEMORY_FOLDER = Path("/dev/shm")  # noqa: S108 (a folder in memory, where there is one)


def server_command(
    settings: Settings, *, python: str = sys.executable, memory_folder: Path = MEMORY_FOLDER
) -> list[str]:
    """The program and its arguments: `workers` processes of `threads` threads, the app loaded before the fork."""
    command = [
        python, "-m", "gunicorn", "flotilla.app:create_app()",
        "--bind", f"{settings.bind}:{settings.port}",
        "--worker-class", "gthread",
        "--workers", str(settings.workers),
        "--threads", str(settings.threads),
        # Workers share the memory of what was loaded before the fork; a wrong setting ends the program at once.
        "--preload",
        "--timeout", str(settings.request_timeout_s),
        "--graceful-timeout", str(GRACE_S),
        "--keep-alive", str(KEEP_ALIVE_S),
        "--log-level", "warning",
    ]  # fmt: skip
    if memory_folder.is_dir():
        # Each worker's heartbeat is a file; on a slow disk writing it can stop the worker.
        command += ["--worker-tmp-dir", str(memory_folder)]
    return command


def server_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of the server: `environ` without the owner's address, and what keeps a worker small.

    Whoever should break into the site must not find there how to become the owner of its tables.

    A password check takes 19 MiB. glibc raises its threshold for giving such blocks back to the system as soon as the
    first is freed, and then keeps one for each thread; a fixed threshold (mallopt(3)) gives every one back. Measured:
    a worker of 4 threads takes 59 MB instead of 135 MB. Elsewhere than on glibc the variable does nothing.
    """
    kept = {name: value for name, value in environ.items() if name != "FLOTILLA_OWNER_URL"}
    return {"MALLOC_MMAP_THRESHOLD_": "1048576", **kept}
