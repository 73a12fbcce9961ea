"""Writing what a command makes, and never over something else unasked."""

from collections.abc import Iterable
from pathlib import Path

from seatrial.errors import SpecError

__all__ = ["keep", "refuse_replacing"]


def keep(path: Path, content: bytes, try_this: str = "Name another place.") -> None:
    """Writes a file, and its folder if need be. Raises `SpecError` when that cannot be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise SpecError(
            f"the file cannot be written: {error.strerror or error}.", where=str(path), try_this=try_this
        ) from error


def refuse_replacing(paths: Iterable[Path], where: Path, try_this: str) -> None:
    """Raises `SpecError` when one of the files is there already."""
    there = [path for path in paths if path.exists()]
    if there:
        told = ", ".join(map(str, there))
        raise SpecError(f"{told} would be replaced.", where=str(where), try_this=try_this)
