"""A small real Flask app to drive: sign-in with CSRF, redirects, cookies, uploads, slow and wrong answers."""

import gzip
import hashlib
import os
import secrets
import time

from flask import Flask, Response, abort, jsonify, redirect, request, session

app = Flask(__name__, static_folder=None)
app.secret_key = "only for tests, never anywhere else"

FORM = """<!doctype html><title>{title}</title>
<form method="post" action="{action}"><input type="hidden" name="csrf_token" value="{token}">
<input name="name"><input name="text"><button>Go</button></form>"""


def _form(title: str, action: str) -> str:
    session.setdefault("token", secrets.token_hex(8))
    return FORM.format(title=title, action=action, token=session["token"])


def _check_token() -> None:
    if not session.get("token") or request.form.get("csrf_token") != session["token"]:
        abort(403, "the CSRF token is missing or wrong")


@app.get("/")
def home() -> str:
    return f"<h1>Hello {session.get('name', 'stranger')}</h1> pid={os.getpid()}"


@app.get("/packed")
def packed() -> Response:
    if request.headers.get("Accept-Encoding") != "gzip":
        abort(406)
    return Response(gzip.compress("Grüße, compressed".encode()), headers={"Content-Encoding": "gzip"})


@app.get("/login")
def login_page() -> str:
    return _form("Sign in", "/login")


@app.post("/login")
def login() -> Response:
    _check_token()
    if not request.form["name"].startswith("person"):
        return Response("wrong name or password", 403)
    session["name"] = request.form["name"]
    return redirect("/welcome", 303)


@app.get("/welcome")
def welcome() -> Response:
    response = redirect("/home?from=welcome")
    response.set_cookie("visited", "1", path="/home")
    return response


@app.get("/home")
def signed_in_home() -> str:
    if "name" not in session:
        abort(401)
    return _form(f"Home of {session['name']}, visited {request.cookies.get('visited', 'never')}", "/post")


@app.post("/post")
def post() -> str:
    _check_token()
    return f"<p>{session['name']} wrote {request.form['text']}</p>"


@app.get("/logout")
def logout() -> str:
    session.clear()
    return "bye"


@app.get("/slow")
def slow() -> str:
    time.sleep(float(request.args.get("s", "0.1")))
    return "slow"


waited: list[tuple[str, float, float]] = []


@app.get("/wait/<name>")
def wait(name: str) -> str:
    """Keeps a record of when it began and ended, by the clock that all processes of the machine share."""
    started_s = time.monotonic()
    time.sleep(float(request.args.get("s", "0.2")))
    waited.append((name, started_s, time.monotonic()))
    return f"waited {name}"


@app.get("/waited")
def all_waited() -> Response:
    answer = jsonify(list(waited))
    waited.clear()
    return answer


@app.route("/upload", methods=["GET", "POST"])
def upload() -> Response | str:
    if request.method == "GET":
        session.setdefault("token", secrets.token_hex(8))
        return f"""<form method=post enctype="multipart/form-data"><input name=title><input type=file name=image>
        <input type=hidden name=csrf_token value="{session["token"]}"><button>Up</button></form>"""
    _check_token()
    image = request.files["image"]
    content = image.read()
    return jsonify(
        title=request.form["title"],
        name=image.filename,
        type=image.content_type,
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )


@app.get("/api/me")
def api_me() -> Response:
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return jsonify(token=token, roles=["reader"], seen={"posts": 3, "likes": None})


@app.post("/api/posts")
def api_post() -> tuple[Response, int]:
    return jsonify(id=7, text=request.get_json()["text"]), 201


@app.get("/static/<name>")
def static_file(name: str) -> Response:
    return Response(f"/* {name} */", content_type="text/css")


@app.get("/api/moved")
def api_moved() -> Response:
    return redirect("/api/me", 307)


@app.get("/round")
def round_and_round() -> Response:
    return redirect("/round")


@app.get("/down/<int:steps>")
def down(steps: int) -> Response:
    return redirect(f"/down/{steps - 1}") if steps else Response("at the bottom")


@app.route("/move/<int:code>", methods=["GET", "POST", "PUT"])
def move(code: int) -> Response:
    return redirect("/echo?x=1#part", code)


@app.route("/echo", methods=["GET", "POST", "PUT"])
def echo() -> str:
    return f"{request.method} {request.content_type} {request.get_data(as_text=True)!r} {request.headers.get('X-Own')}"


@app.get("/away")
def away() -> Response:
    return redirect("https://example.org/")


@app.get("/broken")
def broken() -> str:
    abort(500, "it broke")
