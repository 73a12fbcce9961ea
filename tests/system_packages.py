"""Makes sure that the tests find a Chromium: run by `make test`, before pytest.

Installs it with apt-get where that is possible (Debian or Ubuntu, as root); elsewhere says what to install. It never
fails: the tests that need a browser say so themselves when there is none.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

__all__ = ["chromium", "main"]

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
APPLICATIONS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
INSTALL_TIMEOUT_S = 420


def chromium() -> str | None:
    """The path of a Chromium or Chrome on this machine."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    return found or next((path for path in APPLICATIONS if Path(path).exists()), None)


def commands() -> tuple[tuple[str, ...], ...]:
    """What to run, in order; a slow or dead mirror gives up after 30 s and is tried three times."""
    patience = ("-o", "Acquire::http::Timeout=30", "-o", "Acquire::Retries=3", "-o", "DPkg::Lock::Timeout=120")
    return (
        ("apt-get", *patience, "update", "--quiet=2"),
        ("apt-get", *patience, "install", "--quiet=2", "--yes", "--no-install-recommends", "chromium"),
    )


def may_install() -> bool:
    """Whether this is a Debian or Ubuntu that this process may install packages on."""
    return sys.platform == "linux" and shutil.which("apt-get") is not None and os.geteuid() == 0


def advice() -> str:
    """What a person can do where this script may not."""
    if sys.platform == "darwin":
        return "brew install --cask chromium"
    if shutil.which("apt-get"):
        return "sudo apt-get install chromium"
    return "install Chromium with this system's package manager"


def install() -> str:
    """Runs the commands within the deadline; the sentence says how it went."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in commands():
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
            return f"Chromium was not installed: {' '.join(command[:1])} took more than {INSTALL_TIMEOUT_S} s."
        except subprocess.CalledProcessError as problem:
            last = (problem.stderr or problem.stdout or "").strip().splitlines()[-1:]
            return f"Chromium was not installed: {' '.join(last) or f'apt-get ended with {problem.returncode}'}"
    return f"Chromium was installed for the browser tests: {chromium()}"


def main() -> None:
    """Prints one line: what was there, what was done, or what to do."""
    present = chromium()
    if present:
        print(f"system packages: Chromium is there: {present}")
    elif may_install():
        print(f"system packages: {install()}", flush=True)
    else:
        print(f"system packages: no Chromium, so the browser tests cannot run. Try: {advice()}")


if __name__ == "__main__":
    main()
