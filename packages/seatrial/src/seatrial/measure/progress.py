"""What is being done, and how long it still takes."""

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Progress", "Report"]


@dataclass(frozen=True, slots=True)
class Report:
    """One step: what it is, and seconds still expected for it and all that follows."""

    text: str
    remaining_s: float


class Progress:
    """Counts planned seconds down as steps begin; tells each step to `tell`.

    The plan is an expectation, not a limit: `expect` replaces it when more is known.
    """

    def __init__(self, tell: Callable[[Report], None]) -> None:
        self._tell = tell
        self._remaining_s = 0.0
        self._current_s = 0.0

    def expect(self, seconds: float) -> None:
        """Sets what is expected from now on."""
        self._remaining_s, self._current_s = seconds, 0.0

    def step(self, text: str, expected_s: float = 0.0) -> None:
        """Begins a step that is part of the expectation."""
        self._remaining_s = max(0.0, self._remaining_s - self._current_s)
        self._current_s = expected_s
        self._tell(Report(text, max(self._remaining_s, expected_s)))
