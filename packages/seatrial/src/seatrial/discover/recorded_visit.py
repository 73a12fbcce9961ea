"""One visit, recorded by a browser as a HAR file, as a journey: files apart, secrets out, tokens looked up anew.

HAR 1.2 is what every browser's network panel saves (https://w3c.github.io/web-performance/specs/HAR/Overview.html).
"""

import json
import re
import urllib.parse
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seatrial.discover.crawl import is_file
from seatrial.errors import SpecError

__all__ = ["RecordedVisit", "recorded_visit"]

BYTES_MAX = 200_000_000
STEPS_MAX = 200

SECRET = re.compile(r"passw|secret|pin$|otp|totp|code$|card|cvc|iban", re.IGNORECASE)
TOKEN = re.compile(r"csrf|xsrf|token|nonce|authenticity|__requestverification|_key$|^key$|state$", re.IGNORECASE)
SIGNS_OUT = re.compile(r"log[-_]?out|sign[-_]?out", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RecordedVisit:
    """A journeys file's text, and what was left out. signs_in: it has a function `sign_in` beside `visit`.

    requests: of the visit, files not counted; files: those that browsers keep; elsewhere: to other hosts.
    """

    text: str
    signs_in: bool
    requests: int
    files: int
    elsewhere: int


@dataclass(frozen=True, slots=True)
class _Step:
    method: str
    path: str
    fields: tuple[tuple[str, str], ...]
    document: str
    content_type: str
    bearer: bool
    from_page: str

    @property
    def has_password(self) -> bool:
        return any(SECRET.search(name) for name, _ in self.fields)


def recorded_visit(path: Path, *, user: str = "", password: str = "") -> RecordedVisit:
    """Reads a HAR file. user, password: for the fields that held secrets, which are never copied from the file.

    Raises:
        SpecError: it cannot be read, is no HAR, or holds no request to a page.
    """
    entries = _entries(path)
    hosts = Counter(_host(entry) for entry in entries if "html" in _content_type(entry))
    hosts = hosts or Counter(_host(entry) for entry in entries)
    if not hosts:
        raise _refused(path, "it holds no requests")
    ours = hosts.most_common(1)[0][0]
    own = [entry for entry in entries if _host(entry) == ours]
    steps, files = [], 0
    for entry in own:
        step = _step(entry)
        if is_file(step.path):
            files += 1
        elif entry["response"].get("status", 0) not in {0, 304} and not SIGNS_OUT.search(step.path):
            steps.append(step)
    steps = _without_redirected(own, steps)[:STEPS_MAX]
    if not steps:
        raise _refused(path, "it holds no requests to pages or APIs")
    signed_in_after = next((n + 1 for n, step in enumerate(steps) if step.has_password and step.method == "POST"), 0)
    text = _text(ours, steps[:signed_in_after], steps[signed_in_after:], user, password)
    return RecordedVisit(text, bool(signed_in_after), len(steps), files, len(entries) - len(own))


def _entries(path: Path) -> list[dict[str, Any]]:
    try:
        if path.stat().st_size > BYTES_MAX:
            raise _refused(path, f"it is larger than {BYTES_MAX // 1_000_000} MB")
        content = json.loads(path.read_text(encoding="utf-8-sig"))
        entries = content["log"]["entries"]
        read = [entry for entry in entries if isinstance(entry["request"]["url"], str) and "response" in entry]
    except OSError as error:
        raise _refused(path, f"it cannot be read: {error.strerror or error}") from None
    except (ValueError, KeyError, TypeError):
        raise _refused(path, "it is no HAR file") from None
    return sorted(read, key=lambda entry: str(entry.get("startedDateTime", "")))


def _refused(path: Path, what: str) -> SpecError:
    advice = "Record one: open the browser's developer tools, the network panel, visit your app, save all as HAR."
    return SpecError(f"{what}.", where=str(path), try_this=advice)


def _host(entry: Mapping[str, Any]) -> str:
    return urllib.parse.urlsplit(str(entry["request"]["url"])).netloc


def _content_type(entry: Mapping[str, Any]) -> str:
    return str((entry["response"].get("content") or {}).get("mimeType", ""))


def _step(entry: Mapping[str, Any]) -> _Step:
    request = entry["request"]
    parts = urllib.parse.urlsplit(request["url"])
    headers = {str(h.get("name", "")).lower(): str(h.get("value", "")) for h in request.get("headers", [])}
    sent = request.get("postData") or {}
    fields = tuple((str(p.get("name", "")), str(p.get("value", ""))) for p in sent.get("params") or ())
    mime = str(sent.get("mimeType", ""))
    document = str(sent.get("text", "")) if "json" in mime else ""
    if not fields and "urlencoded" in mime:
        fields = tuple(urllib.parse.parse_qsl(str(sent.get("text", "")), keep_blank_values=True))
    if document:
        fields = tuple(_leaves(document))
    return _Step(
        method=str(request.get("method", "GET")).upper(),
        path=urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, "")),
        fields=fields,
        document=document,
        content_type=mime,
        bearer=headers.get("authorization", "").lower().startswith("bearer "),
        from_page=urllib.parse.urlsplit(headers.get("referer", "")).path,
    )


