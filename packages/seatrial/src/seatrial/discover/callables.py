"""The WSGI and ASGI callables that a project's files hold, the likeliest first. Nothing is executed."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from seatrial.discover.source_tree import Module, SourceTree

__all__ = ["AppCandidate", "find_callables"]

FRAMEWORKS: Mapping[str, tuple[str, str, str]] = {
    "Flask": ("flask", "flask", "wsgi"),
    "APIFlask": ("apiflask", "flask", "wsgi"),
    "OpenAPI": ("flask_openapi3", "flask", "wsgi"),
    "Quart": ("quart", "quart", "asgi"),
    "FastAPI": ("fastapi", "fastapi", "asgi"),
    "Starlette": ("starlette", "starlette", "asgi"),
    "Litestar": ("litestar", "litestar", "asgi"),
    "Sanic": ("sanic", "sanic", "asgi"),
    "Falcon": ("falcon", "falcon", "wsgi"),
    "Bottle": ("bottle", "bottle", "wsgi"),
    "get_wsgi_application": ("django", "django", "wsgi"),
    "get_asgi_application": ("django", "django", "asgi"),
}
"""What an app is made by: (the package it comes from, the framework, its interface)."""

FACTORY_NAMES = ("create_app", "make_app", "build_app", "get_app", "app_factory", "init_app", "create_application")
VARIABLE_NAMES = ("app", "application", "asgi_app", "wsgi_app", "server", "api")
FILE_NAMES = ("wsgi", "asgi", "app", "main", "application", "run", "server", "manage", "__init__", "api")
"""Where and as what an app is usually found, the likeliest first."""


@dataclass(frozen=True, slots=True)
class AppCandidate:
    """A callable that a server can be given.

    target: as gunicorn names it, such as `shop:create_app()`. folder: what has to be on the path. interface: "wsgi" or
    "asgi". is_factory: the target is a function that makes the app. arguments: of a factory, those without default.
    line: where it stands in `path`.
    """

    target: str
    folder: Path
    framework: str
    interface: str
    path: Path
    line: int
    is_factory: bool = False
    arguments: tuple[str, ...] = ()
    score: float = 0.0

    def named(self, target: str) -> "AppCandidate | None":
        """The same as somebody else names it, `app.main:app` for `src.app.main:app`: from the folder where that is so.

        None when it is another one.
        """
        module, _, name = target.removesuffix("()").partition(":")
        path = self.path.parent if self.path.name == "__init__.py" else self.path.with_suffix("")
        parts = module.split(".")
        if name != self.factory_target.partition(":")[2] or list(path.parts[-len(parts) :]) != parts:
            return None
        call = "()" if self.is_factory else ""
        return replace(self, target=f"{module}:{name}{call}", folder=Path(*path.parts[: -len(parts)]))

    @property
    def factory_target(self) -> str:
        """`shop:create_app`, as uvicorn --factory and granian --factory want it."""
        return self.target.removesuffix("()")


def find_callables(tree: SourceTree) -> list[AppCandidate]:
    """Every callable found, the likeliest first; one that is made at import before a factory that something calls."""
    found = [candidate for module in tree.modules() for candidate in _of_module(module)]
    return sorted(found, key=lambda candidate: -candidate.score)


def _of_module(module: Module) -> Iterator[AppCandidate]:
    makers = _imported_makers(module.tree)
    factories = _factories(module, makers)
    yield from factories
    made_by = {f.target.partition(":")[2].partition("(")[0]: f for f in factories}
    for node in _top_level(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            interface = _plain_interface(node)
            if interface and node.name in VARIABLE_NAMES:
                yield _candidate(module, node.name, "", interface, line=node.lineno, score=2.0)
            continue
        for name, value in _assignments(node):
            called = _called(value)
            if called in makers:
                _, framework, interface = makers[called]
                yield _candidate(module, name, framework, interface, line=node.lineno, score=10.0)
            elif called in made_by:
                made = made_by[called]
                yield _candidate(module, name, made.framework, made.interface, line=node.lineno, score=9.5)
            elif called.rpartition(".")[2] in FACTORY_NAMES and name in VARIABLE_NAMES:
                # `from shop import create_app; app = create_app()`: the framework shows when it is started.
                yield _candidate(module, name, "", "", line=node.lineno, score=9.0)
            elif name in VARIABLE_NAMES and (inner := _wrapped(value, makers)):
                yield _candidate(module, name, inner[1], inner[2], line=node.lineno, score=9.8)


def _wrapped(value: ast.expr, makers: Mapping[str, tuple[str, str, str]]) -> tuple[str, str, str] | None:
    """What makes the app inside of another call: `WhiteNoise(get_wsgi_application())`, `ProtocolTypeRouter({...})`."""
    return next((makers[called] for node in ast.walk(value) if (called := _called(node)) in makers), None)


def _candidate(module: Module, name: str, framework: str, interface: str, *, line: int, score: float) -> AppCandidate:
    return AppCandidate(
        target=f"{module.name}:{name}",
        folder=module.folder,
        framework=framework,
        interface=interface,
        path=module.path,
        line=line,
        score=score + _place_score(module, name),
    )


def _factories(module: Module, makers: Mapping[str, tuple[str, str, str]]) -> list[AppCandidate]:
    found = []
    for node in module.tree.body:
        if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
            continue
        made = next((makers[c] for c in (_called(n) for n in ast.walk(node)) if c in makers), None)
        returns = any(isinstance(n, ast.Return) and n.value is not None for n in ast.walk(node))
        if not returns or (made is None and node.name not in FACTORY_NAMES[:2]):
            continue
        _, framework, interface = made or ("", "", "")
        positional = [*node.args.posonlyargs, *node.args.args]
        needed = [a.arg for a in positional[: len(positional) - len(node.args.defaults)]]
        needed += [a.arg for a, d in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True) if d is None]
        candidate = AppCandidate(
            target=f"{module.name}:{node.name}()",
            folder=module.folder,
            framework=framework,
            interface=interface,
            path=module.path,
            line=node.lineno,
            is_factory=True,
            arguments=tuple(needed),
            score=(7.0 if node.name in FACTORY_NAMES else 3.0) + _place_score(module, node.name) - 3.0 * len(needed),
        )
        found.append(candidate)
    return found


def _place_score(module: Module, name: str) -> float:
    last = "__init__" if module.is_package else module.name.rpartition(".")[2]
    score = 1.0 - 0.3 * module.name.count(".")
    score += 1.0 - FILE_NAMES.index(last) / len(FILE_NAMES) if last in FILE_NAMES else 0.0
    score += 0.5 if name in VARIABLE_NAMES[:2] or name in FACTORY_NAMES[:2] else 0.0
    beside = {
        "celery",
        "demo",
        "doc",
        "docs",
        "example",
        "examples",
        "locust",
        "locustfile",
        "scripts",
        "tasks",
        "worker",
    }
    return score - 5.0 if beside & {*module.path.parts[-4:-1], last} else score


def _imported_makers(tree: ast.Module) -> dict[str, tuple[str, str, str]]:
    """What an app is made by, as this file names it: `Flask`, `flask.Flask`, `fastapi.FastAPI`, `App` for an alias."""
    found: dict[str, tuple[str, str, str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                maker = FRAMEWORKS.get(alias.name)
                if maker and node.module.partition(".")[0] == maker[0]:
                    found[alias.asname or alias.name] = maker
                if node.module == "falcon" and alias.name in {"App", "API"}:
                    found[alias.asname or alias.name] = ("falcon", "falcon", "wsgi")
        elif isinstance(node, ast.Import):
            for alias in node.names:
                for maker_name, maker in FRAMEWORKS.items():
                    if alias.name == maker[0]:
                        found[f"{alias.asname or alias.name}.{maker_name}"] = maker
                if alias.name == "falcon":
                    found[f"{alias.asname or alias.name}.App"] = ("falcon", "falcon", "wsgi")
                    found[f"{alias.asname or alias.name}.asgi.App"] = ("falcon", "falcon", "asgi")
    return found


def _top_level(tree: ast.Module) -> Iterator[ast.stmt]:
    """Statements that run at import: those of the module, also inside `if` and `try` but not under __main__."""
    waiting = list(tree.body)
    while waiting:
        node = waiting.pop(0)
        yield node
        if isinstance(node, ast.If) and "__name__" not in ast.unparse(node.test):
            waiting = [*node.body, *node.orelse, *waiting]
        elif isinstance(node, ast.Try | ast.With):
            waiting = [*node.body, *waiting]


def _assignments(node: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Name):
                yield target.id, node.value
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
        yield node.target.id, node.value


def _called(node: ast.AST) -> str:
    """`flask.Flask` of `flask.Flask(...)`; empty for anything else."""
    if not isinstance(node, ast.Call):
        return ""
    function, parts = node.func, []
    while isinstance(function, ast.Attribute):
        parts.append(function.attr)
        function = function.value
    return ".".join([function.id, *reversed(parts)]) if isinstance(function, ast.Name) else ""


def _plain_interface(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """Of a function whose parameters are those that a server calls it with."""
    names = tuple(argument.arg for argument in node.args.args)
    if isinstance(node, ast.AsyncFunctionDef):
        return "asgi" if names == ("scope", "receive", "send") else ""
    return "wsgi" if len(names) == 2 and names[1] == "start_response" else ""
