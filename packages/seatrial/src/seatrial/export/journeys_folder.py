"""A journeys file and what it imports from its own folder: what another machine needs to run it."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from seatrial.errors import SpecError

__all__ = ["journeys_folder", "socket_steps"]

_FILES_MAX = 1000
_JOURNEYS_MODULE = "seatrial.load.journeys"
_SOCKET_STEPS = frozenset({"socketio", "websocket"})


def journeys_folder(journeys: Path) -> dict[str, bytes]:
    """Path from its folder -> content, of the file and of the modules and packages beside it that it imports.

    What the journeys open by name, such as a picture to upload, nobody can tell. SpecError for what cannot be read.
    """
    folder = journeys.parent
    found: dict[str, bytes] = {}
    wanted = [journeys]
    while wanted:
        path = wanted.pop()
        name = path.relative_to(folder).as_posix()
        if name in found:
            continue
        found[name] = _content(path)
        if len(found) > _FILES_MAX:
            raise SpecError(
                f"it needs more than {_FILES_MAX:,} files of its folder.",
                where=str(journeys),
                try_this="Put the journeys into a folder of their own.",
            )
        for module in _imported(found[name], path):
            wanted += _files_of(folder, module)
    return found


def socket_steps(sources: Mapping[str, bytes]) -> tuple[str, ...]:
    """Which steps over WebSocket or Socket.IO the files of `journeys_folder` import: those that are not exported."""
    return tuple(
        sorted(
            {
                one.name
                for content in sources.values()
                for node in ast.walk(ast.parse(content))
                if isinstance(node, ast.ImportFrom) and node.module == _JOURNEYS_MODULE
                for one in node.names
                if one.name in _SOCKET_STEPS
            }
        )
    )


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SpecError(f"the file cannot be read: {error.strerror or error}.", where=str(path)) from None


def _imported(content: bytes, path: Path) -> Iterator[str]:
    """The first name of every module that is imported."""
    try:
        tree = ast.parse(content, filename=str(path))
    except (SyntaxError, ValueError) as error:
        line = f":{error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        raise SpecError(
            f"this is not Python: {error}.",
            where=f"{path}{line}",
            try_this=f"Look what Python says: python -m py_compile {path}",
        ) from None
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.name.partition(".")[0] for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def _files_of(folder: Path, module: str) -> list[Path]:
    """The files of a module or package of the folder; none for one that is installed."""
    package = folder / module
    if (package / "__init__.py").is_file():
        return sorted(package.rglob("*.py"))
    file = folder / f"{module}.py"
    return [file] if file.is_file() else []
