"""The private folder of one run."""

from pathlib import Path

from seatrial.errors import TestbedError

__all__ = ["make_working_folder"]


def make_working_folder(folder: Path) -> None:
    """Make it, and `files` in it for the subject. Raises TestbedError.

    Entered, not listed, by other users: the database may run as another one.
    """
    try:
        folder.mkdir(mode=0o711)
        (folder / "files").mkdir()
    except OSError as error:
        raise TestbedError(
            f"cannot make the working folder: {error.strerror}",
            where=str(folder),
            try_this="Choose a folder that you may write to, with room for the database.",
        ) from error
