"""The project as it is tried out: in a copy, so that nothing an app or its commands write touches the original."""

import os
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path

from seatrial.errors import TestbedError
from seatrial.testbed.project_copy import ProjectCopy

__all__ = ["TrialCopy"]

NO_DATA = (".pyc", ".pyo", ".log", ".pid", ".sock")
TOLD = 3


class TrialCopy:
    """A copy of `project` below `folder`, made anew for each attempt; where it is too large, the project itself."""

    def __init__(self, project: Path, folder: Path) -> None:
        self._project = project
        self._folder = folder / "copy"
        self._path = project

    def renew(self) -> None:
        """Throws away what the last attempt has written."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        try:
            self._path = ProjectCopy(self._project, self._folder).path
        except TestbedError:
            self._path = self._project

    @property
    def is_apart(self) -> bool:
        """Whether there is a copy."""
        return self._path != self._project

    def place_of(self, path: Path) -> Path:
        """Where a folder of the project is in the copy."""
        return self._path / path.relative_to(self._project) if path.is_relative_to(self._project) else path

    def written(self, own: Collection[str]) -> list[str]:
        """What the app and its commands have written into the project's folder, the first few of it.

        own: names of files that `init` itself has put there.
        """
        changed = (name for name in self._changes() if name.rsplit("/", 1)[-1] not in own)
        return sorted(changed)[:TOLD] if self.is_apart else []

    def _changes(self) -> Iterator[str]:
        for folder, _, names in os.walk(self._path):
            here = Path(folder).relative_to(self._path)
            for name in names:
                if name.endswith(NO_DATA) or "__pycache__" in here.parts:
                    continue
                mine, original = Path(folder, name), self._project / here / name
                if mine.is_file() and not mine.is_symlink() and _differs(mine, original):
                    yield (here / name).as_posix()


def _differs(mine: Path, original: Path) -> bool:
    if not original.is_file():
        return True
    now, then = mine.stat(), original.stat()
    return (now.st_size, int(now.st_mtime)) != (then.st_size, int(then.st_mtime))
