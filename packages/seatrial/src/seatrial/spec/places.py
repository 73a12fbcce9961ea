"""Where the things a seatrial.toml names are: relative to its folder, never resolved through links."""

import os
import shutil
import sys
from pathlib import Path

from seatrial.spec.catalog import Catalog, catalog, catalog_with
from seatrial.spec.checking import Checked

__all__ = ["absolute", "catalog_of", "python_of"]


def python_of(folder: Path, checked: Checked) -> Path:
    """The chosen interpreter, else that of the app's own virtual environment, else this one.

    Its links are kept: a link is what makes an interpreter that of its environment.
    """
    chosen = checked.values["subject.python"]
    if chosen and "/" not in chosen and not (folder / chosen).exists():
        return Path(shutil.which(chosen) or folder / chosen)
    if chosen:
        return absolute(folder / Path(chosen).expanduser())
    directory = absolute(folder / checked.values["subject.directory"])
    candidates = (directory / name / "bin" / "python" for name in (".venv", "venv"))
    return next((python for python in candidates if python.is_file()), Path(sys.executable))


def catalog_of(folder: Path, checked: Checked) -> Catalog:
    """The catalogue of plans, with the rows of the file that plan.catalog names.

    Raises:
        SpecError: that file cannot be used.
    """
    own = checked.values["plan.catalog"]
    return catalog_with(absolute(folder / Path(own).expanduser())) if own else catalog()


def absolute(path: Path) -> Path:
    """The path from the root, without `..`, links kept."""
    return Path(os.path.abspath(path))  # noqa: PTH100 -- Path.resolve() would follow the links of virtual environments
