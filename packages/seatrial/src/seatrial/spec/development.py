"""Command lines that start a server for working on an app."""

import re
from collections.abc import Sequence
from pathlib import Path

__all__ = ["is_for_development", "starts_development_server"]

SIGNS = re.compile(r"\brunserver\b|\bflask\b.*\srun\b|\bfastapi\s+dev\b|--reload\b")
OWN_START = re.compile(r"^[ \t]*\w*app\w*\.run\(", re.MULTILINE)
"""Flask's `app.run()`, in a script that is run itself."""

BYTES_MAX = 1_000_000


def is_for_development(command: str) -> bool:
    """Whether a command line starts a server for working on an app, or one that looks for changed files. Pure."""
    return bool(SIGNS.search(command))


def starts_development_server(command: Sequence[str], directory: Path) -> bool:
    """The same, also of a script in the folder that starts Flask's own server. command: as split into words."""
    if is_for_development(" ".join(command)):
        return True
    scripts = (directory / word for word in command if word.endswith(".py"))
    return any(
        OWN_START.search(script.read_text(encoding="utf-8", errors="replace"))
        for script in scripts
        if script.is_file() and script.stat().st_size < BYTES_MAX
    )
