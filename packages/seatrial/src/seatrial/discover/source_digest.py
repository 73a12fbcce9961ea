"""A digest of an app's own files, by which two studies know whether they are of the same code."""

import subprocess
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from seatrial.discover.source_tree import BYTES_MAX, SourceTree
from seatrial.errors import SpecError
from seatrial.spec.subject import Subject

__all__ = ["source_digest"]

CODE = frozenset({".css", ".html", ".in", ".j2", ".jinja", ".jinja2", ".js", ".lock", ".py", ".sql", ".toml", ".txt"})

WHERE = "import sys; from importlib.util import find_spec; print(find_spec(sys.argv[1]).origin)"
"""Finds a module without importing it."""

FIND_TIMEOUT_S = 10.0


def source_digest(subject: Subject, *further: Path) -> str:
    """Of the code in the subject's directory and of the package that holds its app, wherever it is installed, by names
    and contents; and of further files. "" when one of them cannot be read, or the app cannot be found.

    Environments, hidden folders, results and what `init` wrote are left out, and the packages that the app uses.
    """
    found = sha256()
    try:
        package = _package_of(subject)
        folders = [subject.directory, *([package] if package is not None and package != subject.directory else [])]
        for name, path in [*_code_in(folders), *((path.name, path) for path in further)]:
            if path.stat().st_size <= BYTES_MAX:
                found.update(f"{name}\0{sha256(path.read_bytes()).hexdigest()}\n".encode())
    except (OSError, SpecError, subprocess.SubprocessError):
        return ""
    return found.hexdigest()[:32]


def _code_in(folders: list[Path]) -> Iterator[tuple[str, Path]]:
    for folder in folders:
        yield from ((name, folder / name) for name in SourceTree(folder).names() if Path(name).suffix in CODE)


def _package_of(subject: Subject) -> Path | None:
    """The folder of the package that `app` is in; None where it is a single file, or nobody says which app it is.

    Raises:
        SubprocessError: the subject's Python does not find it.
    """
    top = subject.app.partition(":")[0].partition(".")[0]
    if not top:
        return None
    ask = [str(subject.python), "-c", WHERE, top]
    told = subprocess.run(
        ask, cwd=subject.directory, capture_output=True, text=True, check=True, timeout=FIND_TIMEOUT_S
    )
    origin = Path(told.stdout.strip())
    return origin.parent if origin.name == "__init__.py" else None