def _leaves(document: str) -> Iterator[tuple[str, str]]:
    try:
        content = json.loads(document)
    except ValueError:
        return
    if isinstance(content, dict):
        yield from ((str(name), str(value)) for name, value in content.items() if isinstance(value, str))


def _without_redirected(own: Sequence[Mapping[str, Any]], steps: list[_Step]) -> list[_Step]:
    """What a redirect led to is asked for by itself when the journey runs."""
    led_to: Counter[str] = Counter()
    for entry in own:
        if 300 <= int(entry["response"].get("status", 0)) < 400 and entry["response"].get("redirectURL"):
            target = urllib.parse.urlsplit(
                urllib.parse.urljoin(entry["request"]["url"], entry["response"]["redirectURL"])
            )
            led_to[urllib.parse.urlunsplit(("", "", target.path or "/", target.query, ""))] += 1
    kept = []
    for step in steps:
        if step.method == "GET" and led_to[step.path] > 0:
            led_to[step.path] -= 1
        else:
            kept.append(step)
    return kept


def _text(host: str, sign_in: Sequence[_Step], visit: Sequence[_Step], user: str, password: str) -> str:
    bearer = any(step.bearer for step in (*sign_in, *visit))
    used = ["expect", *(["form"] if any(_is_form(s) for s in (*sign_in, *visit)) else [])]
    used += ["get", *(["request"] if any(s.method != "GET" and not _is_form(s) for s in (*sign_in, *visit)) else [])]
    lines = [
        f'"""A visit to {host} as a browser recorded it, written by `seatrial init --har`."""',
        "",
        *(["import re", ""] if bearer else []),
        f"from seatrial.load.journeys import {', '.join(used)}",
        "",
        f"USER, PASSWORD = {user!r}, {password!r}  # what the recording held of these is not copied",
        "",
    ]
    if sign_in:
        lines += ["", "def sign_in(person):", *_lines(sign_in, bearer)]
        lines += ['    person.memory["page"] = page'] if not bearer else []
        lines += [""]
    lines += ["", "def visit(person):"]
    body = list(_lines(visit, bearer))
    first_is_form = bool(visit) and _is_form(visit[0])
    lines += ['    page = person.memory["page"]'] if first_is_form and sign_in and not bearer else []
    lines += body or ['    expect((yield get("/")))']
    return "\n".join(lines) + "\n"


def _is_form(step: _Step) -> bool:
    return step.method == "POST" and "json" not in step.content_type and bool(step.fields)


def _lines(steps: Sequence[_Step], bearer: bool) -> Iterator[str]:
    for step in steps:
        token = ', bearer=person.memory["token"]' if step.bearer else ""
        if step.method == "GET":
            yield f"    page = yield get({step.path!r}{token})"
        elif _is_form(step):
            filled = ", ".join(
                f"{name!r}: {_value(name, value)}" for name, value in step.fields if not TOKEN.search(name)
            )
            yield f"    page = yield form(page, {step.path!r}).submit(**{{{filled}}})"
        else:
            document = f", json={_document(step.document)}" if step.document else ""
            yield f"    page = yield request({step.method!r}, {step.path!r}{document}{token})"
        yield "    expect(page, status=(200, 201, 202, 204))"
        if bearer and step.has_password:
            yield '    found = re.search(r\'"(?:access_token|token|access|jwt)"\\s*:\\s*"([^"]+)"\', page.text)'
            yield '    person.memory["token"] = found[1]'


def _document(text: str) -> str:
    """The JSON as Python, with its secrets as variables."""
    try:
        content = json.loads(text)
    except ValueError:
        return repr(text)
    if not isinstance(content, dict):
        return repr(content)
    items = (
        f"{name!r}: {_value(str(name), value) if isinstance(value, str) else repr(value)}"
        for name, value in content.items()
    )
    return "{" + ", ".join(items) + "}"


def _value(name: str, value: str) -> str:
    if SECRET.search(name):
        return "PASSWORD"
    if re.search(r"user|login|handle|e-?mail", name, re.IGNORECASE):
        return "USER"
    return repr(value)
