"""Run by the project's own Python: asks the app itself which addresses it has. The standard library only.

`python app_routes.py TARGET FILE` imports the app as a server would and writes FILE, a JSON list of [methods, path]
with parameters in braces. What goes wrong is no failure: then there is no FILE, and what pages link to has to do.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import re
import sys
from collections.abc import Iterator
from typing import Any

__all__ = ["routes_of"]

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def routes_of(app: Any) -> Iterator[tuple[list[str], str]]:
    """(methods, path) of each address; of Django when it is set up, else of the app object."""
    django = sys.modules.get("django.urls")
    if django is not None and os.environ.get("DJANGO_SETTINGS_MODULE"):
        yield from ((["GET"], path) for path in _django(django.get_resolver(), "/"))
    elif hasattr(app, "url_map"):
        for rule in app.url_map.iter_rules():
            yield (
                [m for m in METHODS if m in (rule.methods or ())],
                re.sub(r"<(?:[^<>:]*:)?([^<>]+)>", r"{\1}", rule.rule),
            )
    else:
        yield from _starlette(getattr(app, "routes", ()), "")


def _starlette(routes: Any, prefix: str) -> Iterator[tuple[list[str], str]]:
    for route in routes:
        path = prefix + re.sub(r":\w+\}", "}", str(getattr(route, "path", "")))
        inner = getattr(route, "routes", None)
        if inner and not getattr(route, "methods", None):
            yield from _starlette(inner, path)
        elif getattr(route, "methods", None):
            yield [m for m in METHODS if m in route.methods], path


def _django(resolver: Any, prefix: str) -> Iterator[str]:
    for entry in resolver.url_patterns:
        part = str(entry.pattern)
        if not hasattr(entry.pattern, "_route"):
            part = re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)", r"{\1}", part)
            part = re.sub(r"\\([-./])", r"\1", re.sub(r"\\[AZ]|[\^$?]", "", part))
        path = prefix + re.sub(r"<(?:[^<>:]*:)?([^<>]+)>", r"{\1}", part)
        if hasattr(entry, "url_patterns"):
            if getattr(entry, "namespace", None) not in ("admin", "djdt"):
                yield from _django(entry, path)
        elif not re.search(r"[()\[\]*+|\\]", path):
            yield path


def _app(target: str) -> Any:
    module, _, name = target.partition(":")
    found = importlib.import_module(module)
    call = re.fullmatch(r"(\w+)\(\)", name)
    return getattr(found, call[1])() if call else getattr(found, name, None)


def main() -> None:
    """Imports, asks, writes."""
    target, path = sys.argv[1:]
    # As a server does, and without this file's folder, whose modules have names that are others' too.
    sys.path[0] = os.getcwd()  # noqa: PTH109
    with contextlib.suppress(BaseException):
        found = [[methods, path] for methods, path in routes_of(_app(target)) if methods]
        with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123
            json.dump(found, file)
    # Threads that the app has started must not keep this from ending.
    os._exit(0)


if __name__ == "__main__":
    main()
