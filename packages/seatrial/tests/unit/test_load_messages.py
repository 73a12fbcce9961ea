import pytest

from seatrial.errors import LoadError
from seatrial.load.http.headers import Headers
from seatrial.load.journeys import ExpectationError, Response, expect, form, get, page, post, request, think


def _response(
    body: str, status: int = 200, path: str = "/page", headers: tuple[tuple[bytes, bytes], ...] = ()
) -> Response:
    return Response(status, Headers(headers), body.encode(), path, get(path))


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/home", "/home"),
        ("/search?q=a+b&page=2", "/search?q=a+b&page=2"),
        ("/tags/größe", "/tags/gr%C3%B6%C3%9Fe"),
        ("/a b", "/a%20b"),
        ("/page#part", "/page"),
        ("/evil\r\nX: y", "/evil%0D%0AX:%20y"),
    ],
)
def test_paths_are_sent_as_a_browser_sends_them(path: str, sent: str) -> None:
    assert get(path).path == sent


@pytest.mark.parametrize(
    "make",
    [
        lambda: get("home"),
        lambda: get("http://elsewhere/"),
        lambda: get("/", headers={"X-Evil": "a\r\nSet-Cookie: b"}),
        lambda: request("get", "/"),
        lambda: post("/", {"a": 1}, json={"b": 2}),
        lambda: think(-1),
        lambda: think(float("nan")),
    ],
)
def test_a_request_that_cannot_be_sent_is_refused_where_it_is_written(make) -> None:
    with pytest.raises(LoadError):
        make()


def test_bodies_are_encoded_with_their_type() -> None:
    assert post("/p", {"a": "ü 1", "b": [1, 2]}).body == b"a=%C3%BC+1&b=1&b=2"
    assert post("/p", {"a": 1}).headers == (("Content-Type", "application/x-www-form-urlencoded"),)
    assert post("/p", json={"a": None}).body == b'{"a": null}'
    assert post("/p", json=[1]).headers == (("Content-Type", "application/json"),)
    assert post("/p", b"raw").headers == ()
    assert post("/p", "x", headers={"content-type": "text/plain"}).headers == (("content-type", "text/plain"),)


def test_headers_are_found_whatever_their_case() -> None:
    headers = Headers([(b"Content-Type", b"text/html"), (b"set-cookie", b"a=1"), (b"Set-Cookie", b"b=2")])
    assert headers["content-TYPE"] == "text/html"
    assert headers.get_all("Set-Cookie") == ("a=1", "b=2")
    assert headers.get("missing", "none") == "none"
    assert "CONTENT-type" in headers


def test_an_expectation_names_what_was_got() -> None:
    with pytest.raises(
        ExpectationError, match=r"expected status 200, got 403 from /page: 'Forbidden: the token is missing'"
    ):
        expect(_response("Forbidden:\n   the token is missing", 403))
    with pytest.raises(ExpectationError, match="expected the text 'Welcome', got 200"):
        expect(_response("Please sign in"), contains="Welcome")
    with pytest.raises(ExpectationError, match="without 'error'"):
        expect(_response("an error"), lacks="error")
    with pytest.raises(ExpectationError, match="302 to /login"):
        expect(_response("", 302, headers=((b"Location", b"/login"),)))
    with pytest.raises(ExpectationError) as caught:
        expect(_response("x" * 10_000, 500))
    assert len(str(caught.value)) < 300


def test_a_met_expectation_passes_in_any_charset() -> None:
    expect(_response("Grüße", 404), 404, contains="Grüße", lacks="grüße")
    latin = Response(
        200, Headers([(b"Content-Type", b"text/html; charset=latin-1")]), "Grüße".encode("latin-1"), "/", get("/")
    )
    expect(latin, contains="Grüße")
    assert (
        Response(200, Headers([(b"Content-Type", b"text/html; charset=nonsense")]), b"ok", "/", get("/")).text == "ok"
    )


@pytest.mark.parametrize(
    ("status", "is_met"),
    [(404, True), ((404, 410), True), ({200, 404}, True), (range(400, 500), True), (200, False), ((200, 304), False)],
)
def test_an_expectation_may_allow_several_statuses(status, is_met: bool) -> None:
    if is_met:
        expect(_response("gone", 404), status)
    else:
        with pytest.raises(
            ExpectationError, match=r"expected status 200( or 304)?, got 404 from /page: 'gone'"
        ) as caught:
            expect(_response("gone", 404), status)
        assert caught.value.response is not None


def test_what_is_contained_may_be_bytes_which_are_looked_for_as_they_are() -> None:
    picture = Response(200, Headers([(b"Content-Type", b"image/png")]), b"\x89PNG\r\n\xff", "/a.png", get("/a.png"))
    expect(picture, contains=b"\x89PNG", lacks=b"\xfe")
    with pytest.raises(ExpectationError, match=r"expected the text b'GIF8', got 200 from /a\.png"):
        expect(picture, contains=b"GIF8")
    with pytest.raises(ExpectationError, match="without b'PNG'"):
        expect(picture, lacks=b"PNG")


def test_text_is_found_in_the_charset_of_the_answer() -> None:
    def answer(charset: bytes, body: bytes) -> Response:
        return Response(200, Headers([(b"Content-Type", b"text/html; Charset=" + charset)]), body, "/", get("/"))

    utf_16, latin = answer(b"utf-16", "Grüße aus Kiel".encode("utf-16")), answer(b"latin-1", "Grüße".encode("latin-1"))
    assert utf_16.has("Kiel")
    assert utf_16.has("Grüße")
    assert latin.has("Grüße")
    # The bytes of one letter in UTF-8 are two letters in Latin-1.
    assert not answer(b"latin-1", "Grüße".encode()).has("Grüße")
    assert answer(b"latin-1", "Grüße".encode()).has("GrÃ¼")
    assert not utf_16.has("Lübeck")


