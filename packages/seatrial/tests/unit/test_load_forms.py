"""Forms and uploads against real parsers: urllib's, and werkzeug's as Flask uses it."""

import html
import io
import re
import urllib.parse

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header

from seatrial.errors import LoadError
from seatrial.load.http.headers import Headers
from seatrial.load.http.messages import ExpectationError, Request, Response
from seatrial.load.http.multipart import File, multipart
from seatrial.load.journey.forms import form
from seatrial.load.journey.page_forms import forms_of
from seatrial.load.journey.steps import get, post

TEXTS = st.text(max_size=30)
# HTML has no character U+0000, and a browser takes line breaks out of names and one-line values.
IN_HTML = st.text(st.characters(exclude_characters="\0\r\n", exclude_categories=["Cs"]), max_size=20)
NAMES = IN_HTML.filter(lambda name: name and name.lower() != "_charset_")


def _page(source: str, path: str = "/page") -> Response:
    return Response(200, Headers([]), source.encode(), path, get("/"))


def _lines(text: str) -> str:
    return re.sub("\r\n|\r|\n", "\r\n", text)


def _parsed(request: Request) -> tuple[list[tuple[str, str]], list[tuple[str, File]]]:
    """A body as Flask sees it: fields and files, in order."""
    mimetype, options = parse_options_header(dict(request.headers)["Content-Type"])
    _, fields, files = FormDataParser().parse(io.BytesIO(request.body), mimetype, len(request.body), options)
    found = []
    for name, one in files.items(multi=True):
        with one.stream:
            found.append((name, File(one.filename or "", one.stream.read(), one.content_type or "")))
    return list(fields.items(multi=True)), found


@settings(deadline=None)
@given(
    hidden=IN_HTML, kept=IN_HTML, text=TEXTS, lines=TEXTS, many=st.lists(TEXTS, max_size=3), encoding=st.integers(0, 2)
)
def test_any_text_survives_a_form_and_the_apps_own_parser(
    hidden: str, kept: str, text: str, lines: str, many: list[str], encoding: int
) -> None:
    attributes = ("method=post", "method=post enctype=multipart/form-data", "method=get")[encoding]
    source = f"""<p>x</p><form {attributes} action="/to">
    <input type=hidden name=token value="{html.escape(hidden)}"><input name=kept value='{html.escape(kept)}'>
    <input name=text value=old><textarea name=lines>old</textarea><input name=many>
    <select name=empty></select></form>"""
    request = form(_page(source)).submit(text=text, lines=lines, many=many)
    expected = [("token", hidden), ("kept", kept), ("text", _lines(text)), ("lines", _lines(lines))]
    expected += [("many", _lines(one)) for one in many]
    if encoding == 2:
        path, _, query = request.path.partition("?")
        assert (path, request.body) == ("/to", b"")
        assert urllib.parse.parse_qsl(query, keep_blank_values=True) == expected
        return
    if encoding == 0:
        assert urllib.parse.parse_qsl(request.body.decode(), keep_blank_values=True) == expected
    assert _parsed(request) == (expected, [])


@settings(deadline=None)
@given(
    fields=st.lists(st.tuples(NAMES, IN_HTML), max_size=6),
    quote=st.sampled_from("\"'"),
    breaks=st.sampled_from(["", "\n", "\r\n", " / "]),
)
def test_names_and_values_are_read_whatever_characters_they_hold(
    fields: list[tuple[str, str]], quote: str, breaks: str
) -> None:
    def quoted(text: str) -> str:
        return f"{quote}{html.escape(text)}{quote}"

    inputs = "".join(
        f"<input type=hidden{breaks} name={quoted(name)}{breaks} value={quoted(value)}>" for name, value in fields
    )
    (found,) = forms_of(f"<form>{inputs}</form>")
    assert [(one.name, *one.values) for one in found.controls] == fields


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(["<form", "<input", " name=", "a", "'", '"', ">", "</form>", "<!--", "-->", "<select", "/"])
    )
)
def test_no_page_makes_the_reading_of_its_forms_fail(pieces: list[str]) -> None:
    for one in forms_of("".join(pieces)):
        assert all(control.name for control in one.controls)


@settings(deadline=None)
@given(st.text())
def test_no_text_makes_the_reading_of_its_forms_fail(text: str) -> None:
    forms_of(text)
    forms_of(f"<form><select name=a><option>{text}")
    forms_of(f"<form><input {text}")


