"""One line of a web server's access log -> the visit it tells of. Pure.

Read are the combined and common formats (Apache, nginx, gunicorn), with a host name before them or fields after them,
JSON lines (Caddy's, Cloudflare's, and those that name their fields as nginx's variables are named), and what Heroku's
router writes.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

__all__ = ["LogLine", "log_line"]

COMBINED = re.compile(
    r'^(?:[^\s\[{"]+ )?(?P<address>[^\s\[{"]+) [^\s\[]+ [^\s\[]+ \[(?P<time>[^\]]{20,40})\] '
    r'"(?P<request>(?:[^"\\]|\\.)*)" (?P<status>\d{3}) (?:\d+|-)'
    r'(?: "(?:[^"\\]|\\.)*" "(?P<agent>(?:[^"\\]|\\.)*)")?'
)
MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}

ROUTED = re.compile(r"(?:^|\s)(\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)).*?\bat=\w+ (.*)")
"""A line of Heroku's router: when, and its fields, `method=GET path="/x" ... fwd="1.2.3.4" ... status=200`."""

FIELD = re.compile(r'(\w+)=(?:"([^"]*)"|(\S*))')

STATIC_ENDINGS = (
    ".avif",
    ".bmp",
    ".css",
    ".cur",
    ".eot",
    ".gif",
    ".ico",
    ".jpeg",
    ".jpg",
    ".js",
    ".map",
    ".mjs",
    ".mp3",
    ".mp4",
    ".ogg",
    ".otf",
    ".pdf",
    ".png",
    ".svg",
    ".ttf",
    ".txt",
    ".wasm",
    ".wav",
    ".webm",
    ".webmanifest",
    ".webp",
    ".woff",
    ".woff2",
    ".zip",
)
STATIC_FOLDERS = ("/static/", "/assets/", "/media/", "/uploads/", "/.well-known/")

TIMES = ("ts", "time", "timestamp", "time_iso8601", "@timestamp", "msec", "time_local", "EdgeStartTimestamp")
STATUSES = ("status", "status_code", "http_status", "response_code", "EdgeResponseStatus")
TARGETS = ("uri", "request_uri", "path", "url", "request", "ClientRequestURI")
"""What JSON lines call it, of different servers."""

ROBOT = re.compile(
    r"bot\b|bot/|crawl|spider|slurp|curl/|wget/|python-|go-http|java/|libwww|monitor|uptime|probe|scan|headless|"
    r"feed|http[_-]?client|postman",
    re.IGNORECASE,
)

SECONDS_PER_DAY = 86_400