JSON = '{"token": null, "ok": true, "roles": ["reader", "writer"], "seen": {"posts": 3, "likes": 1.5}, "extra": 1}'


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"token": None},
        {"ok": True, "seen": {"posts": 3}},
        {"seen": {}},
        {"roles": ["reader", "writer"]},
        {"seen": {"likes": 1.5, "posts": 3.0}},
    ],
)
def test_json_is_met_by_an_object_with_more_keys(wanted: object) -> None:
    expect(_response(JSON), json=wanted)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"nothing": 1}, "expected JSON with the key nothing, got 200"),
        ({"seen": {"posts": 4}}, r"JSON with 4 as seen.posts \(there it is 3\)"),
        ({"roles": ["reader"]}, r"\['reader'\] as roles \(there it is \['reader', 'writer'\]\)"),
        ({"ok": 1}, r"1 as ok \(there it is True\)"),
        ({"extra": True}, r"True as extra \(there it is 1\)"),
        ({"extra": {"a": 1}}, r"an object as extra \(there it is 1\)"),
        ([1], r"JSON with \[1\] \(there it is"),
        (None, r"JSON with None \(there it is"),
    ],
)
def test_json_that_is_not_as_expected_says_where(wanted: object, words: str) -> None:
    with pytest.raises(ExpectationError, match=words):
        expect(_response(JSON), json=wanted)


def test_a_body_that_is_no_json_is_a_wrong_answer_and_no_mistake_of_the_journey() -> None:
    page = _response("<p>Sorry", 200)
    with pytest.raises(
        ExpectationError, match=r"expected JSON \(Expecting value.*\), got 200 from /page: '<p>Sorry'"
    ) as caught:
        page.json()
    assert caught.value.response is page
    with pytest.raises(ExpectationError, match="expected JSON"):
        expect(page, json={})
    assert _response("null").json() is None
    expect(_response("null"), json=None)


def test_a_bearer_token_is_a_header_of_the_request() -> None:
    assert get("/api", bearer="abc").headers == (("Authorization", "Bearer abc"),)
    both = post("/api", json=1, bearer="abc", headers={"Accept": "text/html"})
    assert both.headers == (
        ("Accept", "text/html"),
        ("Authorization", "Bearer abc"),
        ("Content-Type", "application/json"),
    )
    with pytest.raises(LoadError, match="cannot be sent"):
        get("/api", bearer="a\r\nSet-Cookie: b")


def test_a_page_is_made_of_requests() -> None:
    assert page(get("/a"), post("/b")).requests == (get("/a"), post("/b"))
    for make in (page, lambda: page("/style.css"), lambda: page(think(1))):  # type: ignore[arg-type]
        with pytest.raises(LoadError, match=r"page\(\)"):
            make()


PAGE = """
<form action="/search"><input name="q"></form>
<form method="post" action="/logout"><input type="hidden" name="csrf_token" value="t1"></form>
<FORM method=POST action="write?draft=1&amp;x=2">
  <input type="hidden" name="csrf_token" value="a&amp;b">
  <input name="title" value="old"><input type="checkbox" name="public" checked>
  <input type="checkbox" name="pinned" value="1">
  <input type="radio" name="kind" value="text" checked><input type="radio" name="kind" value="poll">
  <select name="tone"><option value="x">X</option><option value="y" selected>Y</option></select>
  <textarea name="body">
Hello &lt;you&gt;</textarea>
  <input name="off" value="1" disabled><input type="submit" name="send" value="Send"><input type="file" name="photo">
</FORM>
"""


def test_a_form_is_sent_with_its_hidden_fields_and_defaults() -> None:
    one = form(_response(PAGE, path="/posts/new"), action="write?draft=1&x=2")
    assert one.action == "/posts/write?draft=1&x=2"
    assert dict(one.fields) == {
        "csrf_token": "a&b",
        "title": "old",
        "public": "on",
        "kind": "text",
        "tone": "y",
        "body": "Hello <you>",
        "photo": "",
    }
    sent = one.submit(title="new", body=None, send="Send")
    assert sent.method == "POST"
    assert sent.path == "/posts/write?draft=1&x=2"
    assert sent.body == b"csrf_token=a%26b&title=new&public=on&kind=text&tone=y&send=Send&photo="


def test_a_form_is_found_by_its_path_and_a_get_form_becomes_a_query() -> None:
    assert dict(form(_response(PAGE), action="/logout").fields) == {"csrf_token": "t1"}
    assert form(_response(PAGE), action="/search").submit(q="a b").path == "/search?q=a+b"


def test_the_only_form_that_posts_needs_no_action() -> None:
    page = '<form action="/search"><input name=q></form><form method="post"><input name="name"></form>'
    assert form(_response(page, path="/join?from=1")).submit(name="ada").path == "/join?from=1"


def test_a_form_that_is_not_there_or_not_clear_is_named() -> None:
    with pytest.raises(ExpectationError, match="several forms to fill in"):
        form(_response(PAGE))
    with pytest.raises(
        ExpectationError, match=r"no form with action '/login' \(the page's forms: GET /search, POST /logout"
    ):
        form(_response(PAGE), action="/login")
    with pytest.raises(ExpectationError, match="no form to fill in"):
        form(_response("<p>Please wait</p>"))
    with pytest.raises(ExpectationError, match="no field 'titel'; it has body"):
        form(_response(PAGE, path="/posts/new"), action="write?draft=1&x=2").submit(titel="x")
