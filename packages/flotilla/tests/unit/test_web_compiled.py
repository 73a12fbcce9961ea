"""Compiled templates, kept from one start to the next."""

from pathlib import Path
from typing import Any

import pytest
from jinja2 import DictLoader, Environment

from flotilla.web.compiled import CompiledTemplates

PAGES = {"page.html": "<b>{{ word }}</b>", "other.html": "{{ word }}!"}


class Start:
    """One start of a program with these templates."""

    def __init__(self, folder: Path, pages: dict[str, str] | None = None) -> None:
        self.compiled: list[str | None] = []
        start = self

        class Telling(Environment):
            def _compile(self, source: str, filename: str) -> Any:
                start.compiled.append(filename)
                return super()._compile(source, filename)

        cache = CompiledTemplates(folder / "templates" / "en.html", [folder / "compiler.py", folder / "de.mo"])
        environment = Telling(loader=DictLoader(pages or PAGES), autoescape=True, bytecode_cache=cache)
        self.shown = [environment.get_template(name).render(word="<i>") for name in ("page.html", "other.html")]
        cache.keep()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("compiler.py", "de.mo"):
        (tmp_path / name).write_text("the first")
    (tmp_path / "templates").mkdir()
    return tmp_path


def test_only_the_first_start_compiles_and_all_show_the_same(folder: Path) -> None:
    starts = [Start(folder) for _ in range(3)]

    assert [len(start.compiled) for start in starts] == [2, 0, 0]
    assert {tuple(start.shown) for start in starts} == {("<b>&lt;i&gt;</b>", "&lt;i&gt;!")}
    assert [path.suffix for path in folder.rglob("*.*") if path.parent.parent.name == "templates"] == [".pyc"]


def test_a_changed_template_is_compiled_again_and_no_other(folder: Path) -> None:
    Start(folder)

    second = Start(folder, {**PAGES, "page.html": "<em>{{ word }}</em>"})

    assert len(second.compiled) == 1
    assert second.shown == ["<em>&lt;i&gt;</em>", "&lt;i&gt;!"]


@pytest.mark.parametrize("name", ["compiler.py", "de.mo"])
def test_another_compiler_or_translation_makes_all_of_them_anew(folder: Path, name: str) -> None:
    Start(folder)
    (folder / name).write_text("the second")

    assert len(Start(folder).compiled) == 2
    assert len(Start(folder).compiled) == 0


@pytest.mark.parametrize("wrong", [b"", b"\0" * 10, b"\0" * 4000])
def test_a_damaged_file_is_made_anew(folder: Path, wrong: bytes) -> None:
    Start(folder)
    (kept,) = folder.rglob("*.pyc")
    kept.write_bytes(kept.read_bytes()[: -len(wrong)] + wrong if len(wrong) == 10 else wrong)

    assert len(Start(folder).compiled) == 2
    assert len(Start(folder).compiled) == 0


def test_where_nothing_can_be_written_every_start_compiles(folder: Path) -> None:
    (folder / "templates").rmdir()
    (folder / "templates").write_text("a file, in which no folder can be")

    starts = [Start(folder) for _ in range(2)]

    assert [start.shown for start in starts] == [["<b>&lt;i&gt;</b>", "&lt;i&gt;!"]] * 2
    assert [len(start.compiled) for start in starts] == [2, 2]
