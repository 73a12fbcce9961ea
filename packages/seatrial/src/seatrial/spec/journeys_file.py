"""What a journeys file offers, read without running it."""

import ast
from pathlib import Path

__all__ = ["journey_names"]


def journey_names(path: Path) -> frozenset[str] | None:
    """The names a journeys file binds; None when it has a star import, so that nobody can tell.

    Raises OSError, SyntaxError or ValueError when the file cannot be read or is not Python.
    """
    tree = ast.parse(path.read_bytes(), filename=str(path))
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