@dataclass(frozen=True, slots=True)
class LogLine:
    """One request. moment_s: seconds since 1970; local_s: the same by the clock of the log's own time zone.

    visitor: address and browser, which stand for a person; "" where the line has neither. is_static: a file that a web
    server gives out without asking the app. is_robot: the program says that it is none of a person's. target: what was
    asked for, with its query.
    """

    moment_s: float
    local_s: float
    visitor: str
    is_static: bool
    is_robot: bool
    status: int
    method: str = "GET"
    target: str = ""

    @property
    def day(self) -> int:
        """Days since 1970, by the log's clock."""
        return int(self.local_s // SECONDS_PER_DAY)


def log_line(text: str) -> LogLine | None:
    """The request that the line tells of; None when it has no form that is known."""
    stripped = text.strip()
    if stripped.startswith("{"):
        return _of_json(stripped)
    return _of_combined(stripped) or _of_router(stripped)


def _of_combined(text: str) -> LogLine | None:
    found = COMBINED.match(text)
    if found is None:
        return None
    moment = _clock(found["time"])
    if moment is None:
        return None
    visitor = _visitor(found["address"], found["agent"] or "")
    return _line(moment, visitor, found["agent"] or "", found["request"], found["status"])


def _of_router(text: str) -> LogLine | None:
    found = ROUTED.search(text)
    if found is None:
        return None
    fields = {name: quoted or plain for name, quoted, plain in FIELD.findall(found[2])}
    moment = _clock(found[1])
    if moment is None or "path" not in fields or not fields.get("status", "").isdecimal():
        return None
    # The router tells no browser: people behind one router count as one.
    visitor = _visitor(fields.get("fwd", "").partition(",")[0], "")
    return _line(moment, visitor, "", f"{fields.get('method', 'GET')} {fields['path']}", fields["status"])


def _of_json(text: str) -> LogLine | None:
    try:
        row = json.loads(text)
    except ValueError:
        return None
    if not isinstance(row, dict):
        return None
    request = row["request"] if isinstance(row.get("request"), dict) else {}
    flat = {**row, **request}
    moment = _moment(_first(flat, *TIMES))
    status = _first(flat, *STATUSES)
    path = _first(flat, *TARGETS)
    if moment is None or path is None or not str(status).isdecimal():
        return None
    headers = flat.get("headers")
    agent = _first(flat, "http_user_agent", "user_agent", "agent", "ClientRequestUserAgent")
    if agent is None and isinstance(headers, dict):
        agent = next((value for name, value in headers.items() if str(name).lower() == "user-agent"), None)
    if isinstance(agent, list):
        agent = agent[0] if agent else None
    address = _first(flat, "client_ip", "remote_ip", "remote_addr", "remote_host", "client", "ip", "ClientIP")
    method = _first(flat, "method", "request_method", "ClientRequestMethod")
    asked = str(path) if " " in str(path) or method is None else f"{method} {path}"
    return _line(moment, _visitor(str(address or ""), str(agent or "")), str(agent or ""), asked, str(status))


def _visitor(address: str, agent: str) -> str:
    return f"{address} {agent}" if address not in ("", "-") or agent not in ("", "-") else ""


def _line(moment: tuple[float, float], visitor: str, agent: str, request: str, status: str) -> LogLine:
    """request: `GET /x HTTP/1.1`, without its end, or only the target."""
    words = request.split(" ")
    method, target = (words[0], words[1]) if len(words) > 1 else ("GET", words[0])
    is_robot = bool(ROBOT.search(agent))
    return LogLine(*moment, visitor, _is_static(target), is_robot, int(status), method, target)


def _is_static(target: str) -> bool:
    path = target.partition("?")[0].lower()
    return path.startswith(STATIC_FOLDERS) or path.endswith(STATIC_ENDINGS)


def _first(row: Mapping[str, Any], *names: str) -> Any:
    return next((row[name] for name in names if row.get(name) is not None), None)


def _moment(value: Any) -> tuple[float, float] | None:
    """Seconds since 1970 and by the log's own clock, from a number (UTC) or a text."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str) and not re.fullmatch(r"\d+(\.\d+)?", value):
        return _clock(value)
    seconds = float(value) if isinstance(value, int | float | str) else -1.0
    # Some write milliseconds or finer: no request was logged after the year 2286.
    while seconds >= 1e10:
        seconds /= 1000.0
    return (seconds, seconds) if seconds > 0 else None


@lru_cache(maxsize=4096)
def _clock(text: str) -> tuple[float, float] | None:
    """`10/Oct/2000:13:55:36 -0700` or ISO 8601, without a zone taken as UTC. All requests of a second share it."""
    try:
        if text[2:3] == "/":
            date, hour, minute, rest = text.split(":", 3)
            day, month, year = date.split("/")
            zone = rest[2:].strip() or "+0000"
            sign = -1 if zone[0] == "-" else 1
            offset_s = sign * (int(zone[1:3]) * 3600 + int(zone[3:5]) * 60)
            at = datetime(int(year), MONTHS[month], int(day), int(hour), int(minute), int(rest[:2]), tzinfo=UTC)
            return at.timestamp() - offset_s, at.timestamp()
        moment = datetime.fromisoformat(text)
        offset = moment.utcoffset()
        local_s = moment.replace(tzinfo=UTC).timestamp()
        return local_s - (offset.total_seconds() if offset else 0.0), local_s
    except (ValueError, KeyError, IndexError):
        return None
