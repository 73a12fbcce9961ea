"""One request of a journey under way, with the redirects that follow it as a browser does."""

import time
from collections.abc import Callable

from seatrial.load.exchange import Exchange
from seatrial.load.expectation import describe
from seatrial.load.messages import Headers, Request, Response
from seatrial.load.observation import Observation
from seatrial.load.redirects import REDIRECTS, REDIRECTS_MAX, redirected
from seatrial.load.under_way import Host

__all__ = ["RequestRun"]


class RequestRun:
    """Sends at once; on_over(run) is called once, when `response` is there or the request failed for good.

    is_cut_short: the interval ended before a redirect was followed; its answer is not what the journey asked for.
    Redirects on the way are observed here; the last exchange is observed when the journey has judged its response.
    """

    __slots__ = (
        "_dispatched_s",
        "_due_s",
        "_exchange",
        "_hops",
        "_host",
        "_on_over",
        "_request",
        "is_cut_short",
        "response",
    )

    def __init__(self, host: Host, request: Request, due_s: float, on_over: Callable[["RequestRun"], None]) -> None:
        self._host = host
        self._hops = 0
        self._on_over = on_over
        self.is_cut_short = False
        self.response: Response | None = None
        self._send(request, due_s)

    @property
    def done_s(self) -> float:
        """When it was over."""
        return self._exchange.done_s

    def cut(self, error: str) -> None:
        """End it now; it is then over with this error."""
        self._host.stage.client.fail(self._exchange, error, "the interval's last wait was over")

    def observe(self, error: str = "", detail: str = "") -> None:
        """Note what was seen: the journey's own error, or else the request's."""
        exchange, response = self._exchange, self.response
        if response is None:
            error, detail = exchange.error, exchange.detail
        elif not error and response.status >= 400 and not response.expected:
            error, detail = "status", f"got {describe(response)}"
        elif not error and self._hops >= REDIRECTS_MAX:
            error, detail = "status", f"more than {REDIRECTS_MAX} redirects; got {describe(response)}"
        host = self._host
        name = self._request.name or host.operation
        if self._hops:
            name = f"{name} (redirect)"
        host.note(
            Observation(
                name,
                self._due_s,
                self._dispatched_s,
                exchange.sent_s or exchange.done_s,
                exchange.done_s,
                exchange.status,
                error,
                exchange.reused_retry,
            ),
            detail,
            self._request,
        )

    def _send(self, request: Request, due_s: float) -> None:
        host = self._host
        stage = host.stage
        self._request = request
        self._due_s = due_s
        self._dispatched_s = time.perf_counter()
        try:
            data, error = stage.wire.encode(request, host.person.cookies.header(request.path)), ""
        except ValueError as problem:
            data, error = b"", f"{request!r} cannot be sent: {problem}"
        self._exchange = exchange = Exchange(
            data,
            due_s + stage.timeout_s,
            self._answered,
            is_head=request.method == "HEAD",
            on_send=host.interval.before_send,
        )
        if error:
            exchange.error, exchange.detail, exchange.done_s = "journey", error, self._dispatched_s
            stage.loop.call_soon(self._answered, exchange)
        else:
            stage.client.submit(exchange)

    def _answered(self, exchange: Exchange) -> None:
        # The two hold each other: left so, each request would wait for the garbage collector, which is off meanwhile.
        exchange.on_done = _already_over
        if exchange.error:
            self._on_over(self)
            return
        host, request = self._host, self._request
        for cookie in exchange.set_cookies:
            host.person.cookies.store(cookie.decode("latin-1"), request.path)
        response = Response(exchange.status, Headers(exchange.headers), exchange.body, request.path, request)
        if request.follow and exchange.status in REDIRECTS:
            target = host.stage.target
            onward = redirected(request, response, target.scheme, target.origins)
            # At the interval's end nothing further is sent; the redirect itself was a right answer.
            self.is_cut_short = onward is not None and host.interval.stopping
            if onward is not None and self._hops < REDIRECTS_MAX and not host.interval.stopping:
                self.response = response
                self.observe()
                self.response = None
                self._hops += 1
                self._send(onward, exchange.done_s)
                return
        self.response = response
        self._on_over(self)


def _already_over(exchange: Exchange) -> None:
    """Takes the place of on_done once it was called."""
