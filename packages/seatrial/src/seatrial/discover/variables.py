"""The environment variables that a project's code reads, and what its example files put into them."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from seatrial.discover.source_tree import SourceTree

__all__ = ["Variable", "example_values", "find_variables"]

NAME = re.compile(r"[A-Z][A-Z0-9_]{1,60}")
EXAMPLES = (".env.example", ".env.sample", ".env.template", ".env.dist", "env.example", "example.env", ".flaskenv")
"""Not `.env` itself: its secrets are the project's own affair, and the app reads it by itself if it does."""

READERS = frozenset({"environ.get", "getenv", "environ.setdefault", "config", "env", "get_env_variable"})
"""Functions that are given a variable's name first: os.environ.get, os.getenv, decouple's config, environs' env.str."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One that the code reads. default: as text, None without one. is_needed: the code fails without it."""

    name: str
    where: str
    default: str | None = None
    is_needed: bool = False


def find_variables(tree: SourceTree) -> dict[str, Variable]:
    """Every variable, by name; needed when any place needs it."""
    found: dict[str, Variable] = {}
    for module in tree.modules():
        where = module.path.relative_to(tree.root).as_posix()
        for node in ast.walk(module.tree):
            for variable in _read_by(node, where):
                known = found.get(variable.name)
                if known is None or (variable.is_needed and not known.is_needed):
                    found[variable.name] = variable
    return found


def example_values(tree: SourceTree) -> Mapping[str, str]:
    """What example files of the environment say; the earlier file counts."""
    values: dict[str, str] = {}
    folders = {""} | {name.rsplit("/", 1)[0] + "/" for name in tree.names() if name.count("/") == 1}
    for folder in sorted(folders):
        for file in EXAMPLES:
            for line in tree.text(f"{folder}{file}").splitlines():
                read = re.match(r"^\s*(?:export\s+)?([A-Z][A-Z0-9_]*)\s*=\s*(.*?)\s*$", line)
                if read:
                    values.setdefault(read[1], read[2].strip("\"'"))
    return values


def _read_by(node: ast.AST, where: str) -> Iterator[Variable]:
    if isinstance(node, ast.Subscript) and _dotted(node.value).rpartition(".")[2] == "environ":
        if isinstance(node.ctx, ast.Load) and (name := _name(node.slice)):
            yield Variable(name, where, is_needed=True)
    elif isinstance(node, ast.Call) and node.args and (name := _name(node.args[0])):
        function = _dotted(node.func)
        is_reader = any(function == reader or function.endswith(f".{reader}") for reader in READERS)
        is_reader = is_reader or function.partition(".")[0] in {"env", "environ"}
        if is_reader:
            defaults = [*node.args[1:2], *(k.value for k in node.keywords if k.arg == "default")]
            default = defaults[0] if defaults else None
            text = str(default.value) if isinstance(default, ast.Constant) else None
            reads_or_none = function.endswith(("environ.get", "getenv"))
            yield Variable(name, where, text, is_needed=default is None and not reads_or_none)
    elif isinstance(node, ast.ClassDef) and any(_dotted(base).endswith("BaseSettings") for base in node.bases):
        for field in node.body:
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                default = field.value
                text = str(default.value) if isinstance(default, ast.Constant) else None
                yield Variable(field.target.id.upper(), where, text, is_needed=default is None)


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and NAME.fullmatch(node.value):
        return node.value
    return ""


def _dotted(node: ast.AST) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute | ast.Call):
        if isinstance(node, ast.Call):
            node = node.func
            continue
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ".".join(reversed(parts))
