"""A subject that somebody else started: may it be loaded, and does it answer?"""

import http
from collections.abc import Mapping
from urllib.parse import urlsplit

from seatrial.errors import SpecError, TestbedError
from seatrial.testbed.readiness import NO_HEADERS, probe
from seatrial.testbed.this_machine import is_loopback

__all__ = ["check_answers", "check_target"]

HTTP_PORT = 80


def check_target(url: str, *, allow_remote: bool) -> None:
    """Raises SpecError when `url` is no HTTP address, or not on this machine and not explicitly allowed."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "http" or not host:
        raise SpecError(
            f"`{url}` is not an address such as http://127.0.0.1:8000",
            where="subject.url",
            try_this="Give the app's own address: what stands before it (TLS, a proxy) would be measured with it.",
        )
    if not allow_remote and not is_loopback(host):
        raise SpecError(
            f"the target {host} is not on this machine",
            where="subject.url",
            try_this="Loading somebody else's machine is an attack on it. If it is yours and you mean it, allow it "
            "explicitly (--allow-remote).",
        )


def check_answers(url: str, health_path: str, timeout_s: float, headers: Mapping[str, str] = NO_HEADERS) -> None:
    """Raises TestbedError when the health path does not answer 200."""
    parts = urlsplit(url)
    answer = probe(parts.hostname or "", parts.port or HTTP_PORT, health_path, timeout_s, headers)
    if answer.status != http.HTTPStatus.OK:
        said = f"answered {answer.status}" if answer.state == "answered" else "did not answer"
        raise TestbedError(
            f"the subject {said} to its health path instead of 200",
            where=f"{url.rstrip('/')}{health_path}",
            try_this="Start it first, and set subject.health_path to a path that answers 200.",
            details=answer.body,
        )
