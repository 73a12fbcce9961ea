"""Which Python has the project's packages, and what is installed there."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from seatrial.discover.source_tree import SourceTree

__all__ = ["Interpreter", "find_interpreter", "version_and_packages"]

ASK_S = 30.0

# Run by the project's Python, which may be older than ours: nothing newer than 3.8 in it.
LISTING = """
import importlib.metadata as m, json, sys
found = {}
for d in m.distributions():
    name = d.metadata["Name"]
    if name:
        found[name.lower().replace("_", "-")] = d.version
print(json.dumps({"version": list(sys.version_info[:3]), "packages": found}))
"""

MANAGERS = (
    ("poetry.lock", ("poetry", "env", "info", "--executable"), "poetry's environment"),
    ("Pipfile", ("pipenv", "--py"), "pipenv's environment"),
)
"""(a file that tells of it, what prints the Python's path, how it is called)"""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python and its packages. packages: version by name, lower case with hyphens. how: where it was found.

    is_own: it is the one that runs Seatrial, for want of one of the project's.
    """

    path: Path
    how: str
    version: tuple[int, ...]
    packages: Mapping[str, str]
    is_own: bool = False

    def has(self, package: str) -> bool:
        """Whether a package of that name is installed there."""
        return package in self.packages


def find_interpreter(tree: SourceTree, given: Path | None = None) -> Interpreter:
    """The first Python of the project that runs: `given`, its own environments, a manager's, the active one.

    Without any of these it is Seatrial's own, which is said.
    """
    for path, how in _candidates(tree, given):
        if path.is_file() and (told := version_and_packages(path)) is not None:
            version, packages = told
            return Interpreter(path, how, version, packages)
    told = version_and_packages(Path(sys.executable)) or ((sys.version_info[0], sys.version_info[1]), {})
    return Interpreter(Path(sys.executable), "the Python that runs Seatrial", *told, is_own=True)


def _candidates(tree: SourceTree, given: Path | None) -> Iterator[tuple[Path, str]]:
    if given is not None:
        yield given, "as you said"
    for folder in (tree.root, *_folders_with_requirements(tree), tree.root.parent):
        for name in (".venv", "venv", "env", ".env", "virtualenv"):
            yield folder / name / "bin" / "python", f"{name} in the project"
    for sign, command, how in MANAGERS:
        if tree.has(sign) and (path := _printed(command, tree.root)):
            yield Path(path), how
    for variable, how in (("VIRTUAL_ENV", "the active environment"), ("CONDA_PREFIX", "the active conda environment")):
        if folder_name := os.environ.get(variable):
            yield Path(folder_name) / "bin" / "python", how


def _folders_with_requirements(tree: SourceTree) -> Iterator[Path]:
    for name in tree.names():
        if name.count("/") in {1, 2} and name.rsplit("/", 1)[1] in {"requirements.txt", "pyproject.toml", "Pipfile"}:
            yield (tree.root / name).parent


def _printed(command: tuple[str, ...], folder: Path) -> str:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=ASK_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    lines = done.stdout.split("\n") if done.returncode == 0 else []
    return next((line.strip() for line in lines if line.strip().startswith("/")), "")


def version_and_packages(python: Path) -> tuple[tuple[int, ...], dict[str, str]] | None:
    """What a Python says of itself, packages as in `Interpreter`; None where it cannot be asked."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    try:
        done = subprocess.run(
            [python, "-c", LISTING], capture_output=True, text=True, timeout=ASK_S, check=True, env=environment
        )
        told = json.loads(done.stdout.splitlines()[-1])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None
    return tuple(told["version"]), told["packages"]
