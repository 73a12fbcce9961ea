"""A newer Python on this machine that has everything the app's own Python has."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from seatrial.discover.interpreter import Interpreter, version_and_packages

__all__ = ["newer_python", "newest_that_will_do"]

MINORS = range(11, 21)
ENVIRONMENTS = (".venv*", "venv*", "env*")
TOOLS = frozenset({"pip", "setuptools", "wheel", "uv"})
"""Of an environment, which no app needs to run."""


def newest_that_will_do(own: Interpreter, others: Iterable[Interpreter]) -> Interpreter | None:
    """The newest one above the app's own version with all of its packages; None where there is none. Pure."""
    needed = set(own.packages) - TOOLS
    able = [each for each in others if each.version[:2] > own.version[:2] and needed <= set(each.packages)]
    return max(able, key=lambda each: each.version, default=None)


def newer_python(own: Path, folder: Path) -> Interpreter | None:
    """Looked for on the PATH and among the environments in `folder`. own: the app's Python."""
    named = (shutil.which(f"python3.{minor}") for minor in MINORS)
    inside = (path / "bin" / "python" for pattern in ENVIRONMENTS for path in folder.glob(pattern))
    paths = dict.fromkeys([*(Path(path) for path in named if path), *(path for path in inside if path.is_file())])
    asked = {path: version_and_packages(path) for path in (own, *paths)}
    found = {path: Interpreter(path, "on this machine", *told) for path, told in asked.items() if told is not None}
    return newest_that_will_do(found[own], found.values()) if own in found else None