@pytest.mark.parametrize(
    "piece",
    [
        "<",
        "<a ",
        "<a b=",
        '<a b="',
        "<a b='",
        "<!--",
        "<script>",
        "<textarea name=a>",
        "<select name=a><option>",
        "<option><!--",
        "<fieldset disabled><input name=a>",
        "<fieldset disabled><legend><input name=a>",
        "<input type=radio name=a checked>",
        "<form><input name=a form=b>",
        "<template>",
        "<a" + " " * 50,
        "a=",
    ],
)
def test_a_hostile_page_of_a_megabyte_takes_no_longer_than_its_length(piece: str) -> None:
    # Were the time to grow with the square of the length, this would not end before the test run's own limit.
    opening = "<form><select name=a><option>" if piece in {"<!--", "<a "} else "<form>"
    forms_of(opening + piece * (1_000_000 // len(piece)))


FORM_WITH_FILES = """<form method=post action=/me enctype=multipart/form-data>
<input type=hidden name=csrf_token value=t><input name=text><input type=file name=avatar>
<input type=file name=more multiple></form>"""


@settings(deadline=None)
@given(
    # Browsers do not escape a backslash, and werkzeug takes one for an escape.
    name=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\\"), max_size=20),
    data=st.binary(max_size=300),
    more=st.lists(st.binary(max_size=50), max_size=3),
)
def test_any_file_survives_an_upload_and_the_apps_own_parser(name: str, data: bytes, more: list[bytes]) -> None:
    files = [File(f"{number}.bin", one) for number, one in enumerate(more)]
    request = form(_page(FORM_WITH_FILES)).submit(text="x", avatar=File(name, data, "image/png"), more=files)
    fields, found = _parsed(request)
    assert fields == [("csrf_token", "t"), ("text", "x")]
    # werkzeug reads %22 back as a quotation mark, since browsers write it so; it reads %0A and %0D literally.
    assert found[0] == ("avatar", File(name.replace("%22", '"'), data, "image/png"))
    assert found[1:] == [("more", one) for one in files]


@settings(deadline=None)
@given(st.binary(max_size=40))
def test_no_content_holds_the_boundary_of_its_form(data: bytes) -> None:
    hostile = [b"------seatrial-form-%08d--\r\n" % number + data for number in range(3)]
    body, content_type = multipart([("a", File("a", one)) for one in hostile])
    boundary = parse_options_header(content_type)[1]["boundary"].encode()
    assert boundary == b"----seatrial-form-00000003"
    assert body.count(boundary) == len(hostile) + 1


def test_a_file_field_that_is_not_filled_in_is_sent_empty_as_browsers_do() -> None:
    request = form(_page(FORM_WITH_FILES)).submit(text="x", more=None)
    assert _parsed(request) == ([("csrf_token", "t"), ("text", "x")], [("avatar", File("", b""))])


def test_files_and_fields_do_not_go_into_each_others_places() -> None:
    one = form(_page(FORM_WITH_FILES))
    with pytest.raises(ExpectationError, match="the form of /me has a field 'avatar' that takes a File, not str"):
        one.submit(avatar="a.png")
    with pytest.raises(ExpectationError, match="has a field 'text' that takes no file, not File"):
        one.submit(text=File("a", b""))
    with pytest.raises(LoadError, match=r"'a\.png' holds str; it takes bytes"):
        File("a.png", "text")  # type: ignore[arg-type]
    with pytest.raises(LoadError, match="which cannot be sent"):
        File("a.png", b"", "image/png\r\nX-Evil: 1")


def test_an_upload_without_a_form_sends_fields_and_files() -> None:
    request = post(
        "/upload", {"title": "Ünder sail", "tags": ["a", "b"]}, files={"image": File("a.png", b"\x89PNG", "image/png")}
    )
    assert _parsed(request) == (
        [("title", "Ünder sail"), ("tags", "a"), ("tags", "b")],
        [("image", File("a.png", b"\x89PNG", "image/png"))],
    )
    assert post("/upload", files={"image": [File("a", b"1"), File("b", b"2")]}).body.count(b'name="image"') == 2


@pytest.mark.parametrize(
    "make",
    [
        lambda: post("/p", "a=1", files={"f": File("a", b"")}),
        lambda: post("/p", json={}, files={"f": File("a", b"")}),
        lambda: post("/p", files={"f": [b"bytes"]}),  # type: ignore[dict-item]
    ],
)
def test_an_upload_that_cannot_be_sent_is_refused_where_it_is_written(make) -> None:
    with pytest.raises(LoadError):
        make()


def test_a_form_is_found_by_where_one_of_its_buttons_leads() -> None:
    page = _page(
        """<form id=deeds method=post><input type=hidden name=csrf_token value=t></form>
        <button form=deeds formaction="/posts/7/like">Like</button>
        <button form=deeds formaction="like?x=1" name=how value=well>Like</button>""",
        "/posts/8",
    )
    like = form(page, "/posts/7/like", name="like").submit()
    assert (like.body, like.name) == (b"csrf_token=t", "like")
    pressed = form(page, "like?x=1").submit()
    assert (pressed.path, pressed.body) == ("/posts/like?x=1", b"csrf_token=t&how=well")
    with pytest.raises(ExpectationError, match="no form with action '/posts/9/like'") as caught:
        form(page, "/posts/9/like")
    assert caught.value.response is page
