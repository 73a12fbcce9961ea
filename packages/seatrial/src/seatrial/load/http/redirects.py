"""Where a redirect leads, and with which request, as browsers follow it."""

import re
import urllib.parse
from collections.abc import Collection

from seatrial.load.http.messages import Request, Response

__all__ = ["REDIRECTS", "REDIRECTS_MAX", "leads_on", "leads_on_in_words", "redirected"]

REDIRECTS = frozenset({301, 302, 303, 307, 308})
"""The statuses that lead on."""

REDIRECTS_MAX = 10
"""As many are followed for one request; what then leads on still is a wrong answer."""

# What leads where it says, as most do: a path from the root, without dots to resolve or characters to encode. Such a
# redirect takes 2.4 us, any other 7.8.
_IS_PLAIN = re.compile(r"(?>(?:/[\w~%@=+,-][\w~%@=+,.-]*+)+)/?(?:\?[\w/~%@=+,.&-]++)?|/", re.ASCII).fullmatch


def redirected(request: Request, response: Response, scheme: str, origins: Collection[str]) -> Request | None:
    """The request that follows a redirect; None when it leads away from the subject, or nowhere.

    scheme, origins: what the subject's own addresses begin with, "http" and such as "127.0.0.1:8000".
    """
    location = response.headers.get("location", "")
    path = location if _IS_PLAIN(location) else _path_of(location, request.path, scheme, origins)
    if path is None:
        return None
    becomes_get = response.status == 303 or (response.status in {301, 302} and request.method == "POST")
    if becomes_get and request.method != "HEAD":
        kept = tuple(pair for pair in request.headers if not pair[0].lower().startswith("content-"))
        return Request("GET", path, b"", kept, request.name, follow=True)
    return Request(request.method, path, request.body, request.headers, request.name, follow=True)


def leads_on(response: Response) -> bool:
    """Whether a request that follows redirects ended at one that the journey did not expect."""
    return response.status in REDIRECTS and response.request.follow and not response.expected


def leads_on_in_words(response: Response) -> str:
    """Where a redirect leads that was not followed, and what can be done about it."""
    location = response.headers.get("location", "")
    if not location:
        return "a redirect without a Location leads nowhere; if it is right, expect its status"
    return (
        f"leads away to {location[:200]}, where nothing is sent; if that is the app by its own name, give the name as "
        "host_header or --host-header (for https, load the https address), and if the redirect is right, expect its "
        "status"
    )


def _path_of(location: str, page: str, scheme: str, origins: Collection[str]) -> str | None:
    """The path and query that a Location of this page leads to; None where it leads away, or nowhere."""
    try:
        parts = urllib.parse.urlsplit(urllib.parse.urljoin(page, location))
    except ValueError:
        return None
    leads_away = parts.scheme not in {"", scheme} or (parts.netloc and parts.netloc.lower() not in origins)
    if not location or leads_away or not (parts.path or "/").startswith("/"):
        return None
    return urllib.parse.quote(parts.path or "/", safe="/%:;,@!$&'()*+=~") + (
        "?" + urllib.parse.quote(parts.query, safe="/%:;,@!$&'()*+=~?") if parts.query else ""
    )
