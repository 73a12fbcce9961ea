"""One request of a journey under way, with the redirects that follow it as a browser does."""

from time import perf_counter
from typing import Protocol

from seatrial.load.books.observation import Observation
from seatrial.load.http.exchange import Exchange
from seatrial.load.http.messages import Request, Response, describe
from seatrial.load.http.redirects import REDIRECTS, REDIRECTS_MAX, leads_on, leads_on_in_words, redirected
from seatrial.load.http.wire import expects_continue
from seatrial.load.journey.under_way import Host
from seatrial.spec.workload import REDIRECTED

__all__ = ["RequestRun", "Waiting"]

_tuple_of = tuple.__new__


class Waiting(Protocol):
    """Who waits for requests: the journey, or a page of several."""

    def request_over(self, run: "RequestRun") -> None:
        """Called once, when the run's `response` is there, or the request failed for good."""


class RequestRun(Exchange):
    """Sends at once; when it is over, it tells whoever waits.

    Redirects on the way are observed here; the last exchange is observed when the journey has judged its response.
    It is its own exchange, one hop after the other: an object and a callback less for each request save 0.25 us, and no
    circle of the two waits for the garbage collector, which hardly ever looks meanwhile.
    """

    __slots__ = ("_dispatched_s", "_due_s", "_hops", "_host", "_request", "_waiting", "response")

    def __init__(self, host: Host, request: Request, due_s: float, waiting: Waiting) -> None:
        self._host = host
        self._hops = 0
        self._waiting = waiting
        self.response: Response | None = None
        self._send(request, due_s)

    def cut(self, error: str) -> None:
        """End it now; it is then over with this error."""
        self._host.stage.client.fail(self, error, "the interval's last wait was over")

    def observe(self, error: str = "", detail: str = "") -> None:
        """Note what was seen: the journey's own error, or else the request's."""
        response = self.response
        if response is None:
            error, detail = self.error, self.detail
        elif not error and self.status >= 400 and not response.expected:
            error, detail = "status", f"got {describe(response)}"
        elif not error and self.status in REDIRECTS and self._request.follow:
            if self._onward(response) is not None:
                error, detail = "status", f"more than {REDIRECTS_MAX} redirects; got {describe(response)}"
            elif leads_on(response):
                error, detail = "status", leads_on_in_words(response)
        self._note(error, detail)

    def _note(self, error: str = "", detail: str = "") -> None:
        host, request = self._host, self._request
        name = request.name or host.operation
        if self._hops:
            name = f"{name}{REDIRECTED}"
        seen = (
            name,
            self._due_s,
            self._dispatched_s,
            self.sent_s or self.done_s,
            self.done_s,
            self.status,
            error,
            self.reused_retry,
            host.step == 1 and not self._hops,
        )
        # As Observation(...) does itself, without a call in between.
        host.note(_tuple_of(Observation, seen), detail, request)

    def _onward(self, response: Response) -> Request | None:
        stage = self._host.stage
        scheme = stage.wire.told_scheme or stage.target.scheme
        return redirected(self._request, response, scheme, stage.target.origins)

    def _send(self, request: Request, due_s: float) -> None:
        host = self._host
        stage = host.stage
        self._request = request
        self._due_s = due_s
        self._dispatched_s = perf_counter()
        try:
            data, error = stage.wire.encode(request, host.person.cookies.header(request.path)), ""
        except ValueError as problem:
            data, error = b"", f"{request!r} cannot be sent: {problem}"
        Exchange.__init__(
            self,
            data,
            due_s + stage.timeout_s,
            is_head=request.method == "HEAD",
            held_from=len(data) - len(request.body) if request.headers and expects_continue(request) else 0,
            on_send=host.interval.before_send,
        )
        if request.cause is not None:
            self.on_send = stage.live.causes.begin(request.cause, due_s, self.on_send).sending
        if error:
            self.error, self.detail, self.done_s = "journey", error, self._dispatched_s
            stage.loop.call_soon(self.ended)
        else:
            stage.client.submit(self)

    def ended(self) -> None:
        """Part of Exchange."""
        head = self.head
        if self.error or head is None:
            self._waiting.request_over(self)
            return
        host, request = self._host, self._request
        for cookie in head.set_cookies:
            host.person.cookies.store(cookie.decode("latin-1"), request.path)
        response = Response(head.status, head.headers, self.body, request.path, request)
        if head.status in REDIRECTS and request.follow:
            onward = self._onward(response)
            if onward is not None and self._hops < REDIRECTS_MAX:
                if host.interval.stopping:
                    # Nothing further is sent at the end. The redirect itself was right, but no answer to the journey.
                    self._waiting.request_over(self)
                    return
                self._note()
                self._hops += 1
                self._send(onward, self.done_s)
                return
        self.response = response
        self._waiting.request_over(self)
