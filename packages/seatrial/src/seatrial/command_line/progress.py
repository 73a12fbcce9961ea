"""How a command is getting on, on standard error."""

import os
import shutil
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["Progress", "near"]


class Progress:
    """A context: on a terminal one line that renews itself and is gone at the end; elsewhere lines; nothing when quiet.

    is_renewed: whether it is a terminal's.
    """

    def __init__(self, *, quiet: bool) -> None:
        self.is_renewed = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._quiet = quiet
        self._is_shown = False
        self._since_s = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._clear()

    @property
    def is_watched(self) -> bool:
        """Whether anybody sees the line that renews itself."""
        return self.is_renewed and not self._quiet

    @property
    def elapsed_s(self) -> float:
        """Since it began."""
        return time.monotonic() - self._since_s

    def renew(self, text: str) -> None:
        """What is done now; only on a terminal, cut to its width."""
        if self.is_renewed:
            self._is_shown = True
            self._write(f"\r\x1b[K{text[: shutil.get_terminal_size().columns - 1]}")

    def line(self, text: str) -> None:
        """A line that stays."""
        self._clear()
        self._write(f"{text}\n")

    def step(self, text: str) -> None:
        """What is done now: the line that renews itself, or one more."""
        (self.renew if self.is_renewed else self.line)(text)

    def _clear(self) -> None:
        if self._is_shown:
            self._is_shown = False
            self._write("\r\x1b[K")

    def _write(self, text: str) -> None:
        if not self._quiet:
            sys.stderr.write(text)
            sys.stderr.flush()


def near(path: Path) -> str:
    """The path as seen from here, where it is below."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
