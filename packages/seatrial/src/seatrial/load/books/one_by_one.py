"""Readings around each request of a load that sends one at a time."""

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from seatrial.load.books.observation import Observation

__all__ = ["OneByOne"]

_Token = TypeVar("_Token")


class OneByOne(Generic[_Token]):
    """Brings together three moments of a request: it is sent, its answer is whole, the journey has judged it.

    A journey judges the requests of a page when the last of them is there, but the reading that ends one must be made
    before the next is sent.
    """

    def __init__(
        self,
        before: Callable[[], _Token],
        done: Callable[[], _Token],
        judged: Callable[[Observation, _Token, _Token], None],
    ) -> None:
        self._before = before
        self._done = done
        self._judged = judged
        self._befores: deque[_Token] = deque()
        self._dones: deque[_Token] = deque()

    def sending(self) -> None:
        """Right before the bytes go out; a second time when they go out again over another connection."""
        if len(self._befores) > len(self._dones):
            self._befores.pop()
        self._befores.append(self._before())

    def answered(self) -> None:
        """The answer is whole, or will not come."""
        if len(self._befores) == len(self._dones):
            self._befores.append(self._before())  # it was refused before it could be sent
        self._dones.append(self._done())

    def observed(self, seen: Observation) -> None:
        """The request was judged: the last one sent, or the first of those that were answered before."""
        if len(self._befores) > len(self._dones) or not self._befores:
            self.answered()
            self._judged(seen, self._befores.pop(), self._dones.pop())
        else:
            self._judged(seen, self._befores.popleft(), self._dones.popleft())
