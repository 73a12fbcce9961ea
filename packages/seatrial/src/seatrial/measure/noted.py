"""A workload that notes which files of the app its pages ask for, and that can then ask for each of those alone."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from html import unescape
from urllib.parse import urljoin, urlsplit

from seatrial.load.http.content_coding import BodyError
from seatrial.load.http.messages import Request, Response
from seatrial.load.journey.person import Person
from seatrial.load.journey.steps import Journey, get
from seatrial.load.workload import Workload

__all__ = ["FILE", "Noted", "files_of"]

FILE = "(file)"
"""The operation that asks for one file: the next of `asked`."""

FILES_MAX = 8
"""Of all pages together: those that most of them ask for."""

BYTES_LOOKED_AT = 300_000

_TAG = re.compile(r"<(?P<tag>link|script|img)\b(?P<rest>[^>]*)>", re.IGNORECASE)
_ADDRESS = re.compile(r"""\b(?:href|src)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_REL = re.compile(r"""\brel\s*=\s*["']?([^"'>]*)""", re.IGNORECASE)
_FETCHED = re.compile(r"\b(stylesheet|icon|modulepreload|manifest)\b", re.IGNORECASE)
_PLAIN = re.compile(r"/[!-~]*")


def files_of(page: str, at: str) -> tuple[str, ...]:
    """What a browser fetches to show the page, as far as it is the app's: paths on its own host. Pure.

    at: the page's own path.
    """
    found: dict[str, None] = {}
    for tag in _TAG.finditer(page):
        rel = _REL.search(tag["rest"])
        if tag["tag"].lower() == "link" and not (rel and _FETCHED.search(rel[1])):
            continue
        address = _ADDRESS.search(tag["rest"])
        written = unescape(next(filter(None, address.groups()), "")).strip() if address else ""
        parts = urlsplit(written)
        if not written or parts.scheme or parts.netloc:
            continue
        path = urljoin(at, parts._replace(fragment="").geturl())
        if _PLAIN.fullmatch(path):
            found.setdefault(path)
    return tuple(found)


class Noted:
    """The workload, each operation by its name, and `FILE` beside them, which asks for `asked` one after the other."""

    asked: Iterator[str]
    """Paths for `FILE`; set before it is sent."""

    def __init__(self, workload: Workload) -> None:
        """workload: stays as it is."""
        self._linked: dict[str, dict[str, None]] = defaultdict(dict)
        noted = {name: self._noting(name, journey) for name, journey in workload.operations.items()}

        self.sizes: dict[str, int] = {}
        """Bytes of each file that was asked for and answered with one."""

        def file(_: Person) -> Journey:
            path = next(self.asked)
            answer = yield get(path, name=path)
            if answer.status == 200 and "html" not in (answer.headers.get("content-type") or ""):
                self.sizes[path] = len(answer.body)

        self.workload = replace(workload, operations={**noted, FILE: file})

    def files(self) -> dict[str, Sequence[str]]:
        """Path -> operations whose pages ask for it; those of most operations, `FILES_MAX` at most."""
        of_path: dict[str, list[str]] = defaultdict(list)
        for operation, paths in self._linked.items():
            for path in paths:
                of_path[path].append(operation)
        most = sorted(of_path, key=lambda path: (-len(of_path[path]), path))[:FILES_MAX]
        return {path: of_path[path] for path in most}

    def _noting(self, operation: str, journey: Callable[[Person], Journey]) -> Callable[[Person], Journey]:
        def noting(person: Person) -> Journey:
            steps = journey(person)
            answer = None
            try:
                while True:
                    step = steps.send(answer)
                    answer = yield step
                    for one in answer if isinstance(answer, tuple) else (answer,):
                        if isinstance(one, Response):
                            self._note(step.name if isinstance(step, Request) and step.name else operation, one)
            except StopIteration:
                return
            finally:
                steps.close()

        return noting

    def _note(self, operation: str, answer: Response) -> None:
        if answer.status == 200 and "html" in (answer.headers.get("content-type") or ""):
            try:
                page = answer.text[:BYTES_LOOKED_AT]
            except BodyError:
                return
            self._linked[operation].update(dict.fromkeys(files_of(page, answer.path)))
