import pytest

from seatrial.load.http.messages import Request
from seatrial.load.http.wire import Wire, expects_continue
from seatrial.load.journeys import get, post, request


def test_a_request_on_the_wire() -> None:
    wire = Wire("127.0.0.1:8000", keep_alive=True)
    for _ in range(2):
        assert wire.encode(get("/home", headers={"Accept": "text/html"}), "a=1").decode() == (
            "GET /home HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nUser-Agent: seatrial\r\nAccept-Encoding: gzip\r\n"
            "Accept: text/html\r\nCookie: a=1\r\n\r\n"
        )
    assert wire.encode(post("/p", "a=1"), "").endswith(b"\r\nContent-Length: 3\r\n\r\na=1")
    assert b"\r\nContent-Length: 0\r\n" in wire.encode(post("/p"), "")
    assert b"Content-Length" not in wire.encode(get("/"), "")
    assert b"\r\nConnection: close\r\n" in Wire("x", keep_alive=False).encode(get("/"), "")


def test_headers_of_the_request_s_own_replace_what_is_always_sent() -> None:
    wire = Wire("127.0.0.1:8000", keep_alive=True)
    mine = {"host": "town.example", "COOKIE": "mine=1", "accept-encoding": "br"}
    sent = wire.encode(get("/", headers=mine), "jar=1").decode()
    assert sent == (
        "GET / HTTP/1.1\r\nUser-Agent: seatrial\r\nAccept: */*\r\nhost: town.example\r\nCOOKIE: mine=1\r\n"
        "accept-encoding: br\r\n\r\n"
    )
    assert b"Host: 127.0.0.1:8000\r\n" in wire.encode(get("/"), "jar=1")


def test_headers_of_every_request_are_sent_unless_the_request_has_its_own() -> None:
    wire = Wire("shop.example", keep_alive=True, headers={"X-Forwarded-Proto": "https", "accept": "a/b", "Host": "x"})
    assert wire.encode(get("/"), "").decode() == (
        "GET / HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: seatrial\r\nAccept-Encoding: gzip\r\n"
        "Referer: https://shop.example/\r\nX-Forwarded-Proto: https\r\naccept: a/b\r\n\r\n"
    )
    assert b"a/b" not in wire.encode(get("/", headers={"Accept": "c/d"}), "")
    assert (wire.told_scheme, Wire("x", keep_alive=True).told_scheme) == ("https", "")


def test_many_different_headers_are_each_sent_as_they_are() -> None:
    wire = Wire("x", keep_alive=True)
    for number in list(range(1000)) + list(range(0, 1000, 100)):
        assert f"\r\nX-Number: {number}\r\n".encode() in wire.encode(get("/", headers={"X-Number": str(number)}), "")


@pytest.mark.parametrize("name", ["Content-Length", "transfer-encoding"])
def test_headers_that_would_contradict_the_body_cannot_be_sent(name: str) -> None:
    with pytest.raises(ValueError, match="follow from the body"):
        Wire("x", keep_alive=True).encode(request("POST", "/", "abc", headers={name: "7"}), "")


def test_what_latin_1_does_not_have_cannot_be_sent() -> None:
    with pytest.raises(ValueError, match="latin-1"):
        Wire("x", keep_alive=True).encode(Request("GET", "/", headers=(("X-Name", "日本"),)), "")


def test_only_a_body_is_held_back_for_a_server_that_is_asked_for_it() -> None:
    asked = {"Expect": "100-Continue"}
    assert expects_continue(post("/", "abc", headers=asked))
    assert not expects_continue(post("/", headers=asked))
    assert not expects_continue(get("/", headers=asked))
    assert not expects_continue(post("/", "abc", headers={"Expect": "other"}))
