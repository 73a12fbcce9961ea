"""Answers read from the bytes of a connection, whatever pieces they come in."""

from itertools import chain

import httptools

from seatrial.load.http.content_coding import BODY_MAX_BYTES
from seatrial.load.http.heads import Head

__all__ = ["HEADER_MAX_BYTES", "AnswerReader"]

HEADER_MAX_BYTES = 64 * 1024
_HEADERS_TOO_LONG = f"the headers are longer than {HEADER_MAX_BYTES // 1024} kB"
# Everything read for one answer, chunk sizes and trailers included.
_RAW_MAX_BYTES = 2 * BODY_MAX_BYTES


class _Unusable(Exception):
    """Stops the parser."""


class AnswerReader:
    """Reads one answer between two calls of `begin`; `feed` it until it is `complete` or has a `problem`.

    head: of the final answer, as soon as it was read. keep: whether another answer may follow on the connection; false
    as well when bytes came that nobody asked for. may_continue: the server has answered 100: it wants the body.
    """

    __slots__ = (
        "_body",
        "_body_bytes",
        "_is_head",
        "_pairs",
        "_parser",
        "_received",
        "complete",
        "head",
        "keep",
        "may_continue",
        "problem",
    )

    def __init__(self) -> None:
        self._parser: httptools.HttpResponseParser | None = httptools.HttpResponseParser(self)
        self._is_head = False
        self._pairs: list[tuple[bytes, bytes]] = []
        self.keep = True
        self.begin()

    def begin(self, *, is_head: bool = False) -> None:
        """Before the first bytes of an answer; is_head: to a HEAD request, so that no body follows."""
        if self._is_head:
            # The parser still waits for the body that the answer to a HEAD only announces.
            self._parser = httptools.HttpResponseParser(self)
        self._is_head = is_head
        self._received = 0
        self._body_bytes = 0
        self._body: list[bytes] = []
        self.head: Head | None = None
        self.complete = False
        self.may_continue = False
        self.problem = ""

    def feed(self, data: bytes) -> None:
        """Take in what came next; never raises."""
        parser = self._parser
        if parser is None:
            return
        self._received += len(data)
        try:
            parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self.keep = False
            self.problem = self.problem or f"the answer is not HTTP: {error}"
        if self.complete:
            self.problem = ""
        elif self.problem:
            pass
        elif self.head is None and self._received > HEADER_MAX_BYTES:
            self.problem = _HEADERS_TOO_LONG
        elif self._received > _RAW_MAX_BYTES:
            self.problem = f"the answer is longer than {_RAW_MAX_BYTES // 1024**2} MB"

    def end(self) -> None:
        """The server has closed the connection, which completes an answer without a length of its own."""
        self.keep = False
        if self.head is not None and not self.problem:
            self.complete = self.complete or self.head.ends_with_connection

    def drop(self) -> None:
        """Let go of the parser: each holds the other, so that both would wait for the garbage collector."""
        self._parser = None

    @property
    def body(self) -> bytes:
        """What has come of the body, content coding and all."""
        return self._body[0] if len(self._body) == 1 else b"".join(self._body)

    # What the parser calls.

    def on_message_begin(self) -> None:
        """Part of the parser's protocol."""
        if self.complete:
            self.keep = False
            raise _Unusable
        # Those of an informational answer before this one are nobody's business, those of the last answer are shared.
        self._pairs = []

    def on_header(self, name: bytes, value: bytes) -> None:
        """Part of the parser's protocol; also called for trailers, which are left."""
        if self.head is None:
            self._pairs.append((name, value))

    def on_headers_complete(self) -> None:
        """Part of the parser's protocol."""
        parser = self._parser
        if parser is None or self.complete:
            return
        status = parser.get_status_code()
        if status == 101:
            self.problem = "the server switched to another protocol (101)"
            raise _Unusable
        # A read holds some 100 kB: more than a head may have, and nothing that would need to be stopped before its end.
        if self._received > HEADER_MAX_BYTES and sum(map(len, chain(*self._pairs))) > HEADER_MAX_BYTES:
            self.problem = _HEADERS_TOO_LONG
            raise _Unusable
        if status < 200:
            self.may_continue = self.may_continue or status == 100
            return
        self.head = Head(status, self._pairs, keep=parser.should_keep_alive())
        if self._is_head:
            self._end_of_answer()

    def on_body(self, body: bytes) -> None:
        """Part of the parser's protocol."""
        if self.complete:
            # A body after the answer to a HEAD.
            self.keep = False
            return
        self._body_bytes += len(body)
        if self._body_bytes > BODY_MAX_BYTES:
            self.problem = f"the body is longer than {BODY_MAX_BYTES // 1024**2} MB"
            raise _Unusable
        self._body.append(body)

    def on_message_complete(self) -> None:
        """Part of the parser's protocol."""
        if not self.complete and self.head is not None:
            self._end_of_answer()

    def _end_of_answer(self) -> None:
        self.complete = True
        self.keep = self.keep and self.head is not None and self.head.keep
