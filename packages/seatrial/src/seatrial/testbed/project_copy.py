"""A private copy of the project's folder, for an app that keeps its data in files of its own, such as SQLite's."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from seatrial.errors import TestbedError

__all__ = ["ProjectCopy"]

BYTES_MAX = 1_000_000_000
FILES_MAX = 50_000

LEFT_OUT = frozenset(
    {".git", ".hg", ".venv", "venv", ".tox", ".mypy_cache", ".pytest_cache", "__pycache__", "node_modules"}
)
"""Never part of what an app reads and writes, and large."""


class ProjectCopy:
    """The copy, and a snapshot of it that it returns to; both below one folder, which somebody else removes."""

    def __init__(self, project: Path, folder: Path) -> None:
        """Copies `project` into `folder`. Raises TestbedError when it is too large or cannot be read."""
        self.path = folder / "project"
        self._snapshot = folder / "project-as-prepared"
        self._refuse_large(project)
        _copy(project, self.path, _left_out)

    def snapshot(self) -> None:
        """Keep what is there now."""
        _copy(self.path, self._snapshot, None)

    def restore(self) -> None:
        """Return to what was kept."""
        shutil.rmtree(self.path)
        _copy(self._snapshot, self.path, None)

    @staticmethod
    def _refuse_large(project: Path) -> None:
        size = files = 0
        for folder, folders, names in os.walk(project):
            folders[:] = [name for name in folders if name not in _left_out(folder, folders)]
            files += len(names)
            size += sum(Path(folder, name).lstat().st_size for name in names)
            if size > BYTES_MAX or files > FILES_MAX:
                raise TestbedError(
                    f"the folder is too large to be copied: more than {BYTES_MAX // 1_000_000} MB or {FILES_MAX} files",
                    where=str(project),
                    try_this="Take what the app does not need out of it, or set subject.copied = false: the trial then "
                    "writes to the app's own files.",
                )


def _left_out(folder: str, names: Iterable[str]) -> set[str]:
    return {name for name in names if name in LEFT_OUT or Path(folder, name, "pyvenv.cfg").exists()}


def _copy(source: Path, target: Path, left_out: object) -> None:
    try:
        shutil.copytree(source, target, symlinks=True, ignore=left_out)  # type: ignore[arg-type]  # as shutil calls it
    except (OSError, shutil.Error) as error:
        raise TestbedError(
            f"the app's folder cannot be copied: {error}",
            where=str(source),
            try_this="Look whether you may read all of it, and whether the disk has room.",
        ) from error
