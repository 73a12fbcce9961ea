"""How gunicorn serves the site, and the environment of every process of it. Pure."""

from collections.abc import Mapping
from pathlib import Path

from flotilla.settings import Settings

__all__ = ["GRACE_S", "MEMORY_FOLDER", "server_environment", "server_options"]

GRACE_S = 20
KEEP_ALIVE_S = 5
MEMORY_FOLDER = Path("/dev/shm")  # noqa: S108 (a folder in memory, where there is one)


def server_options(settings: Settings, *, bind: str = "", memory_folder: Path = MEMORY_FOLDER) -> dict[str, object]:
    """Gunicorn's settings: `workers` processes of `threads` threads, the app loaded before the fork.

    `bind`: an address other than the settings', such as `fd://5` for a socket that is open already.
    """
    options: dict[str, object] = {
        "bind": bind or f"{settings.bind}:{settings.port}",
        "worker_class": "gthread",
        "workers": settings.workers,
        "threads": settings.threads,
        # Workers share the memory of what was loaded before the fork; a wrong setting ends the program at once.
        "preload_app": True,
        "timeout": settings.request_timeout_s,
        "graceful_timeout": GRACE_S,
        "keepalive": KEEP_ALIVE_S,
        "loglevel": "warning",
        # A door for commands that nothing here uses.
        "control_socket_disable": True,
    }
    if memory_folder.is_dir():
        # Each worker's heartbeat is a file; on a slow disk writing it can stop the worker.
        options["worker_tmp_dir"] = str(memory_folder)
    return options


def server_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of the server: `environ` without the owner's address, and what keeps a worker small.

    Whoever should break into the site must not find there how to become the owner of its tables.

    A password check takes 19 MiB. glibc raises its threshold for giving such blocks back to the system as soon as the
    first is freed, and then keeps one for each thread; a fixed threshold (mallopt(3)) gives every one back. Measured:
    a worker of 4 threads takes 59 MB instead of 135 MB. Elsewhere than on glibc the variable does nothing.
    """
    kept = {name: value for name, value in environ.items() if name != "FLOTILLA_OWNER_URL"}
    return {"MALLOC_MMAP_THRESHOLD_": "1048576", **kept}
