"""A server that the app's Python does not have, lent from Seatrial's own for the time of a trial.

The project is not touched: a private folder holds links to the packages, all plain Python, and is put behind the
project's own packages on the path.
"""

import importlib.util
from pathlib import Path

__all__ = ["lend_gunicorn"]

GUNICORN = ("gunicorn", "packaging")
"""gunicorn and all it needs."""


def lend_gunicorn(folder: Path) -> Path | None:
    """A folder for PYTHONPATH from which gunicorn can be imported; None when Seatrial has none either."""
    found = {name: importlib.util.find_spec(name) for name in GUNICORN}
    if any(spec is None or not spec.origin for spec in found.values()):
        return None
    folder.mkdir(exist_ok=True)
    for name, spec in found.items():
        assert spec is not None
        assert spec.origin is not None
        link = folder / name
        if not link.exists():
            link.symlink_to(Path(spec.origin).parent, target_is_directory=True)
    return folder
