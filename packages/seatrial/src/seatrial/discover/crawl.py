"""Which requests an app answers, found by opening its pages from the front one; only such as change nothing."""

import json
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from seatrial.discover.routes import RANDOM_PART, group_of, link_pattern, name_of, openapi_paths
from seatrial.discover.visitor import Answer, Visitor, files_of, links_of

__all__ = ["Found", "crawl", "is_description", "is_file", "plain_paths"]

ANSWERS_MAX = 80
PER_GROUP_MAX = 3
SECONDS_MAX = 30.0
FILES_MAX = 5

FILES = re.compile(
    r"/static/|/media/|/assets/|\.(?:css|js|png|jpe?g|gif|svg|ico|webp|pdf|zip|woff2?|txt|xml|map)(?:$|\?)",
    re.IGNORECASE,
)
"""What a browser keeps, and a proxy serves."""

LEAVE_ALONE = re.compile(
    r"log[-_]?out|sign[-_]?out|delete|remove|destroy|unsubscribe|reset|/jsi18n|/__debug__/", re.IGNORECASE
)
"""Addresses that are not opened: they may change something."""

OPENAPI = (
    "/openapi.json", "/api/openapi.json", "/api/v1/openapi.json", "/schema/openapi.json", "/openapi/openapi.json",
    "/apispec.json", "/apispec_1.json", "/swagger.json", "/api/swagger.json", "/swagger/?format=openapi",
    "/api/schema/?format=json", "/schema/?format=json",
)  # fmt: skip
"""Where FastAPI, Litestar, flask-openapi3, APIFairy, Flasgger, Flask-RESTX, drf-yasg and drf-spectacular put it."""

USUAL = (
    "/login", "/accounts/login/", "/auth/login", "/users/login", "/signin", "/register", "/signup",
    "/accounts/signup/", "/auth/register", "/admin/login/", "/docs", "/health", "/healthz", "/api/", "/blog/",
)  # fmt: skip

DESCRIBED = re.compile(
    r"""["']((?:https?:)?/[^"'\s<>]*(?:openapi|swagger|apispec|schema)[^"'\s<>]*)["']""", re.IGNORECASE
)
"""An address in a page that shows an API: where that page gets its description from."""


@dataclass(slots=True)
class Found:
    """What was opened. good: the first good answer of each group; links: how often each group is linked to.

    bad: those that were answered with an error, by group. pages: every HTML answer, for its forms. files: stylesheets
    and the like that the app itself handed out. lookups: by group, see `FoundOperation.lookup`.
    """

    good: dict[str, Answer] = field(default_factory=dict)
    bad: dict[str, Answer] = field(default_factory=dict)
    links: Counter[str] = field(default_factory=Counter)
    pages: list[Answer] = field(default_factory=list)
    openapi: str = ""
    files: list[Answer] = field(default_factory=list)
    lookups: dict[str, tuple[str, str, str]] = field(default_factory=dict)

    def names(self) -> dict[str, Answer]:
        """The good answers by the name of their operation."""
        named: dict[str, Answer] = {}
        for group, answer in self.good.items():
            name = name_of(group)
            number = 2
            while name in named:
                name, number = f"{name_of(group)}_{number}", number + 1
            named[name] = answer
        return named


