"""Addresses that the code itself declares, and names for those that were seen. Nothing is executed."""

import ast
import json
import re
import urllib.parse
from collections.abc import Iterator, Mapping
from typing import Any

from seatrial.discover.source_tree import SourceTree

__all__ = ["RANDOM_PART", "declared_paths", "group_of", "link_pattern", "name_of", "openapi_paths", "prefix_of"]

VARIABLE_PART = re.compile(
    r"^(?:\d+|[0-9a-f]{8,}|[0-9a-f]{8}-[0-9a-f-]{27}|@[\w.-]+|.*\d{3,}.*|\w{1,}-[\w-]*\w-\w[\w-]*)$", re.IGNORECASE
)
"""A part of a path that stands for one of many things: a number, a hash, a handle, a date, the title of an article."""


RANDOM_PART = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?<![0-9a-z])[0-9a-f]{16,}(?![0-9a-z])",
    re.IGNORECASE,
)
"""An id that is drawn: where data is made afresh it is another one."""


def link_pattern(path: str) -> str:
    """What finds a link of this shape in a page, whatever is drawn in it; its group is the link."""
    parts = [re.escape(part).replace("&", "&(?:amp;)?") for part in RANDOM_PART.split(path)]
    return f"href=[\"']?({'[0-9A-Za-z-]+'.join(parts)})[\"'\\s>]"


def declared_paths(tree: SourceTree) -> list[str]:
    """Paths without parameters under @app.route("/x"), @router.get("/x") and the like, as they stand there."""
    found: dict[str, None] = {}
    for module in tree.modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for path in _routed(node):
                    found.setdefault(path)
    return list(found)


def _routed(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    for decorator in node.decorator_list:
        if not isinstance(decorator, ast.Call) or not isinstance(decorator.func, ast.Attribute) or not decorator.args:
            continue
        first = decorator.args[0]
        if decorator.func.attr not in {"route", "get", "api_route"} or not isinstance(first, ast.Constant):
            continue
        methods = next((ast.unparse(k.value) for k in decorator.keywords if k.arg == "methods"), "GET")
        path = first.value
        if isinstance(path, str) and path.startswith("/") and not re.search(r"[<{*]", path) and "GET" in methods:
            yield path


def openapi_paths(text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(path with its parameters in braces, the GET operation) of an OpenAPI document; nothing of another text."""
    try:
        document = json.loads(text)
        paths, prefix = document.get("paths", {}), prefix_of(document)
    except (ValueError, AttributeError):
        return
    if isinstance(paths, dict):
        for path, item in paths.items():
            if isinstance(item, dict) and isinstance(item.get("get"), dict):
                yield prefix + path, item["get"]


def prefix_of(document: Mapping[str, Any]) -> str:
    """What stands before every path of an OpenAPI document: Swagger 2's basePath, or the first server's path."""
    servers = document.get("servers") or [{}]
    said = document.get("basePath") or (servers[0].get("url") if isinstance(servers[0], dict) else "") or ""
    return urllib.parse.urlsplit(str(said)).path.rstrip("/") if "{" not in str(said) else ""


def group_of(path: str) -> str:
    """The path with what stands for one of many things replaced, so that pages made alike are one: /posts/{}."""
    parts = urllib.parse.urlsplit(path)
    shown = "/".join("{}" if VARIABLE_PART.match(part) else part for part in parts.path.split("/"))
    names = "&".join(sorted({name for name, _ in urllib.parse.parse_qsl(parts.query, keep_blank_values=True)}))
    return f"{shown}?{names}" if names else shown


def name_of(group: str) -> str:
    """A name for the operation: the words of the path, joined by underscores; `front` for the root."""
    path, _, query = group.partition("?")
    words = [word for word in re.split(r"[^A-Za-z0-9]+", path) if word]
    words = [*words, *(["one"] if "{}" in path else []), *(["by", *query.split("&")] if query else [])]
    name = "_".join(re.sub(r"\W", "", word) for word in words).lower() or "front"
    return f"page_{name}" if name[0].isdigit() else name
