"""A browser's recording as a journey: what is kept, what is left out, what is looked up anew."""

import json

import pytest

from seatrial.discover.recorded_visit import recorded_visit
from seatrial.errors import SpecError

SITE = "https://shop.example"


def entry(number, method, url, *, status=200, mime="text/html", redirect="", post=None, headers=()):
    request = {"method": method, "url": url, "headers": [{"name": n, "value": v} for n, v in headers]}
    if post is not None:
        request["postData"] = post
    return {
        "startedDateTime": f"2026-11-28T10:00:{number:02d}Z",
        "request": request,
        "response": {"status": status, "content": {"mimeType": mime}, "redirectURL": redirect},
    }


def form_of(**fields):
    return {
        "mimeType": "application/x-www-form-urlencoded",
        "params": [{"name": n, "value": v} for n, v in fields.items()],
    }


@pytest.fixture
def recording(tmp_path):
    def write(*entries):
        path = tmp_path / "visit.har"
        path.write_text(json.dumps({"log": {"version": "1.2", "entries": list(entries)}}))
        return path

    return write


SIGNED_IN = (
    entry(1, "GET", f"{SITE}/login"),
    entry(2, "GET", f"{SITE}/static/site.css", mime="text/css"),
    entry(
        3,
        "POST",
        f"{SITE}/login",
        status=302,
        redirect="/home",
        post=form_of(csrf_token="abc123", username="ada@real.example", password="her own password"),
    ),
    entry(4, "GET", f"{SITE}/home"),
    entry(5, "GET", "https://elsewhere.example/counter.js", mime="text/javascript"),
    entry(6, "POST", f"{SITE}/notes", post=form_of(csrf_token="abc123", text="Buy rope")),
    entry(7, "GET", f"{SITE}/logout"),
)


def test_a_signed_in_visit_becomes_a_sign_in_and_a_visit_with_fresh_tokens(recording):
    found = recorded_visit(recording(*SIGNED_IN), user="trial", password="trial-password")
    assert (found.signs_in, found.requests, found.files, found.elsewhere) == (True, 3, 1, 1)
    lines = [line.strip() for line in found.text.splitlines()]
    assert "page = yield get('/login')" in lines
    assert "page = yield form(page, '/login').submit(**{'username': USER, 'password': PASSWORD})" in lines
    assert "page = yield form(page, '/notes').submit(**{'text': 'Buy rope'})" in lines
    # The redirect's target is asked for by following it; nobody signs out; the token comes from the page.
    assert not any("/home" in line or "/logout" in line or "abc123" in line for line in lines)
    compile(found.text, "journeys.py", "exec")


def test_no_secret_of_the_recording_is_in_the_text(recording):
    text = recorded_visit(recording(*SIGNED_IN)).text
    for secret in ("her own password", "ada@real.example", "abc123"):
        assert secret not in text


def test_a_bearer_token_is_taken_from_the_answer_of_the_sign_in(recording):
    found = recorded_visit(
        recording(
            entry(
                1,
                "POST",
                f"{SITE}/api/login",
                mime="application/json",
                post={"mimeType": "application/json", "text": '{"email": "a@b.c", "password": "x1"}'},
            ),
            entry(
                2, "GET", f"{SITE}/api/me", mime="application/json", headers=[("Authorization", "Bearer abc.def.ghi")]
            ),
        )
    )
    assert "json={'email': USER, 'password': PASSWORD}" in found.text
    assert "get('/api/me', bearer=person.memory[\"token\"])" in found.text
    assert "abc.def" not in found.text
    compile(found.text, "journeys.py", "exec")


@pytest.mark.parametrize("content", ["", "{}", '{"log": {"entries": []}}', "[1]", '{"log": {"entries": [{}]}}'])
def test_what_is_no_recording_is_refused_with_how_to_make_one(tmp_path, content):
    path = tmp_path / "visit.har"
    path.write_text(content)
    with pytest.raises(SpecError, match="developer tools"):
        recorded_visit(path)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(SpecError, match="cannot be read"):
        recorded_visit(tmp_path / "missing.har")
