"""One person doing one journey once: drives its generator from answer to answer, without a task of its own."""

import asyncio
import time
import traceback
import urllib.parse
from collections.abc import Callable
from typing import Protocol

from seatrial.load.client import Client
from seatrial.load.exchange import Exchange
from seatrial.load.expectation import ExpectationError, describe
from seatrial.load.interval import Interval
from seatrial.load.messages import Headers, Journey, Request, Response, Think
from seatrial.load.observation import Observation
from seatrial.load.person import Person
from seatrial.load.wire import Target, Wire

__all__ = ["Job", "JourneyRun", "Stage"]

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_REDIRECTS_MAX = 10


Job = tuple[str, Callable[[Person], Journey], Person]
"""An operation's name, its journey, and who does it."""


class Stage(Protocol):
    """What all runs of one driver share."""

    client: Client
    wire: Wire
    target: Target
    timeout_s: float
    loop: asyncio.AbstractEventLoop


class JourneyRun:
    """A journey under way. `counted`: whether its requests belong to the interval; on_end(run) is called once.

    failed: some request went wrong. requests: how many were sent, redirects included.
    """

    __slots__ = (
        "_dispatched_s",
        "_due_s",
        "_exchange",
        "_generator",
        "_hops",
        "_interval",
        "_journey",
        "_on_end",
        "_pause",
        "_request",
        "_stage",
        "_step",
        "counted",
        "failed",
        "operation",
        "person",
        "requests",
    )

    def __init__(
        self,
        stage: Stage,
        interval: Interval,
        job: Job,
        on_end: Callable[["JourneyRun"], None],
        *,
        counted: bool = True,
    ) -> None:
        self._stage = stage
        self._interval = interval
        self._on_end = on_end
        self.operation, self._journey, self.person = job
        self.counted = counted
        self.failed = False
        self.requests = 0
        self._generator: Journey | None = None
        self._request: Request | None = None
        self._exchange: Exchange | None = None
        self._pause: asyncio.TimerHandle | None = None
        self._step = 0
        self._hops = 0
        self._due_s = 0.0
        self._dispatched_s = 0.0

    def start(self, due_s: float) -> None:
        """Send the journey's first request, which was due at `due_s`."""
        self._due_s = due_s
        self._dispatched_s = time.perf_counter()
        try:
            self._generator = self._journey(self.person)
        except Exception as error:  # noqa: BLE001 - the user's code may raise anything; it is told in words
            self._failed_without_answer("journey", _in_words(error))
            return
        step, error_name, detail = self._advance(None)
        if error_name:
            self._failed_without_answer(error_name, detail)
        else:
            self._take(step, due_s)

    def cut(self, error: str) -> None:
        """End it now: a request on its way is counted with this error, a pause just ends."""
        if self._exchange is not None:
            self._stage.client.fail(self._exchange, error, "the interval's last wait was over")
        else:
            self._end()

    def _advance(self, response: Response | None) -> tuple[Request | Think | None, str, str]:
        """The journey's next step (None: it is over), or what it raised: (step, error, detail)."""
        if self._generator is None:
            return None, "", ""
        try:
            # The first send of a generator takes None, which its type does not say.
            return (next(self._generator) if response is None else self._generator.send(response)), "", ""
        except StopIteration:
            return None, "", ""
        except ExpectationError as error:
            return None, "expectation", str(error)
        except Exception as error:  # noqa: BLE001 - the user's code may raise anything; it is told in words
            return None, "journey", _in_words(error)

    def _take(self, step: object, due_s: float) -> None:
        self._due_s = due_s
        if step is None or self._interval.stopping:
            self._end()
        elif isinstance(step, Request):
            self._step += 1
            self._hops = 0
            self._send(step, due_s)
        elif not isinstance(step, Think):
            self._dispatched_s = time.perf_counter()
            self._failed_without_answer("journey", f"it yielded {step!r}; a journey yields get(), post() or think().")
        elif self._interval.thinks:
            delay_s = max(0.0, due_s + step.seconds - time.perf_counter())
            self._pause = self._stage.loop.call_later(delay_s, self._resume, due_s + step.seconds)
        else:
            self._pause = self._stage.loop.call_later(0, self._resume, due_s)

    def _resume(self, due_s: float) -> None:
        self._pause = None
        # Timers may ring up to a millisecond early; nobody can be early for what they were thinking about.
        due_s = min(due_s, time.perf_counter())
        self._due_s = due_s
        step, error, detail = self._advance(None)
        if error:
            self._dispatched_s = time.perf_counter()
            self._failed_without_answer(error, detail)
        else:
            self._take(step, due_s)

    def _send(self, request: Request, due_s: float) -> None:
        stage = self._stage
        self._request = request
        self._due_s = due_s
        self._dispatched_s = time.perf_counter()
        self.requests += 1
        self._exchange = exchange = Exchange(
            stage.wire.encode(request, self.person.cookies.header(request.path)),
            due_s + stage.timeout_s,
            self._answered,
            is_head=request.method == "HEAD",
            on_send=self._interval.before_send,
        )
        stage.client.submit(exchange)

    def _answered(self, exchange: Exchange) -> None:
        self._exchange = None
        request = self._request
        if request is None:
            return
        if exchange.error:
            self._observe(exchange, exchange.error, exchange.detail)
            self._end()
            return
        for cookie in exchange.set_cookies:
            self.person.cookies.store(cookie.decode("latin-1"), request.path)
        response = Response(exchange.status, Headers(exchange.headers), exchange.body, request.path, request)
        if request.follow and exchange.status in _REDIRECTS:
            onward = self._redirected(request, response)
            if onward is not None and self._hops < _REDIRECTS_MAX:
                self._observe(exchange, "", "")
                self._hops += 1
                if self._interval.stopping:
                    self._end()
                else:
                    self._send(onward, exchange.done_s)
                return
        self._judge(exchange, response)

    def _judge(self, exchange: Exchange, response: Response) -> None:
        step, error, detail = self._advance(response)
        if not error and response.status >= 400 and not response.expected:
            error, detail = "status", f"got {describe(response)}"
        elif not error and self._hops >= _REDIRECTS_MAX:
            error, detail = "status", f"more than {_REDIRECTS_MAX} redirects; got {describe(response)}"
        self._observe(exchange, error, detail)
        self._take(step, exchange.done_s)

    def _redirected(self, request: Request, response: Response) -> Request | None:
        """The request that follows a redirect, as browsers do; None when it leads away from the subject."""
        location = response.headers.get("location", "")
        try:
            parts = urllib.parse.urlsplit(urllib.parse.urljoin(request.path, location))
        except ValueError:
            return None
        leads_away = parts.scheme not in {"", "http"} or (parts.netloc.lower() not in {"", *self._stage.target.origins})
        if not location or leads_away or not (parts.path or "/").startswith("/"):
            return None
        path = urllib.parse.quote(parts.path or "/", safe="/%:;,@!$&'()*+=~") + (
            "?" + urllib.parse.quote(parts.query, safe="/%:;,@!$&'()*+=~?") if parts.query else ""
        )
        becomes_get = response.status == 303 or (response.status in {301, 302} and request.method == "POST")
        if becomes_get and request.method != "HEAD":
            kept = tuple(pair for pair in request.headers if not pair[0].lower().startswith("content-"))
            return Request("GET", path, b"", kept, request.name, follow=True)
        return Request(request.method, path, request.body, request.headers, request.name, follow=True)

    def _name(self) -> str:
        name = (self._request.name if self._request else "") or self.operation
        return f"{name} (redirect)" if self._hops else name

    def _observe(self, exchange: Exchange, error: str, detail: str) -> None:
        self._note(
            Observation(
                self._name(),
                self._due_s,
                self._dispatched_s,
                exchange.sent_s or exchange.done_s,
                exchange.done_s,
                exchange.status,
                error,
                exchange.reused_retry,
            ),
            detail,
        )

    def _failed_without_answer(self, error: str, detail: str) -> None:
        """The journey's own code failed where it should have made a request: a request that never went out."""
        now_s = time.perf_counter()
        self._request = None
        self._hops = 0
        self._note(Observation(self.operation, self._due_s, self._dispatched_s, now_s, now_s, 0, error), detail)
        self._end()

    def _note(self, seen: Observation, detail: str) -> None:
        failure = None
        if seen.error:
            self.failed = True
            failure = self._explained(seen, detail)
        if self.counted:
            self._interval.add(seen, failure)

    def _explained(self, seen: Observation, detail: str) -> tuple[str, str]:
        request = self._request
        sent = f" ({request.method} {request.path})" if request else ""
        status = f", status {seen.status}" if seen.status else ""
        kind = f"{self.operation} {self._step} {seen.status} {seen.error} {detail}"
        return (
            kind,
            f"{self.operation}, step {self._step}{sent}, person {self.person.number}{status}: {seen.error}: {detail}",
        )

    def _end(self) -> None:
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None
        generator, self._generator = self._generator, None
        if generator is not None:
            try:
                generator.close()
            except Exception as error:  # noqa: BLE001 - the user's clean-up may raise anything; it is told in words
                self._interval.explain(
                    f"{self.operation} close", f"{self.operation}: on ending it raised {_in_words(error)}"
                )
        on_end, self._on_end = self._on_end, _already_over
        on_end(self)


def _already_over(run: JourneyRun) -> None:
    """Takes the place of on_end once it was called."""


def _in_words(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({frames[-1].filename}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{where}"
