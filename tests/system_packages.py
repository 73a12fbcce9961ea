"""Makes sure that the tests find Chromium, PgBouncer, HAProxy and nginx: run by `make test`, before pytest.

Installs what is missing with apt-get where that is possible (Debian or Ubuntu, as root); elsewhere says what to
install. It never fails: the tests that need them say so themselves when there is none.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

__all__ = ["chromium", "main", "server"]

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
APPLICATIONS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
SERVERS = ("pgbouncer", "haproxy", "nginx")
INSTALL_TIMEOUT_S = 420
SYSTEM_PROGRAMS = "/usr/sbin"


def chromium() -> str | None:
    """The path of a Chromium or Chrome on this machine."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    return found or next((path for path in APPLICATIONS if Path(path).exists()), None)


def server(name: str) -> str | None:
    """The path of PgBouncer, HAProxy or nginx; Debian puts them where only root looks."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:{SYSTEM_PROGRAMS}")


def present() -> dict[str, str | None]:
    """Package -> the path of its program, or None."""
    return {"chromium": chromium(), **{name: server(name) for name in SERVERS}}


def commands(packages: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """What to run, in order; a slow or dead mirror gives up after 30 s and is tried three times."""
    patience = ("-o", "Acquire::http::Timeout=30", "-o", "Acquire::Retries=3", "-o", "DPkg::Lock::Timeout=120")
    return (
        ("apt-get", *patience, "update", "--quiet=2"),
        ("apt-get", *patience, "install", "--quiet=2", "--yes", "--no-install-recommends", *packages),
    )


def may_install() -> bool:
    """Whether this is a Debian or Ubuntu that this process may install packages on."""
    return sys.platform == "linux" and shutil.which("apt-get") is not None and os.geteuid() == 0


def advice(packages: Sequence[str]) -> str:
    """What a person can do where this script may not."""
    if sys.platform == "darwin":
        return "brew install " + " ".join(packages)
    if shutil.which("apt-get"):
        return "sudo apt-get install " + " ".join(packages)
    return "install them with this system's package manager"


def install(packages: Sequence[str]) -> str:
    """Runs the commands within the deadline; the sentence says how it went."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    names = " and ".join(packages)
    for command in commands(packages):
        try:
            subprocess.run(
                command,
                env=environment,
                capture_output=True,
                text=True,
                check=True,
                timeout=INSTALL_TIMEOUT_S,
                stdin=subprocess.DEVNULL,
            )
        except subprocess.TimeoutExpired:
            return f"{names} not installed: {' '.join(command[:1])} took more than {INSTALL_TIMEOUT_S} s."
        except subprocess.CalledProcessError as problem:
            last = (problem.stderr or problem.stdout or "").strip().splitlines()[-1:]
            return f"{names} not installed: {' '.join(last) or f'apt-get ended with {problem.returncode}'}"
    return f"{names} installed for the tests: {', '.join(str(path) for path in present().values() if path)}"


def main() -> None:
    """Prints one line: what was there, what was done, or what to do."""
    found = present()
    missing = [package for package, path in found.items() if not path]
    if not missing:
        print(f"system packages: there are {' and '.join(map(str, found.values()))}")
    elif may_install():
        print(f"system packages: {install(missing)}", flush=True)
    else:
        told = f"no {' and no '.join(missing)}, so the tests that need them cannot run. Try: {advice(missing)}"
        print(f"system packages: {told}")


if __name__ == "__main__":
    main()
