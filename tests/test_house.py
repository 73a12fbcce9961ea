"""The house rules as tests. Each offence says where it is and what to do instead."""

import ast
import importlib.util
import re
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = ("packages/seatrial/src/", "packages/flotilla/src/")
CODE = (*SOURCES, "trials/", "benchmarks/", "docs/")

MODULE_LINES_MAX = 300
TEST_MODULE_LINES_MAX = 500
FUNCTION_LINES_MAX = 60
BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "base"}
TEST_FOLDERS = {"unit", "contract", "calibration", "e2e"}
DECISION_PARTS = ("## Context", "## Decision", "## Consequences", "## What would change our mind")

# One letter of each is in brackets, so that this file does not hold what it looks for.
FORBIDDEN_TEXT = re.compile(
    r"/wor[k]/|/roo[t]/|shared/researc[h]|pyp[i]\.org|pythonhoste[d]\.org|npmj[s]\.(org|com)|\bissue #[0-9]"
    r"|\b(claud[e]|chatgp[t]|copilo[t]|anthropi[c]|opena[i]|gpt-[0-9]|ll[m]s?)\b|\bA[I][ -](assistant|generated|tool)"
    r"|\blanguage mode[l]",
    re.IGNORECASE,
)


@cache
def files() -> tuple[str, ...]:
    """Every file that is committed or about to be, relative to the repository."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=30).stdout
    return tuple(sorted(name for name in listed.splitlines() if (ROOT / name).is_file()))


@cache
def text_of(name: str) -> str:
    try:
        return (ROOT / name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


@cache
def tree_of(name: str) -> ast.Module:
    return ast.parse(text_of(name), filename=name)


def modules(*starts: str) -> list[str]:
    return [name for name in files() if name.endswith(".py") and name.startswith(starts)]


def modules_of_tests() -> list[str]:
    # The sample apps under tests/apps are projects of their own, as their authors would have written them.
    found = [name for name in modules("tests/", "packages/") if "tests/" in name and "tests/apps/" not in name]
    return [name for name in found if Path(name).name != "conftest.py"]


def too_long(name: str, text: str) -> Iterator[str]:
    limit = TEST_MODULE_LINES_MAX if "tests/" in name else MODULE_LINES_MAX
    lines = text.count("\n")
    if lines > limit:
        yield f"{name}: {lines} lines, at most {limit}: split it by noun, one idea to a module"


def long_functions(name: str, tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES_MAX:
                what = f"{node.name} has {lines} lines, at most {FUNCTION_LINES_MAX}"
                yield f"{name}:{node.lineno}: {what}: name its steps"


def banned_names(name: str) -> Iterator[str]:
    for part in Path(name).with_suffix("").parts:
        if part.strip("_") in BANNED_NAMES:
            yield f"{name}: '{part}' says nothing about what is inside: name it after its noun"


def export_order(name: str) -> tuple[int, str]:
    """Constants, then classes, then the rest: the order that ruff's RUF022 sorts by."""
    return (0 if name.isupper() else 1 if name[:1].isupper() else 2, name)