def crawl(visitor: Visitor, declared: Iterable[str] = (), *, openapi: str = "") -> Found:
    """Opens pages until nothing new is linked, or `ANSWERS_MAX` were answered, or `SECONDS_MAX` went by.

    openapi: a description of the app; without one it is looked for in the app itself.
    """
    found = Found(openapi=openapi)
    waiting = ["/", *declared, *plain_paths(openapi)]
    until = time.monotonic() + SECONDS_MAX
    taken: Counter[str] = Counter()
    asked: set[str] = set()
    usual = [*(() if openapi else OPENAPI), *USUAL]
    while (waiting or usual) and len(asked) < ANSWERS_MAX and time.monotonic() < until:
        path = waiting.pop(0) if waiting else usual.pop(0)
        group = group_of(path)
        if path in asked or taken[group] >= PER_GROUP_MAX or LEAVE_ALONE.search(path) or is_file(path):
            continue
        asked.add(path)
        taken[group] += 1
        answer = visitor.get(path)
        _note(found, group, answer)
        if not answer.is_good:
            continue
        for link in links_of(answer) if answer.is_page else ():
            found.links[group_of(link)] += 1
            if RANDOM_PART.search(link) and not RANDOM_PART.search(answer.path):
                found.lookups.setdefault(group_of(link), (answer.path, link_pattern(link), ""))
            waiting.append(link)
        described = [*DESCRIBED.findall(answer.body), *links_of(answer)] if answer.is_page else []
        usual = [p for p in map(visitor.own_path, described) if p and _may_describe(p) and p not in asked] + usual
        if not found.openapi and is_description(answer):
            found.openapi = answer.body
            found.good.pop(group, None)
            usual = [p for p in usual if p not in OPENAPI]
            waiting += plain_paths(answer.body)
    _fill_parameters(visitor, found)
    for path in list(dict.fromkeys(file for page in found.pages for file in files_of(page)))[:FILES_MAX]:
        answer = visitor.get(path)
        if answer.is_good:
            found.files.append(answer)
    return found


def plain_paths(openapi: str) -> list[str]:
    """The addresses of a description that can be opened as they stand."""
    return [path for path, get in openapi_paths(openapi) if "{" not in path and not _needs_query(get)]


def is_description(answer: Answer) -> bool:
    """Whether it is an OpenAPI or Swagger document, as JSON."""
    return not answer.is_page and '"paths"' in answer.body and bool(re.search(r'"(openapi|swagger)"', answer.body))


def _may_describe(path: str) -> bool:
    return bool(re.search(r"(openapi|swagger|apispec|schema)[^/]*(\.json|/?\?format=\w+|/)?$", path, re.IGNORECASE))


def is_file(path: str) -> bool:
    """Whether an address is that of a stylesheet, a picture or the like."""
    return bool(FILES.search(path))


def _note(found: Found, group: str, answer: Answer) -> None:
    if not answer.is_good:
        if answer.status >= 400 or answer.status == 0:
            found.bad.setdefault(group, answer)
        return
    if answer.is_page:
        found.pages.append(answer)
    # A redirect's target is what a person asks for next; the address that redirects is none of its own.
    if group_of(answer.path) == group:
        found.good.setdefault(group, answer)


def _needs_query(operation: Any) -> bool:
    parameters = operation.get("parameters", [])
    return any(isinstance(p, dict) and p.get("in") == "query" and p.get("required") for p in parameters)


def _fill_parameters(visitor: Visitor, found: Found) -> None:
    """Opens the OpenAPI paths with one parameter whose values stand in the list one level above: /items -> /items/7."""
    for path, operation in openapi_paths(found.openapi):
        parameters = re.findall(r"\{(\w+)\}", path)
        if len(parameters) != 1 or _needs_query(operation) or not path.rstrip("/").endswith("}"):
            continue
        group = re.sub(r"\{\w+\}", "{}", path)
        if group in found.good:
            continue
        above = path.rstrip("/").rpartition("/")[0]
        listed = next((a for a in found.good.values() if a.path.partition("?")[0].rstrip("/") == above), None)
        for key, value in _values(listed, parameters[0]) if listed else ():
            answer = visitor.get(path.replace(f"{{{parameters[0]}}}", value))
            if answer.is_good:
                found.good[group] = answer
                if listed and RANDOM_PART.search(value):
                    found.lookups[group_of(answer.path)] = found.lookups[group] = (
                        listed.path,
                        rf'"{key}"\s*:\s*"([^"]+)"',
                        path.partition("{")[0],
                    )
                break
            found.bad.setdefault(group, answer)


def _values(listed: Answer, parameter: str) -> Iterator[tuple[str, str]]:
    """(name, value) of what may be meant, of the first few things of a list."""
    try:
        content = json.loads(listed.body)
    except ValueError:
        return
    if isinstance(content, dict):
        content = next((value for value in content.values() if isinstance(value, list)), [])
    for item in content[:3] if isinstance(content, list) else ():
        if isinstance(item, dict):
            short = re.sub(r"^.*_", "", parameter)
            for name in (parameter, short, "id", "uuid", "slug"):
                if isinstance(item.get(name), int | str):
                    yield name, str(item[name])
                    break
