"""Forms against Chromium: which fields a form has, and the very bytes that sending it makes."""

import contextlib
import random
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

import pytest
from playwright.sync_api import Page

from seatrial.load.http.headers import Headers
from seatrial.load.journey.page_forms import forms_of
from seatrial.load.journeys import File, Request, Response, form, get


class Sent(NamedTuple):
    method: str
    path: str
    content_type: str
    body: bytes


class Recorder(ThreadingHTTPServer):
    """Gives one page for any GET of /page, and keeps what else is asked."""

    page = b""
    got: list[Sent]


class _Handler(BaseHTTPRequestHandler):
    server: Recorder

    def do_GET(self) -> None:
        is_page = self.path.startswith("/page")
        if not is_page and self.path != "/favicon.ico":
            length = int(self.headers.get("Content-Length", 0))
            sent = Sent(self.command, self.path, self.headers.get("Content-Type", ""), self.rfile.read(length))
            self.server.got.append(sent)
        body = self.server.page if is_page else b"<p>sent</p>"
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            self.wfile.write(body)

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def recorder() -> Iterator[Recorder]:
    with Recorder(("127.0.0.1", 0), _Handler) as server:
        server.got = []
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join(10)


AS_THEY_STAND = """pages => pages.map(html => {
    const frame = document.createElement('iframe');
    document.body.append(frame);
    const page = frame.contentDocument;
    page.open();
    page.write(html);
    page.close();
    const found = [...page.forms].map(form => [form.id, form.getAttribute('action') || '',
        [...new FormData(form)].map(([name, value]) => [name, typeof value === 'string' ? value : ''])]);
    frame.remove();
    return found;
})"""

LEAVES = (
    "<input name=a value=1>",
    '<input name="b" value="two&amp;2" form=f1>',
    "<input name=c2 form=nowhere value=no><input name=c3 form='' value=no>",
    "<input type=checkbox name=c checked>",
    "<input type='checkbox' name=c value=x>",
    "<input type=radio name=r value=1 checked>",
    "<input type=radio name=r value=2 checked>",
    '<input type=hidden name=h value="x\ny">',
    '<input name=i value="x\ny">',
    "<input disabled name=d value=no>",
    '<input name="" value=no><input value=no>',
    "<input type=submit name=s value=go><button name=k value=1>go</button>",
    "<button type=button name=l>x</button><input type=reset name=m><input type=image name=n>",
    "<input type=file name=o><input type=HIDDEN name=_charset_ value=x>",
    '<input type=email name=p value=" a@b "><input type=color name=q><input type=color name=q2 value=#ABCDEF>',
    '<input type=Weird name=t value=" w ">',
    "<select name=u><option>One &amp; a<option value=2>Two</select>",
    "<select name=v multiple><option selected>S  t <b title='>'>b</b><option value=z selected>Z</select>",
    "<select name=w size=2><option>1</select>",
    "<select name=w2><option disabled>1<optgroup disabled><option>2</optgroup><option>3</select>",
    "<select name=w3><option selected>1<option selected>2</select>",
    "<select name=w4><option selected disabled>1<option>2</select><select name=w5></select>",
    "<textarea name=x>\n text <b>&lt;bold</textarea>",
    "<textarea name=y>\n\nline\r\nline</textarea disabled >",
    "<!-- <input name=no1> --><!--><!---><!-- a --!>",
    '<script>"<form><input name=no2>"</script><style>form { } /* <input name=no3> */</style>',
    "<title><input name=no4></title><xmp><input name=no5></xmp><iframe><input name=no6></iframe>",
    "<noscript><input name=no7></noscript>",
    "<div data-x=\"<input name=no8>\"></div><p title='<form action=no>'>x</p>",
    "text &amp; < </ <3 ' \" < input name=no9><inputx name=no10></inputx>",
    "<input/name=z1/value=5>",
    "<input name=z2 value=a\"b><input name=z3 value='q\"q'>",
    '<input name=z4 value="a"class=x><input name = z5 value = 7 >',
    "<input NAME=z6 Value=8 name=zz>",
    '<input name=z7 value="/x?a=1&copy=2&copy;&#65;&lt&notit;&nosuch;&">',
    "<datalist id=l><option value=1><input name=e value=d></datalist>",
    "<br/><svg><path d='M0'/></svg><img src='data:,' alt='>'>",
    "</input></select></option></textarea>",
    "\r\n",
    "<form id=f3 action='/nested?a=1&amp;b=2'>",
    "</form>",
)
AROUND = (
    ("<form>", "</form>"),
    ('<form id=f1 action="/a" method=post>', "</form>"),
    ("<FORM ID=f2\nACTION = /b>", "</FORM >"),
    ("<fieldset>", "</fieldset>"),
    ("<fieldset disabled>", "</fieldset>"),
    (
        "<fieldset disabled><legend>",
        "</legend><input name=f value=no><legend><input name=g value=no></legend></fieldset>",
    ),
    ("<div>", "</div>"),
    ("<template>", "</template>"),
    ("<table><tr><td>", "</td></tr></table>"),
)


def _random_page(rng: random.Random, depth: int = 3) -> str:
    pieces = []
    for _ in range(rng.randint(1, 5)):
        if depth and rng.random() < 0.4:
            opening, closing = rng.choice(AROUND)
            inner = _random_page(rng, depth - 1)
            # A form that ends inside an element that began in it makes Chromium look at the tree: not our business.
            pieces.append(opening + (inner if opening.lower().startswith("<form") else _without_forms(inner)) + closing)
        else:
            pieces.append(rng.choice(LEAVES))
    return "".join(pieces)


