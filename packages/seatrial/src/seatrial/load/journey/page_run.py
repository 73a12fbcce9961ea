"""The parallel requests of one page under way, as a browser sends them."""

from collections import deque

from seatrial.load.http.messages import Response
from seatrial.load.journey.request_run import RequestRun
from seatrial.load.journey.steps import Page
from seatrial.load.journey.under_way import Host

__all__ = ["AT_ONCE", "PageRun"]

AT_ONCE = 6
"""Requests of one page on their way at once: browsers open six connections to one host over HTTP/1.1."""


class PageRun:
    """Sends the first six requests at once, and each further one when one of them is over.

    A request that had to wait for its turn is due when its turn comes: the wait is the browser's, not the server's.
    Where requests are read one by one, they are sent so.
    """

    __slots__ = ("_all", "_host", "_is_cut", "_left", "_live", "_runs", "_waiting")

    def __init__(self, host: Host, page: Page, due_s: float) -> None:
        self._host = host
        self._waiting = deque(page.requests)
        # In the order of the page, since they are sent in it.
        self._runs: list[RequestRun] = []
        self._live: set[RequestRun] = set()
        self._all = self._left = len(page.requests)
        self._is_cut = False
        for _ in range(min(1 if host.interval.one_by_one else AT_ONCE, self._left)):
            self._next(due_s)

    def cut(self, error: str) -> None:
        """End it now; what was not sent yet stays so."""
        self._is_cut = True
        self._drop_waiting()
        for run in list(self._live):
            run.cut(error)

    def _next(self, due_s: float) -> None:
        run = RequestRun(self._host, self._waiting.popleft(), due_s, self)
        self._runs.append(run)
        self._live.add(run)

    def _drop_waiting(self) -> None:
        self._left -= len(self._waiting)
        self._waiting.clear()

    def request_over(self, run: RequestRun) -> None:
        """Called by each request: see `request_run.Waiting`."""
        host = self._host
        self._live.discard(run)
        self._left -= 1
        if host.interval.one_by_one is not None:
            host.interval.one_by_one.answered()
        if self._waiting:
            if host.interval.stopping:
                self._drop_waiting()
            else:
                self._next(run.done_s)
        if self._left:
            return
        # Left in both places, page and requests would hold each other until the garbage collector looks.
        seen, self._runs = self._runs, []
        responses: list[Response] = [one.response for one in seen if one.response is not None]
        if self._is_cut or len(responses) < self._all:
            host.give_up(seen)
        else:
            host.over(tuple(responses), run.done_s, seen)
