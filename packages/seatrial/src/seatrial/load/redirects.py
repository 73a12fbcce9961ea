"""Where a redirect leads, and with which request, as browsers follow it."""

import urllib.parse
from collections.abc import Collection

from seatrial.load.messages import Request, Response

__all__ = ["REDIRECTS", "REDIRECTS_MAX", "redirected"]

REDIRECTS = frozenset({301, 302, 303, 307, 308})
"""The statuses that lead on."""

REDIRECTS_MAX = 10
"""As many are followed for one request; what then leads on still is a wrong answer."""


def redirected(request: Request, response: Response, scheme: str, origins: Collection[str]) -> Request | None:
    """The request that follows a redirect; None when it leads away from the subject, or nowhere.

    scheme, origins: what the subject's own addresses begin with, "http" and such as "127.0.0.1:8000".
    """
    location = response.headers.get("location", "")
    try:
        parts = urllib.parse.urlsplit(urllib.parse.urljoin(request.path, location))
    except ValueError:
        return None
    leads_away = parts.scheme not in {"", scheme} or (parts.netloc and parts.netloc.lower() not in origins)
    if not location or leads_away or not (parts.path or "/").startswith("/"):
        return None
    path = urllib.parse.quote(parts.path or "/", safe="/%:;,@!$&'()*+=~") + (
        "?" + urllib.parse.quote(parts.query, safe="/%:;,@!$&'()*+=~?") if parts.query else ""
    )
    becomes_get = response.status == 303 or (response.status in {301, 302} and request.method == "POST")
    if becomes_get and request.method != "HEAD":
        kept = tuple(pair for pair in request.headers if not pair[0].lower().startswith("content-"))
        return Request("GET", path, b"", kept, request.name, follow=True)
    return Request(request.method, path, request.body, request.headers, request.name, follow=True)
