"""Answers in whatever pieces they come: built with a known meaning, fed to a connection, cut at every place."""

import asyncio
import itertools
import random
from dataclasses import dataclass
from typing import cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from seatrial.load.http.answer_reader import HEADER_MAX_BYTES
from seatrial.load.http.connection import Connection
from seatrial.load.http.exchange import Exchange
from seatrial.load.http.heads import KnownHeads

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """Bytes, and what they mean. closes: the server closes after them; surplus: bytes nobody asked for at the end."""

    sent: bytes
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    is_head: bool = False
    keeps: bool = True
    closes: bool = False
    surplus: bytes = b""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an exchange, as its owner was told. usable: whether another request could be sent afterwards."""

    error: str
    detail: str
    status: int
    headers: tuple[tuple[str, str], ...]
    set_cookies: tuple[bytes, ...]
    body: bytes
    usable: bool


class _Owner:
    """Notes what the connection tells it; each exchange may end once."""

    def __init__(self, known_heads: KnownHeads) -> None:
        self.known_heads = known_heads
        self.ended: list[tuple[str, str]] = []
        self.is_dropped = False

    def opened(self, connection: Connection) -> None:
        pass

    def answered(self, connection: Connection, exchange: Exchange) -> None:
        self.ended.append(("", ""))

    def broke(self, connection: Connection, exchange: Exchange, error: str, detail: str) -> None:
        self.ended.append((error, detail))

    def dropped(self, connection: Connection) -> None:
        self.is_dropped = True


class _Transport:
    """Where the connection writes to."""

    def __init__(self) -> None:
        self.is_aborted = False

    def write(self, data: bytes) -> None:
        assert not self.is_aborted

    def abort(self) -> None:
        self.is_aborted = True


def _fed(
    pieces: list[bytes], *, is_head: bool = False, closes: bool = False, heads: KnownHeads | None = None
) -> Outcome:
    """The outcome of one exchange on a new connection, the answer coming in these pieces."""
    owner = _Owner(KnownHeads() if heads is None else heads)
    transport = _Transport()
    exchange = Exchange(REQUEST, 1.0, is_head=is_head)
    connection = Connection(owner, exchange)
    connection.connection_made(cast("asyncio.Transport", transport))
    connection.send(exchange)
    for piece in pieces:
        if not transport.is_aborted:
            connection.data_received(piece)
    usable = connection.usable and not transport.is_aborted
    if closes and not transport.is_aborted:
        connection.eof_received()
    if closes:
        connection.connection_lost(None)
        assert owner.is_dropped
        usable = False
        assert len(owner.ended) == 1
    assert len(owner.ended) <= 1
    error, detail = owner.ended[0] if owner.ended else ("still waiting", "")
    head = exchange.head
    return Outcome(
        error,
        detail,
        exchange.status,
        tuple((name, value) for name in head.headers for value in head.headers.get_all(name)) if head else (),
        head.set_cookies if head else (),
        exchange.body,
        usable,
    )


def _is_right(outcome: Outcome, answer: Answer) -> bool:
    return (outcome.error, outcome.status, outcome.headers, outcome.body, outcome.usable) == (
        "",
        answer.status,
        answer.headers,
        answer.body,
        answer.keeps and not answer.closes and not answer.surplus,
    )


_names = st.from_regex(r"X-[A-Za-z]{1,8}", fullmatch=True)
_values = st.from_regex(r"[!-~]([ -~]{0,20}[!-~])?", fullmatch=True)
_bodies = st.binary(max_size=60) | st.sampled_from(
    [b"\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n", b"a\r\n\r\nb", b"\r\n" * 9]
)
_INFORMATIONAL = [
    b"",
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nSet-Cookie: early=1\r\n\r\n",
]


def _chunked(body: bytes, sizes: list[int], extension: bytes, trailer: bytes) -> bytes:
    """The body in chunks of these sizes (RFC 9112, 7.1), the rest in one."""
    parts, at = [], 0
    for size in [*sizes, len(body)]:
        chunk = body[at : at + size]
        at += size
        if chunk:
            parts.append(b"%x%s\r\n%s\r\n" % (len(chunk), extension, chunk))
    return b"".join(parts) + b"0\r\n" + trailer + b"\r\n"


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    """A right answer of any kind."""
    framing = draw(
        st.sampled_from(["length", "length", "chunked", "until close", "no content", "not modified", "head"])
    )
    status = {"no content": 204, "not modified": 304}.get(framing, draw(st.sampled_from([200, 201, 303, 404, 500])))
    pairs = draw(st.lists(st.tuples(_names, _values), max_size=4, unique_by=lambda pair: pair[0].lower()))
    cookies = draw(st.integers(0, 2))
    pairs += [("Set-Cookie", f"c{number}=v; Path=/") for number in range(cookies)]
    body = b"" if framing in {"no content", "not modified", "head"} else draw(_bodies)
    sent = body
    if framing in {"length", "head"} or (framing == "not modified" and draw(st.booleans())):
        pairs.append(("Content-Length", str(len(body) if framing == "length" else draw(st.integers(0, 999)))))
    if framing == "chunked":
        pairs.append(("Transfer-Encoding", "chunked"))
        extension = draw(st.sampled_from([b"", b";name=value"]))
        trailer = draw(st.sampled_from([b"", b"X-Sum: 1\r\nSet-Cookie: late=1\r\n"]))
        sent = _chunked(body, draw(st.lists(st.integers(1, 20), max_size=4)), extension, trailer)
    closing = draw(st.booleans()) if framing != "until close" else False
    if closing:
        pairs.append(("Connection", "close"))
    pairs = draw(st.permutations(pairs))
    text = "".join(f"{name}: {value}\r\n" for name, value in pairs)
    head = f"HTTP/1.1 {status} Whatever\r\n{text}\r\n".encode()
    surplus = b"" if framing == "until close" else draw(st.sampled_from([b"", b"", b"HTTP/1.1 200 OK\r\n\r\n", b"x"]))
    grouped = {name.lower(): [value for other, value in pairs if other.lower() == name.lower()] for name, _ in pairs}
    return Answer(
        sent=b"".join(draw(st.lists(st.sampled_from(_INFORMATIONAL), max_size=2))) + head + sent + surplus,
        status=status,
        headers=tuple((name, value) for name, values in grouped.items() for value in values),
        body=body,
        is_head=framing == "head",
        keeps=not closing,
        closes=framing == "until close",
        surplus=surplus,
    )


@settings(deadline=None)
@given(answers())
def test_an_answer_means_the_same_wherever_it_is_cut_in_two(answer: Answer) -> None:
    for at in range(len(answer.sent) + 1):
        pieces = [piece for piece in (answer.sent[:at], answer.sent[at:]) if piece]
        outcome = _fed(pieces, is_head=answer.is_head, closes=answer.closes)
        assert _is_right(outcome, answer), (at, outcome)


@settings(deadline=None)
@given(answers(), st.data())
def test_an_answer_means_the_same_in_any_number_of_pieces(answer: Answer, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(1, max(1, len(answer.sent) - 1)), max_size=30)))
    edges = [0, *cuts, len(answer.sent)]
    pieces = [piece for start, end in itertools.pairwise(edges) if (piece := answer.sent[start:end])]
    assert _is_right(_fed(pieces, is_head=answer.is_head, closes=answer.closes), answer)
    every_byte = [bytes([byte]) for byte in answer.sent]
    assert _is_right(_fed(every_byte, is_head=answer.is_head, closes=answer.closes), answer)


@settings(deadline=None)
@given(answers(), st.data())
def test_an_answer_that_ends_too_early_is_never_right(answer: Answer, data: st.DataObject) -> None:
    whole = answer.sent.removesuffix(answer.surplus) if answer.surplus else answer.sent
    at = data.draw(st.integers(0, len(whole) - 1))
    outcome = _fed([whole[:at]] if at else [], is_head=answer.is_head, closes=True)
    if outcome.error == "":
        # Only where nobody can tell: the connection's end is the body's end.
        assert answer.closes
        assert answer.body.startswith(outcome.body)
    else:
        assert outcome.error == ("protocol" if at else "reset")


class _Forgetful(KnownHeads):
    """Knows no head again."""

    def learn(self, begins: bytes, rest_bytes: int, head: object) -> None:
        pass


def _variants(answer: Answer, rng: random.Random) -> list[tuple[list[bytes], bool]]:
    """Pieces that look like an answer seen before and are not, or not quite; and whether a HEAD asked for them."""
    sent, is_head = answer.sent, answer.is_head
    head, _, rest = sent.partition(b"\r\n\r\n")
    head += b"\r\n\r\n"
    place = rng.randrange(1, len(head))
    changed = sent[:place] + bytes([rng.randrange(256)]) + sent[place + 1 :]
    whole = [
        sent,
        head,
        head + rest[:-1],
        head + rest + b"x",
        head + bytes(len(rest)),
        b"\r\n" + sent,
        sent * 2,
        changed,
        sent.replace(b"Content-Length: ", b"Content-Length: 1"),
        sent.replace(b"Content-Length", b"X-Content-Size"),
    ]
    pieces = [
        # An answer in two pieces, and then its second piece as if it were an answer.
        [sent[:place], sent[place:]],
        [sent[place:]],
        # A body that is itself such an answer.
        [b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(sent), sent],
        [b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (len(sent) + 1), sent, b"x"],
    ]
    return [
        ([sent], is_head),
        *((parts, asked) for parts in pieces for asked in (is_head, True)),
        *(([one], asked) for one in whole for asked in (is_head, True, False)),
    ]


@settings(deadline=None)
@given(st.lists(answers(), min_size=1, max_size=3), st.randoms(use_true_random=False))
def test_knowing_heads_again_never_changes_what_an_answer_means(seen: list[Answer], rng: random.Random) -> None:
    shared = KnownHeads()
    fed = [variant for answer in seen for variant in _variants(answer, rng)]
    # What comes for the second time is learnt, and known again from the third on.
    for order in range(3):
        for pieces, is_head in fed:
            again = _fed(pieces, is_head=is_head, closes=order == 1, heads=shared)
            assert again == _fed(pieces, is_head=is_head, closes=order == 1, heads=_Forgetful()), pieces
        rng.shuffle(fed)


@settings(deadline=None)
@given(st.lists(answers(), min_size=2, max_size=6), st.lists(st.integers(0, 5), min_size=2, max_size=12), st.data())
def test_one_connection_answers_one_exchange_after_the_other(
    seen: list[Answer], order: list[int], data: st.DataObject
) -> None:
    """Known heads, read heads, HEAD and cut answers in turn: each leaves the parser where the next begins."""
    owner = _Owner(KnownHeads())
    transport = _Transport()
    connection = Connection(owner, Exchange(REQUEST, 1.0))
    connection.connection_made(cast("asyncio.Transport", transport))
    kept = [answer for answer in seen if answer.keeps and not answer.closes and not answer.surplus]
    for number in order if kept else ():
        answer = kept[number % len(kept)]
        exchange = Exchange(REQUEST, 1.0, is_head=answer.is_head)
        connection.send(exchange)
        at = data.draw(st.integers(0, len(answer.sent))) if data.draw(st.booleans()) else 0
        for piece in (answer.sent[:at], answer.sent[at:]):
            if piece:
                connection.data_received(piece)
        assert owner.ended.pop() == ("", "")
        assert exchange.head is not None
        assert (exchange.status, exchange.body) == (answer.status, answer.body)
        assert connection.usable


def test_a_head_seen_twice_is_known_again_and_the_parser_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    heads = KnownHeads()
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: a=1\r\n\r\n"
    for body in (b"ok", b"or"):
        assert _fed([answer + body], heads=heads).body == body

    def never(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("seatrial.load.http.connection.AnswerReader.feed", never)
    again = _fed([answer + b"no"], heads=heads)
    assert (again.body, again.set_cookies, again.usable) == (b"no", (b"a=1",), True)
    with pytest.raises(AssertionError):
        _fed([answer + b"n"], heads=heads)


def test_what_a_head_asked_for_says_nothing_of_how_long_bodies_are() -> None:
    heads = KnownHeads()
    final = b"HTTP/1.1 200 OK\r\nContent-Length: 39\r\n\r\n"
    assert len(final) == 39
    for _ in range(2):
        _fed([b"HTTP/1.1 100 Continue\r\n\r\n" + final], is_head=True, heads=heads)
    asked = _fed([b"HTTP/1.1 100 Continue\r\n\r\n" + b"x" * 39], heads=heads)
    assert asked.error == "protocol"


@pytest.mark.parametrize("timeout", ["9" * 5000, "²", "-1", "", "5, max=100"])
def test_a_keep_alive_header_may_say_what_it_likes(timeout: str) -> None:
    sent = f"HTTP/1.1 200 OK\r\nKeep-Alive: timeout={timeout}\r\nContent-Length: 2\r\n\r\nok".encode()
    assert (_fed([sent]).error, _fed([sent]).body) == ("", b"ok")


def test_ever_new_heads_do_not_fill_the_memory() -> None:
    heads = KnownHeads()
    for number in range(3000):
        for _ in range(1 + number % 2):
            _fed([b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Id: %d\r\n\r\n" % number], heads=heads)
    for _ in range(2):
        _fed([b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Id: %s\r\n\r\n" % (b"x" * 60_000)], heads=heads)
    assert 0 < len(heads._heads) <= 512
    assert 0 < len(heads._once) <= 512
    assert max(map(len, [*heads._heads, *heads._once])) < 5000


@settings(deadline=None)
@example(b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", [], False)
@example(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"f" * 40 + b"\r\n", [], False)
@given(st.binary(max_size=300), st.lists(st.integers(1, 299), max_size=6), st.booleans())
def test_any_bytes_end_an_exchange_once_and_harm_nothing(sent: bytes, cuts: list[int], is_head: bool) -> None:
    edges = [0, *sorted({cut for cut in cuts if cut < len(sent)}), len(sent)]
    pieces = [piece for start, end in itertools.pairwise(edges) if (piece := sent[start:end])]
    outcome = _fed(pieces, is_head=is_head, closes=True)
    assert outcome.error in {"", "protocol", "reset"}


@settings(deadline=None)
@given(answers(), st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=8), st.data())
def test_right_answers_with_wrong_bytes_end_an_exchange_once_and_harm_nothing(
    answer: Answer, changes: list[tuple[int, int]], data: st.DataObject
) -> None:
    sent = bytearray(answer.sent)
    for place, byte in changes:
        sent[place % len(sent)] = byte
    at = data.draw(st.integers(0, len(sent)))
    heads = KnownHeads()
    _fed([answer.sent], is_head=answer.is_head, heads=heads)
    pieces = [piece for piece in (bytes(sent[:at]), bytes(sent[at:])) if piece]
    assert _fed(pieces, is_head=answer.is_head, closes=True, heads=heads).error in {"", "protocol", "reset"}


def test_endless_headers_and_informational_answers_are_given_up() -> None:
    for endless in (b"X-Y: z\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"):
        pieces = [b"HTTP/1.1 200 OK\r\n"] if endless.startswith(b"X") else []
        outcome = _fed(pieces + [endless * 100] * (HEADER_MAX_BYTES // len(endless) // 100 + 2))
        assert (outcome.error, "headers are longer" in outcome.detail) == ("protocol", True), outcome
