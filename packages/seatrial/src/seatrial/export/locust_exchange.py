"""One request of a journey through Locust's client, its headers, cookies and redirects as Seatrial has them."""

import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import gevent
from geventhttpclient.response import HTTPConnectionClosed
from locust.contrib.fasthttp import FAILURE_EXCEPTIONS, FastHttpSession, ResponseContextManager

from seatrial.load.http.headers import Headers
from seatrial.load.http.messages import Request, Response, describe
from seatrial.load.http.redirects import REDIRECTS, REDIRECTS_MAX, leads_on, redirected
from seatrial.load.journey.person import Person

__all__ = ["Asked", "Sender"]

_EVERY_STATUS = frozenset(range(100, 600))
_CAUSES: tuple[tuple[type | tuple[type, ...], str], ...] = (
    ((TimeoutError, gevent.Timeout), "timeout"),
    (ConnectionRefusedError, "refused"),
    ((OSError, HTTPConnectionClosed), "reset"),
)


@dataclass(slots=True)
class Asked:
    """A request that is over, not yet in Locust's statistics: the journey judges the answer first.

    response: None when no whole answer came. leads_on: it is one redirect more than are followed.
    """

    managed: ResponseContextManager
    response: Response | None
    leads_on: bool = False

    @property
    def is_wrong(self) -> bool:
        """Whether it failed whatever the journey says: no answer, or a status that the journey did not expect."""
        response = self.response
        if response is None or self.leads_on:
            return True
        return (response.status >= 400 and not response.expected) or leads_on(response)

    def settle(self, error: str = "") -> None:
        """Into the statistics, as a failure if the journey found an error or it is wrong by itself.

        Locust counts failures by their words: they hold nothing that differs from person to person.
        """
        with self.managed as managed:
            if error:
                managed.failure(error)
            elif self.response is None:
                managed.failure(self._cause())
            elif self.leads_on:
                managed.failure(f"status: more than {REDIRECTS_MAX} redirects")
            elif self.response.status in REDIRECTS and self.is_wrong:
                managed.failure("status: a redirect leads away from the app")
            elif self.is_wrong:
                managed.failure(f"status: {self.response.status}")
            else:
                managed.success()

    def described(self) -> str:
        """The answer in words."""
        return self._cause() if self.response is None else describe(self.response)

    def _cause(self) -> str:
        """Why no answer came, in Seatrial's words for it."""
        error = self.managed.request_meta["exception"] or getattr(self.managed, "error", None)
        error = getattr(error, "original", None) or error
        kind = next((words for kind, words in _CAUSES if isinstance(error, kind)), "protocol")
        return f"{kind}: {error or 'no answer'}"


class Sender:
    """Sends what a journey asks for; host: such as http://127.0.0.1:8000, without a path.

    The session's own cookies and redirects are switched off: Seatrial's, one jar a person, take their place.
    """

    def __init__(self, session: FastHttpSession, host: str, *, keep_alive: bool, headers: Mapping[str, str]) -> None:
        self._session = session
        agent: Any = session.client  # what is a setting of its class in Locust becomes this session's own
        agent.cookiejar = None
        agent.redirect_response_codes = frozenset()
        # Every answer is an answer; whether it is right the journey says.
        agent.valid_response_codes = _EVERY_STATUS
        parts = urllib.parse.urlsplit(host)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        self._scheme = parts.scheme
        self._origins = frozenset({parts.netloc.lower(), f"{parts.hostname}:{port}"})
        # As Seatrial's own client sends, so that the app has the same work.
        self._headers = {"User-Agent": "seatrial", "Accept": "*/*", "Accept-Encoding": "gzip"}
        self._headers |= headers
        if not keep_alive:
            self._headers["Connection"] = "close"

    def send(self, person: Person, operation: str, request: Request) -> Asked:
        """One request and the redirects that follow it, which are settled; the last answer is to be judged."""
        name = request.name or operation
        for hop in range(REDIRECTS_MAX + 1):
            managed = self._session.request(
                request.method,
                request.path,
                name=f"{name} (redirect)" if hop else name,
                data=cast("str | None", request.body or None),  # bytes are sent as they are
                headers=self._headers_of(request, person),
                catch_response=True,
            )
            response = _response(managed, request)
            if response is None:
                return Asked(managed, None)
            for cookie in response.headers.get_all("set-cookie"):
                person.cookies.store(cookie, request.path)
            onward = None
            if request.follow and response.status in REDIRECTS:
                onward = redirected(request, response, self._scheme, self._origins)
            if onward is None:
                return Asked(managed, response)
            asked = Asked(managed, response, leads_on=hop == REDIRECTS_MAX)
            if asked.leads_on:
                break
            # It is followed, and so no answer to be judged.
            with managed as followed:
                followed.success()
            request = onward
        return asked

    def _headers_of(self, request: Request, person: Person) -> dict[str, str | list[str]]:
        own: dict[str, list[str]] = {}
        for name, value in request.headers:
            own.setdefault(name.title(), []).append(value)
        headers: dict[str, str | list[str]] = {**self._headers, **own}
        if cookie := person.cookies.header(request.path):
            headers["Cookie"] = cookie
        if not request.body and request.method not in {"GET", "HEAD"}:
            headers["Content-Length"] = "0"
        return headers


def _response(managed: ResponseContextManager, request: Request) -> Response | None:
    if not managed.status_code or managed.headers is None:
        return None
    try:
        body = managed.content or b""
    except FAILURE_EXCEPTIONS:  # the answer broke off; Locust has noted it
        return None
    # Locust has inflated the body already.
    pairs = [
        (str(name).encode("latin-1"), str(value).encode("latin-1"))
        for name, value in managed.headers.items()
        if str(name).lower() != "content-encoding"
    ]
    return Response(managed.status_code, Headers(pairs), bytes(body), request.path, request)
