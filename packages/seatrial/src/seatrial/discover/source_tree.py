"""The files of a project, as far as they tell how it is run; nothing is executed."""

import ast
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from seatrial.errors import SpecError

__all__ = ["Module", "SourceTree"]

FILES_MAX = 20_000
"""Looked at in one project; more are those of something that lies beside it."""

DEPTH_MAX = 8
BYTES_MAX = 1_000_000
"""Of one file; a larger one is data."""

NOT_THE_PROJECT = frozenset(
    {
        "__pycache__", "build", "dist", "env", "htmlcov", "migrations", "node_modules", "results", "site-packages",
        "static", "staticfiles", "test", "tests", "testing", "vendor", "venv", "virtualenv",
    }
)  # fmt: skip
"""Folders whose Python files do not say how the app is run."""

WRITTEN_BY_INIT = frozenset({"seatrial.toml", "seatrial_settings.py", "seatrial_wsgi.py"})
"""By an earlier one: no part of the project."""


@dataclass(frozen=True, slots=True)
class Module:
    """A Python file of the project. name: as it is imported with `folder` on the path, such as `shop.web.app`."""

    path: Path
    folder: Path
    name: str
    tree: ast.Module

    @property
    def is_package(self) -> bool:
        """Whether it is the `__init__.py` of a package."""
        return self.path.name == "__init__.py"


@dataclass(slots=True)
class SourceTree:
    """A project's folder: what is in it, read once."""

    root: Path
    _names: list[str] | None = None
    _modules: list[Module] | None = None
    _texts: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.root.is_dir():
            raise SpecError(
                "there is no such folder.", where=str(self.root), try_this="Give the folder your app's code is in."
            )

    def names(self) -> list[str]:
        """Every file, relative to the root, with `/`; hidden folders, environments and build products left out."""
        if self._names is None:
            self._names = sorted(self._walk())
        return self._names

    def text(self, name: str) -> str:
        """The text of one file; empty when it is not there, too large or no text."""
        if name not in self._texts:
            self._texts[name] = self._read(self.root / name)
        return self._texts[name]

    def has(self, name: str) -> bool:
        """Whether the project has this file."""
        return (self.root / name).is_file()

    def modules(self) -> list[Module]:
        """The Python files that can be parsed, those nearest to the root first."""
        if self._modules is None:
            found = (self._module(name) for name in self.names() if name.endswith(".py"))
            near_first = sorted(
                (module for module in found if module), key=lambda m: (m.name.count("."), m.path.as_posix())
            )
            self._modules = near_first
        return self._modules

    def _walk(self) -> Iterator[str]:
        seen = 0
        for folder, folders, files in os.walk(self.root):
            here = Path(folder).relative_to(self.root)
            folders[:] = sorted(
                name
                for name in folders
                if not name.startswith(".")
                and (name not in NOT_THE_PROJECT or name == "migrations")
                and not (Path(folder, name) / "pyvenv.cfg").exists()
            )
            if len(here.parts) >= DEPTH_MAX:
                folders.clear()
            for name in files:
                if name in WRITTEN_BY_INIT:
                    continue
                seen += 1
                if seen > FILES_MAX:
                    return
                yield (here / name).as_posix()

    def _read(self, path: Path) -> str:
        try:
            if path.stat().st_size > BYTES_MAX:
                return ""
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return ""

    def _module(self, name: str) -> Module | None:
        parts = name.removesuffix(".py").split("/")
        if any(part in NOT_THE_PROJECT for part in parts[:-1]) or not all(part.isidentifier() for part in parts):
            return None
        if parts[-1].startswith(("test_", "conftest")):
            return None
        try:
            tree = ast.parse(self.text(name), filename=name)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
        skipped = self._import_root(parts, tree)
        imported = parts[skipped:]
        if imported[-1] == "__init__":
            imported = imported[:-1] or parts[-2:-1]
        if not imported:
            return None
        return Module(self.root / name, self.root.joinpath(*parts[:skipped]), ".".join(imported), tree)

    def _import_root(self, parts: list[str], tree: ast.Module) -> int:
        """How many leading folders are not part of the module's name, such as `src` or `backend`.

        The folder from which most of the file's own imports are found; among equals one that is no package itself.
        """
        tops = {name.partition(".")[0] for name in _imports(tree)}

        def fitness(skipped: int) -> tuple[int, int, int]:
            found = sum(self._holds(parts[:skipped], top) for top in tops)
            inside_package = any(self.has("/".join([*parts[:n], "__init__.py"])) for n in range(1, skipped + 1))
            first_is_package = skipped < len(parts) - 1 and self.has("/".join([*parts[: skipped + 1], "__init__.py"]))
            return found, -inside_package, first_is_package

        # A package's own name is part of it, and so is nothing above the first package.
        packages = [n for n in range(len(parts) - 1) if self.has("/".join([*parts[: n + 1], "__init__.py"]))]
        last = packages[0] if packages else len(parts) - 1
        return max(range(last + 1), key=lambda skipped: (*fitness(skipped), skipped == last))

    def _holds(self, folder: list[str], top: str) -> bool:
        path = self.root.joinpath(*folder, top)
        return path.with_suffix(".py").is_file() or (path.is_dir() and any(path.glob("*.py")))


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module
