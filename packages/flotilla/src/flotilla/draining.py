"""Whether this instance is about to leave: one byte that the processes forked from here share."""

import mmap

__all__ = ["Draining"]


class Draining:
    """Not yet, until `begin` is called in any of the processes that share it; then for all of them, for good."""

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, 1)

    def begin(self) -> None:
        """From now on this instance asks for no new visitors."""
        self._shared[0] = 1

    @property
    def begun(self) -> bool:
        """Whether it is about to leave."""
        return bool(self._shared[0])
