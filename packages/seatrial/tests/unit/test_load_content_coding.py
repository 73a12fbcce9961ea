import gzip
import time
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatrial.load.http.content_coding import BODY_MAX_BYTES, BodyError, decoded
from seatrial.load.http.headers import Headers
from seatrial.load.journeys import ExpectationError, Response, expect, get

GZIP = ((b"Content-Type", b"text/html; charset=utf-8"), (b"Content-Encoding", b"gzip"))


def _response(body: bytes, headers: tuple[tuple[bytes, bytes], ...] = GZIP) -> Response:
    return Response(200, Headers(headers), body, "/", get("/"))


@settings(deadline=None)
@given(st.lists(st.binary(max_size=2000), min_size=1, max_size=5), st.integers(0, 3))
def test_gzip_of_one_or_several_members_is_inflated(parts: list[bytes], zeros: int) -> None:
    whole = b"".join(map(gzip.compress, parts)) + b"\0" * zeros
    assert decoded(whole, "gzip") == decoded(whole, "x-gzip") == b"".join(parts)


@settings(deadline=None)
@given(st.binary(max_size=200), st.data())
def test_a_gzip_body_that_is_cut_or_changed_is_an_error_or_what_python_s_gzip_reads(
    content: bytes, data: st.DataObject
) -> None:
    whole = bytearray(gzip.compress(content))
    position = data.draw(st.integers(0, len(whole) - 1))
    whole[position] ^= data.draw(st.integers(1, 255))
    broken = bytes(whole[: data.draw(st.integers(1, len(whole)))])
    try:
        expected = gzip.decompress(broken)
    except (OSError, EOFError, zlib.error):
        expected = None
    try:
        assert decoded(broken, "gzip") == expected
    except BodyError:
        # Python's own reads a little less strictly: what follows the first member need not be gzip.
        assert expected is None or zlib.crc32(expected) == zlib.crc32(content)


def test_a_decompression_bomb_is_refused_at_the_limit_without_being_unpacked() -> None:
    bomb = gzip.compress(b"\0" * (20 * BODY_MAX_BYTES))
    begun_s = time.process_time()
    with pytest.raises(BodyError, match=r"inflates to more than 16 MB.*\n.*Accept-Encoding"):
        decoded(bomb, "gzip")
    assert decoded(gzip.compress(b"\0" * BODY_MAX_BYTES), "gzip") == b"\0" * BODY_MAX_BYTES
    with pytest.raises(BodyError, match="inflates to more"):
        decoded(gzip.compress(b"\0" * BODY_MAX_BYTES) + gzip.compress(b"x"), "gzip")
    # Millions of empty members would each copy the rest.
    with pytest.raises(BodyError, match="members"):
        decoded(gzip.compress(b"") * 500_000, "gzip")
    assert time.process_time() - begun_s < 10


def test_what_was_not_asked_for_or_is_empty_stays_as_it_is() -> None:
    assert decoded(b"brotli, perhaps", "br") == b"brotli, perhaps"
    assert decoded(b"", "gzip") == b""


def test_a_journey_reads_a_compressed_body_as_what_it_was() -> None:
    response = _response(gzip.compress("<h1>Grüße</h1>".encode()))
    expect(response, contains="Grüße", lacks="Hello")
    assert response.text == "<h1>Grüße</h1>"
    assert response.body == "<h1>Grüße</h1>".encode()
    assert _response(gzip.compress(b'{"a": [1]}')).json() == {"a": [1]}
    assert _response(b"plain", ((b"Content-Encoding", b"identity"),)).body == b"plain"
    assert _response(b"plain", ()).body == b"plain"


def test_a_body_is_not_inflated_before_it_is_looked_at() -> None:
    response = _response(b"this is no gzip")
    expect(response)
    assert repr(response) == "<Response 200 / 15 bytes>"
    with pytest.raises(BodyError, match="said to be gzip and is not") as caught:
        response.has("this")
    assert caught.value.response is response


def test_an_answer_that_cannot_be_inflated_can_still_be_described() -> None:
    with pytest.raises(ExpectationError, match="expected status 201, got 200 from /: 'the body is said to be gzip"):
        expect(_response(b"this is no gzip"), 201)
