"""What a journeys file offers, read without running it."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["DeclaredJourneys", "declared_journeys", "journey_names"]

MIX_NAME = "MIX"


@dataclass(frozen=True, slots=True)
class DeclaredJourneys:
    """names: the public functions of the file that yield, in order. bound: every name it binds, None as below.

    mix: what it assigns to MIX, journey -> weight; None when it assigns nothing. mix_line: where, from 1.
    """

    names: tuple[str, ...]
    bound: frozenset[str] | None
    mix: Mapping[str, float] | None = None
    mix_line: int = 0


def journey_names(path: Path) -> frozenset[str] | None:
    """The names a journeys file binds; None when it has a star import, so that nobody can tell.

    Raises OSError, SyntaxError or ValueError when the file cannot be read or is not Python.
    """
    return _bound(ast.parse(path.read_bytes(), filename=str(path)))


def declared_journeys(path: Path) -> DeclaredJourneys:
    """The journeys a file defines and the mix it declares for them: MIX = {"home": 40, "public": 10}.

    Raises OSError, SyntaxError or ValueError when the file cannot be read, is not Python, or MIX is no such dictionary.
    """
    tree = ast.parse(path.read_bytes(), filename=str(path))
    names = tuple(
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and _yields(node)
    )
    mix, line = None, 0
    for node in tree.body:
        value = _assigned(node, MIX_NAME)
        if value is not None:
            mix, line = _mix(value), node.lineno
    return DeclaredJourneys(names, _bound(tree), mix, line)


def _bound(tree: ast.Module) -> frozenset[str] | None:
    names: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                names.add(node.name)
            case ast.ImportFrom() | ast.Import():
                bound = {alias.asname or alias.name for alias in node.names}
                if "*" in bound:
                    return None
                names |= bound
            case ast.Name(ctx=ast.Store()):
                names.add(node.id)
            case _:
                pass
    return frozenset(names)


def _yields(function: ast.FunctionDef) -> bool:
    """Whether it is a generator function; what functions inside it yield is their own."""
    return any(isinstance(node, ast.Yield | ast.YieldFrom) for node in _own_nodes(function))


def _own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            yield child
            yield from _own_nodes(child)


def _assigned(node: ast.stmt, name: str) -> ast.expr | None:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    is_it = any(isinstance(target, ast.Name) and target.id == name for target in targets)
    return node.value if is_it and isinstance(node, ast.Assign | ast.AnnAssign) else None


def _mix(value: ast.expr) -> Mapping[str, float]:
    try:
        found = ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError):
        found = None
    is_mix = isinstance(found, dict) and all(
        isinstance(name, str) and isinstance(weight, int | float) and not isinstance(weight, bool)
        for name, weight in found.items()
    )
    if not is_mix or not found:
        raise ValueError(f'{MIX_NAME} on line {value.lineno} is not a dictionary such as {{"home": 40, "public": 10}}')
    return {name: float(weight) for name, weight in found.items()}