def _without_forms(text: str) -> str:
    return re.sub(r"</?form[^>]*>", "", text, flags=re.IGNORECASE)


def test_the_fields_of_hundreds_of_odd_pages_are_those_that_chromium_sees(chromium: Page) -> None:
    rng = random.Random(1)
    pages = [_random_page(rng) for _ in range(400)]
    chromium.goto("about:blank")
    for start in range(0, len(pages), 100):
        some = pages[start : start + 100]
        for page, seen in zip(some, chromium.evaluate(AS_THEY_STAND, some), strict=True):
            found = forms_of(page)
            mine = [[one.id, one.action, [[f.name, v] for f in one.controls for v in f.values]] for one in found]
            assert mine == seen, page


def _page(html: str) -> Response:
    return Response(
        200, Headers([(b"Content-Type", b"text/html; charset=utf-8")]), html.encode(), "/page/1?x=1", get("/")
    )


def _as_sent(request: Request) -> Sent:
    return Sent(request.method, request.path, dict(request.headers).get("Content-Type", ""), request.body)


def _with_one_boundary(sent: Sent) -> Sent:
    """Each side chooses its own boundary; all else must be the same."""
    found = re.search(r"boundary=([\w-]+)", sent.content_type)
    if found is None:
        return sent
    body = sent.body.replace(found[1].encode(), b"BOUNDARY")
    return sent._replace(content_type=sent.content_type.replace(found[1], "BOUNDARY"), body=body)


FIELDS = """<input type=hidden name=csrf_token value="a&amp;b+c=d%20"><input name="text">
<input name='na"me[0] ü' value="it's (1*2)~3! ü€😀 \\"><textarea name=lines>
one
two</textarea><input type=checkbox name=on checked><input type=checkbox name=off>
<select name=tone><option>plain<option selected>a b</select><input type=submit value=Send>"""


@pytest.mark.parametrize(
    "opening",
    [
        "<form method=post>",
        "<form method=POST action='../write?draft=1&amp;x=2'>",
        "<form action='/search?old=1#part'>",
        "<form method=post action=/plain enctype=text/plain>",
        "<form method=post action=/files enctype=multipart/form-data>",
        "<form method=post action=/odd enctype=nonsense>",
    ],
)
def test_a_form_is_sent_byte_for_byte_as_chromium_sends_it(opening: str, chromium: Page, recorder: Recorder) -> None:
    html = f"<!doctype html>{opening}{FIELDS}</form>"
    recorder.page = html.encode()
    text = "Grüße & <b>~*'()</b>\t100 %"
    mine = form(_page(html)).submit(text=text)
    # A form without an action goes to its page's own address, which here is the recorder's page.
    own = "" if "action" in opening else "/page/1?x=1"
    if own:
        recorder.page = html.replace("<form method=post>", "<form method=post action='/itself?x=1'>").encode()
        mine = Request(mine.method, mine.path.replace("/page/1", "/itself"), mine.body, mine.headers)
    chromium.goto(f"http://127.0.0.1:{recorder.server_port}/page/1?x=1")
    chromium.locator("[name=text]").fill(text)
    with chromium.expect_navigation():
        chromium.locator("[type=submit]").click()
    assert _with_one_boundary(_as_sent(mine)) == _with_one_boundary(recorder.got[-1])


def test_files_are_sent_byte_for_byte_as_chromium_sends_them(chromium: Page, recorder: Recorder) -> None:
    html = """<form method=post action=/files enctype=multipart/form-data>
    <input type=file name='pic"ture'><input type=file name=many multiple><input type=file name=none><button>Go</button>
    <input name=note value=x></form>"""
    recorder.page = html.encode()
    image = bytes(range(256)) * 40
    one = File('a "b" ü;.png', image, "image/png")
    two = (File("1.txt", b"one\r\n--two", "text/plain"), File("empty.bin", b""))
    mine = form(_page(html)).submit(**{'pic"ture': one, "many": two})
    chromium.goto(f"http://127.0.0.1:{recorder.server_port}/page/1")

    def payload(file: File) -> dict[str, object]:
        return {"name": file.name, "mimeType": file.content_type, "buffer": file.data}

    chromium.locator("input").nth(0).set_input_files([payload(one)])
    chromium.locator("input").nth(1).set_input_files([payload(file) for file in two])
    with chromium.expect_navigation():
        chromium.locator("button").click()
    assert _with_one_boundary(_as_sent(mine)) == _with_one_boundary(recorder.got[-1])
    # Without its enctype a form sends a file's name alone, in both.
    recorder.page = html.replace("enctype", "data-enctype").encode()
    mine = form(_page(recorder.page.decode())).submit(**{'pic"ture': one})
    chromium.goto(f"http://127.0.0.1:{recorder.server_port}/page/1")
    chromium.locator("input").nth(0).set_input_files([payload(one)])
    with chromium.expect_navigation():
        chromium.locator("button").click()
    assert _as_sent(mine) == recorder.got[-1]


def test_a_button_of_another_place_sends_its_form_where_it_says(chromium: Page, recorder: Recorder) -> None:
    html = """<form id=deeds method=post><input type=hidden name=csrf_token value=t></form>
    <button form=deeds formaction="/posts/7/like" name=how value=well>Like</button>
    <button form=deeds formaction="/posts/8/like" formmethod=get>Like</button>
    <input name=next value="/@a" form=deeds>"""
    recorder.page = html.encode()
    for number in (7, 8):
        mine = form(_page(html), f"/posts/{number}/like").submit()
        chromium.goto(f"http://127.0.0.1:{recorder.server_port}/page/1")
        with chromium.expect_navigation():
            chromium.locator("button").nth(number - 7).click()
        assert _as_sent(mine) == recorder.got[-1]
