"""The environment variables that a project's code reads, and what its example files put into them."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from seatrial.discover.source_tree import SourceTree

__all__ = ["Variable", "example_values", "find_variables"]

NAME = re.compile(r"[A-Z][A-Z0-9_]{1,60}")
EXAMPLE = re.compile(r"^(?:\.?env[.-][\w.-]+|[\w.-]+\.env|\.flaskenv)$")
"""Such as `.env.example` or `dev.env`. Not `.env` itself: its secrets are the project's own affair, and an app reads
it by itself if it does."""

READERS = frozenset({"environ.get", "getenv", "environ.setdefault", "config", "env", "get_env_variable"})
"""Functions that are given a variable's name first: os.environ.get, os.getenv, decouple's config, environs' env.str."""

OWN_READER = re.compile(r"(?:^|_|\.)(?:get_?)?env", re.IGNORECASE)
"""A project's own function of that kind, such as `env_bool` or `get_env_value`."""

IMPLIED = {"dj_database_url.config": "DATABASE_URL", "env.db": "DATABASE_URL", "env.db_url": "DATABASE_URL"}
"""Functions that read a variable which nobody writes down."""

POSTGRES_WORD = re.compile(r"postgres|psql|^pg$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Variable:
    """One that the code reads. default: as text, None without one. is_needed: the code fails without it.

    kind: "int", "bool", "list" and the like, where a type is declared; "truthy" where any text is true.
    postgres_word: what it is compared with where the code asks whether it means PostgreSQL.
    """

    name: str
    where: str
    default: str | None = None
    is_needed: bool = False
    kind: str = ""
    postgres_word: str = ""


def find_variables(tree: SourceTree) -> dict[str, Variable]:
    """Every variable, by name; needed when any place needs it."""
    found: dict[str, Variable] = {}
    words: dict[str, str] = {}
    guarded: set[str] = set()
    for module in tree.modules():
        where = module.path.relative_to(tree.root).as_posix()
        for node in ast.walk(module.tree):
            words |= dict(_postgres_words(node))
            guarded |= _guarded(node)
            for variable in (*_read_by(node, where), *_used_at_once(node, where)):
                known = found.get(variable.name)
                if known is None or (variable.is_needed and not known.is_needed):
                    found[variable.name] = variable
    return {
        name: replace(variable, postgres_word=words.get(name, ""), is_needed=variable.is_needed and name not in guarded)
        for name, variable in found.items()
    }


def example_values(tree: SourceTree) -> Mapping[str, str]:
    """What example files of the environment say; the earlier file counts."""
    values: dict[str, str] = {}
    files = [name for name in tree.names() if name.count("/") <= 1 and EXAMPLE.match(name.rsplit("/", 1)[-1])]
    # What is said of an example, and of development, before what is said of production.
    for file in sorted(files, key=lambda name: ("prod" in name, "example" not in name and "sample" not in name, name)):
        for line in tree.text(file).splitlines():
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
        is_own = not is_reader and bool(OWN_READER.search(function))
        if is_reader or is_own:
            defaults = [*node.args[1:2], *(k.value for k in node.keywords if k.arg == "default")]
            default = defaults[0] if defaults else None
            text = str(default.value) if isinstance(default, ast.Constant) else None
            reads_or_none = function.endswith(("environ.get", "getenv"))
            # What a function of the project's own does without a default is not known: the app will say it.
            is_needed = default is None and not reads_or_none and not is_own
            # With `os.environ.get("DEBUG", False)` any text is true.
            is_flag = reads_or_none and isinstance(default, ast.Constant) and isinstance(default.value, bool)
            yield Variable(name, where, text, is_needed=is_needed, kind="truthy" if is_flag else "")
    elif isinstance(node, ast.Call) and (implied := _implied(node)):
        yield Variable(implied, where)
    elif isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In) and (name := _name(node.left)):
        if _dotted(node.comparators[0]).rpartition(".")[2] == "environ":
            yield Variable(name, where)
    elif isinstance(node, ast.ClassDef) and any(_dotted(base).endswith("BaseSettings") for base in node.bases):
        for field in node.body:
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                default = field.value
                text = str(default.value) if isinstance(default, ast.Constant) else None
                kind = re.split(r"\W", ast.unparse(field.annotation).lower())[0]
                yield Variable(field.target.id.upper(), where, text, is_needed=default is None, kind=kind)


def _guarded(node: ast.AST) -> set[str]:
    """Variables of which the code first looks whether they are there."""
    if not isinstance(node, ast.If | ast.IfExp):
        return set()
    inside = list(ast.walk(node.test))
    called = {_name(call.args[0]) for call in inside if isinstance(call, ast.Call) and call.args}
    compared = {_name(one.left) for one in inside if isinstance(one, ast.Compare) and isinstance(one.ops[0], ast.In)}
    return (called | compared) - {""}


def _implied(node: ast.Call) -> str:
    function = _dotted(node.func)
    named = next((_name(k.value) for k in node.keywords if k.arg == "env"), "")
    return named or next((IMPLIED[end] for end in IMPLIED if f".{function}".endswith(f".{end}")), "")


def _used_at_once(node: ast.AST, where: str) -> Iterator[Variable]:
    """`os.environ.get("HOSTS").split()`, `int(os.getenv("PORT"))`: without the variable it fails."""
    used: ast.AST | None = None
    if isinstance(node, ast.Attribute | ast.Subscript):
        used = node.value
    elif isinstance(node, ast.Call) and node.args and _dotted(node.func) in {"int", "float", "Path", "json.loads"}:
        used = node.args[0]
    if isinstance(used, ast.Call) and len(used.args) == 1 and not used.keywords:
        name = _name(used.args[0])
        if name and _dotted(used.func).endswith(("environ.get", "getenv")):
            yield Variable(name, where, is_needed=True)


def _postgres_words(node: ast.AST) -> Iterator[tuple[str, str]]:
    """(name, word) of `os.getenv("DB") == "postgres"` and of `DB_ENGINE == "postgres"`."""
    if not isinstance(node, ast.Compare) or not isinstance(node.ops[0], ast.Eq | ast.In):
        return
    left = node.left.args[0] if isinstance(node.left, ast.Call) and node.left.args else node.left
    name = _name(left) or _dotted(left).rpartition(".")[2]
    words = [n.value for n in ast.walk(node.comparators[0]) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    word = next((word for word in words if POSTGRES_WORD.search(word)), "")
    if name and word:
        yield name.upper(), word


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
