"""Apps that answer only to their own name, or only over HTTPS, as they would behind a proxy; found by asking."""

import re
from collections.abc import Iterator, Mapping

from seatrial.discover.source_tree import SourceTree
from seatrial.discover.visitor import Answer, Visitor

__all__ = ["headers_that_open"]

NAMES_TRIED = 4
FORWARDED = {"X-Forwarded-Proto": "https"}
LISTED = re.compile(
    r"(?:allowed_hosts|trusted_hosts|server_name)\b[^=\n]*=\s*(\[[^\]]*\]|[\"'][^\"'\n]+[\"'])", re.IGNORECASE
)
NAME = re.compile(r"[\"']\*?\.?([a-z0-9-]+(?:\.[a-z0-9-]+)*(?::\d+)?)[\"']", re.IGNORECASE)


def headers_that_open(url: str, tree: SourceTree) -> Mapping[str, str]:
    """What must be sent with every request, so that the front page is not refused or sent elsewhere; mostly nothing."""
    first = Visitor(url).get("/")
    if _is_let_in(first):
        return {}
    for headers in ({}, FORWARDED):
        for name in ("", *_names(tree)):
            tried = {**headers, **({"Host": name} if name else {})}
            if tried and _is_let_in(Visitor(url, dict(tried)).get("/")):
                return tried
    return {}


def _is_let_in(answer: Answer) -> bool:
    # 400 is what frameworks answer to a name that is not theirs; 404 also comes of a front page that is not there.
    return answer.status not in {400, 403, 404, 421} and not answer.elsewhere


def _names(tree: SourceTree) -> Iterator[str]:
    found: dict[str, None] = {"localhost": None}
    for module in tree.modules():
        for listed in LISTED.findall(tree.text(module.path.relative_to(tree.root).as_posix())):
            found.update(dict.fromkeys(NAME.findall(listed)))
    yield from list(found)[: NAMES_TRIED + 1]