def exports(name: str, tree: ast.Module) -> Iterator[str]:
    """`__all__` is there, sorted, of this module, and every function and class in it says what it is."""
    docstring_only = all(isinstance(node, ast.Expr) for node in tree.body)
    if docstring_only or Path(name).name == "__main__.py" or "/versions/" in name:
        return
    listed = next(
        (
            node.value
            for node in tree.body
            if (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__")
            or (isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "__all__")
        ),
        None,
    )
    if not isinstance(listed, ast.List):
        yield f'{name}: no __all__: list what others may use, __all__ = ["..."]'
        return
    public = [str(ast.literal_eval(item)) for item in listed.elts]
    if public != sorted(public, key=export_order):
        yield f"{name}: __all__ is not sorted: ruff check --fix sorts it"
    for node in tree.body:
        named = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if named and node.name in public and not ast.get_docstring(node):
            yield f"{name}:{node.lineno}: {node.name} is public and has no docstring: say what it is, with units"


def short_test_names(name: str, tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        is_test = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
        if is_test and len(node.name.split("_")) - 1 < 4:
            yield f"{name}:{node.lineno}: {node.name} is no sentence: say who does what, in four words or more"


def unexplained_sleeps(name: str, tree: ast.Module, text: str) -> Iterator[str]:
    """Sleeps outside a loop that knows a deadline, without a comment on their line or the line above."""
    lines = text.splitlines()
    loops = [node for node in ast.walk(tree) if isinstance(node, ast.While | ast.For)]
    polling = {id(inner) for loop in loops if "deadline" in ast.unparse(loop) for inner in ast.walk(loop)}
    for node in ast.walk(tree):
        sleeps = isinstance(node, ast.Call) and ast.unparse(node.func) in {"time.sleep", "sleep"}
        if sleeps and id(node) not in polling:
            before = lines[node.lineno - 2].strip() if node.lineno > 1 else ""
            if "#" not in lines[node.lineno - 1] and not before.startswith("#"):
                yield f"{name}:{node.lineno}: sleeps without a reason: poll with a deadline, or say why in a comment"


def forbidden_text(name: str, text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), 1):
        found = FORBIDDEN_TEXT.search(line)
        if found:
            yield f"{name}:{number}: holds '{found[0]}': say it without; a reader elsewhere has nothing to do with it"


def possessive_groups(name: str, text: str) -> Iterator[str]:
    """Regular expressions like (a|b)*+, which Python before 3.11.5 may match wrongly; Debian 12 has 3.11.2."""
    for number, line in enumerate(text.splitlines(), 1):
        if re.search(r"(?<!\()\)[*+?]\+", line):
            yield f"{name}:{number}: a possessive group matches wrongly before Python 3.11.5: write (?>(...)*)"


def broken_links(name: str, text: str) -> Iterator[str]:
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", prose):
        if (
            "://" not in target
            and not target.startswith("mailto:")
            and not (ROOT / name).parent.joinpath(target).exists()
        ):
            yield f"{name}: links to {target}, which is not there: write it or take the link out"


def none_of(offences: Iterator[str] | list[str]) -> None:
    found = list(offences)
    assert not found, "\n" + "\n".join(found)


def test_modules_are_short_enough_to_be_read_in_one_go() -> None:
    none_of(
        [offence for name in modules("packages/", "trials/", "tests/") for offence in too_long(name, text_of(name))]
    )


def test_functions_are_short_enough_to_be_seen_at_once() -> None:
    none_of([offence for name in modules(*CODE) for offence in long_functions(name, tree_of(name))])


def test_no_module_hides_behind_a_name_that_says_nothing() -> None:
    none_of([offence for name in files() for offence in banned_names(name)])


def test_every_module_says_what_is_public_and_documents_it() -> None:
    none_of([offence for name in modules(*SOURCES) for offence in exports(name, tree_of(name))])


def test_test_names_are_sentences_about_behaviour() -> None:
    none_of([offence for name in modules_of_tests() for offence in short_test_names(name, tree_of(name))])


def test_no_test_sleeps_and_hopes_for_the_best() -> None:
    # What lies in subjects/ is an app to be measured: its sleeps are its behaviour.
    names = [name for name in modules("tests/", "packages/") if "tests/" in name and "/subjects/" not in name]
    none_of([offence for name in names for offence in unexplained_sleeps(name, tree_of(name), text_of(name))])


def test_tests_lie_in_the_folder_that_says_what_they_need() -> None:
    inside = [Path(name).parts for name in modules_of_tests() if name.startswith("packages/")]
    none_of([f"{'/'.join(p)}: put it under one of {sorted(TEST_FOLDERS)}" for p in inside if p[3] not in TEST_FOLDERS])


def test_no_file_speaks_of_what_only_its_authors_have() -> None:
    none_of([offence for name in files() for offence in forbidden_text(name, text_of(name))])


def test_no_regular_expression_needs_a_python_that_debian_12_does_not_have() -> None:
    none_of([offence for name in modules("packages/") for offence in possessive_groups(name, text_of(name))])


def test_links_between_documents_lead_to_files_that_exist() -> None:
    names = [name for name in files() if name.endswith(".md") and not name.startswith("changes/")]
    none_of([offence for name in names for offence in broken_links(name, text_of(name))])


def test_every_decision_has_its_four_parts_and_fits_on_a_page() -> None:
    names = [name for name in files() if re.fullmatch(r"docs/decisions/\d{4}-[a-z0-9-]+\.md", name)]
    assert names
    numbers = [Path(name).name[:4] for name in names]
    assert len(set(numbers)) == len(numbers), "two decisions have the same number"
    none_of([f"{name}: has no part '{part}'" for name in names for part in DECISION_PARTS if part not in text_of(name)])
    none_of([f"{name}: longer than a page: keep the reason" for name in names if text_of(name).count("\n") > 60])


def test_the_generated_reference_pages_are_fresh_and_name_every_command() -> None:
    path = ROOT / "docs" / "reference" / "generate.py"
    spec = importlib.util.spec_from_file_location("generate_reference", path)
    assert spec
    assert spec.loader
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    fresh = "run .venv/bin/python docs/reference/generate.py"
    pages = generate.pages()
    none_of([f"{page.relative_to(ROOT)} is stale: {fresh}" for page, text in pages.items() if page.read_text() != text])
    assert {page.name for page in pages} >= {"seatrial-toml.md", "cli.md"}, "the command line has no build_parser()"
    assert "## seatrial measure" in pages[ROOT / "docs" / "reference" / "cli.md"]


def test_what_changes_for_a_user_is_told_in_a_changelog_fragment() -> None:
    version = tomllib.loads(text_of("packages/seatrial/pyproject.toml"))["project"]["version"]
    fragments = [name for name in files() if re.fullmatch(r"changes/[a-z0-9-]+\.(feature|change|fix)\.md", name)]
    told = fragments or ("CHANGELOG.md" in files() and f"## {version}" in text_of("CHANGELOG.md"))
    assert told, f"add changes/<a-few-words>.feature.md (or .change.md, .fix.md): what a user of {version} will notice"
    none_of([f"{name}: is empty" for name in fragments if not text_of(name).strip()])


@pytest.mark.parametrize(
    "planted",
    [
        too_long("packages/x/src/x/long.py", "\n" * 301),
        too_long("packages/x/tests/unit/test_long.py", "\n" * 501),
        long_functions("x.py", ast.parse("def walk():\n" + "    pass\n" * 60)),
        banned_names("packages/x/src/x/utils.py"),
        banned_names("packages/x/src/common/x.py"),
        exports("x.py", ast.parse("x = 1")),
        exports("x.py", ast.parse("__all__ = ['b', 'a']\na = b = 1")),
        exports("x.py", ast.parse("__all__ = ['walk']\ndef walk(): pass")),
        short_test_names("x.py", ast.parse("def test_it_works(): pass")),
        unexplained_sleeps("x.py", ast.parse("x = 1\ntime.sleep(1)"), "x = 1\ntime.sleep(1)"),
        unexplained_sleeps("x.py", ast.parse("while x:\n    time.sleep(1)"), "while x:\n    time.sleep(1)"),
        forbidden_text("x.md", f"see https://pypi.{'org'}/project/x"),
        forbidden_text("x.md", f"as asked in issue {'#'}7"),
        forbidden_text("x.md", f"cd /{'work'}/main"),
        possessive_groups("x.py", 'TAG = re.compile("<(?:a|b)*+>")'),
        broken_links("README.md", "[gone](docs/gone.md#here)"),
    ],
)
def test_every_rule_finds_the_offence_it_is_there_for(planted: Iterator[str]) -> None:
    assert len(list(planted)) == 1
