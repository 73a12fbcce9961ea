"""The commands that make a project's tables and data, as its files tell them. Nothing is executed."""

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

from seatrial.discover.callables import AppCandidate
from seatrial.discover.interpreter import Interpreter
from seatrial.discover.source_tree import SourceTree

__all__ = ["OLDER_FLASK", "SUPERUSER", "create_all_command", "manage_file", "manage_of", "migrations_of", "seeds_of"]

OLDER_FLASK = "{python} -m flask"
OPTION_SINCE = (2, 2)
"""Of Flask: the option --app."""

SUPERUSER = "createsuperuser --noinput"

FIXTURES_MAX = 5
"""More of them are for tests, and depend on each other."""

MAKES_TABLES = re.compile(
    r"^(init|create|setup|reset|migrate)[-_]?(db|database|tables|schema|all)?$|^(db|database)[-_]?(init|create)$"
)
MAKES_DATA = re.compile(r"^(seed|populate|fake|forge|demo|load|insert|sample|fixture|bootstrap|generate)")
DATA_SCRIPT = re.compile(
    r"^(seed|populate|init_?db|create_?(db|database|tables)|initial_data|(fake|sample|demo|test)_?data|load_?(data|fixtures))"
    r"(_\w+)?$"
)
SCRIPTS_MAX = 3

NO_DATA = re.compile(r"test|user$|admin|delete|drop|clear|remove|translate|lint|deploy|export|download|message")


def migrations_of(
    tree: SourceTree, interpreter: Interpreter, candidate: AppCandidate | None
) -> Iterator[tuple[str, str]]:
    """(command, how it was found), in the order they are run."""
    manage = manage_file(tree)
    if manage and (candidate is None or candidate.framework == "django"):
        yield (
            f"{manage_of(tree, candidate.folder if candidate else tree.root)} migrate --noinput",
            f"{manage} is Django's",
        )
        return
    alembic = next((name for name in tree.names() if name.rsplit("/", 1)[-1] == "alembic.ini"), "")
    flask_migrate = next((n for n in tree.names() if n.endswith("migrations/env.py")), "")
    if candidate and candidate.framework in {"flask", ""} and interpreter.has("flask-migrate") and flask_migrate:
        yield f"{flask_of(candidate, interpreter)} db upgrade", f"{flask_migrate} and Flask-Migrate"
    elif alembic and interpreter.has("alembic"):
        inside = alembic.rsplit("/", 1)[0] if "/" in alembic else ""
        folder = tree.root / inside
        yield (
            _alembic(tree.text(alembic), folder, candidate.folder if candidate else tree.root),
            f"{alembic} and Alembic",
        )


def _alembic(text: str, folder: Path, start: Path) -> str:
    """folder: where alembic.ini is; start: what the app is started in, and the command too."""
    if folder == start:
        return "{python} -m alembic upgrade head"
    if re.search(r"^script_location\s*=\s*(%\(here\)s|/)", text, re.MULTILINE):
        return f"{{python}} -m alembic -c {os.path.relpath(folder, start)}/alembic.ini upgrade head"
    # Its other folders are found from where it is started.
    back = os.path.relpath(start, folder)
    return f"sh -c 'cd {os.path.relpath(folder, start)} && PYTHONPATH=.:{back} {{python}} -m alembic upgrade head'"


def flask_of(candidate: AppCandidate, interpreter: Interpreter) -> str:
    """The start of a `flask` command for this app. Before 2.2 only the variable FLASK_APP named it."""
    version = tuple(int(part) for part in re.findall(r"\d+", interpreter.packages.get("flask", ""))[:2])
    if version and version < OPTION_SINCE:
        return OLDER_FLASK
    return f"{{python}} -m flask --app {candidate.factory_target}"


def seeds_of(
    tree: SourceTree, interpreter: Interpreter, candidate: AppCandidate | None
) -> Iterator[tuple[str, str, bool]]:
    """(command, how it was found, whether it makes tables and not data) for commands that the project has for it."""
    for name in tree.names():
        found = re.search(r"management/commands/(\w+)\.py$", name)
        if found and _is_for_data(found[1]) and not _needs_arguments(tree.text(name)):
            yield f"{manage_of(tree, candidate.folder if candidate else tree.root)} {found[1]}", name, False
    if candidate is None:
        return
    if candidate.framework == "django":
        yield from _fixtures(tree, candidate)
    else:
        yield from _scripts(tree, candidate)
    if candidate.framework != "flask":
        return
    for module in tree.modules():
        where = module.path.relative_to(tree.root).as_posix()
        for command, needs in _flask_commands(module.tree):
            if needs or NO_DATA.search(command):
                continue
            makes_tables = bool(MAKES_TABLES.match(command))
            if makes_tables or MAKES_DATA.match(command):
                yield f"{flask_of(candidate, interpreter)} {command}", where, makes_tables


def _scripts(tree: SourceTree, candidate: AppCandidate) -> Iterator[tuple[str, str, bool]]:
    """Files of the project that are meant to be run, and whose names say that they make tables or data."""
    found = []
    for module in tree.modules():
        where = module.path.relative_to(tree.root).as_posix()
        text = tree.text(where)
        is_for_it = DATA_SCRIPT.match(module.name.rpartition(".")[2]) and not NO_DATA.search(where)
        asks = re.search(r"\binput\(|getpass\(|add_argument\(\s*[\"'][^-\"']|sys\.argv\[|click\.argument", text)
        if is_for_it and not asks and "__main__" in text and module.folder == candidate.folder:
            makes_tables = bool(MAKES_TABLES.match(module.name.rpartition(".")[2]))
            found.append((not makes_tables, f"{{python}} -m {module.name}", where))
    yield from ((command, where, False) for _, command, where in sorted(found)[:SCRIPTS_MAX])


def _fixtures(tree: SourceTree, candidate: AppCandidate) -> Iterator[tuple[str, str, bool]]:
    """Django's own files of data, where the project has few of them."""
    found = [name for name in tree.names() if re.search(r"/fixtures/[^/]+\.(json|ya?ml|xml)$", name)]
    if manage_file(tree) and 0 < len(found) <= FIXTURES_MAX:
        names = " ".join(name.rsplit("/", 1)[-1] for name in found)
        yield f"{manage_of(tree, candidate.folder)} loaddata {names}", found[0], False


def manage_file(tree: SourceTree) -> str:
    """Django's manage.py; empty where there is none."""
    names = (name for name in tree.names() if name.rsplit("/", 1)[-1] == "manage.py")
    return next((name for name in names if "django" in tree.text(name)), "")


def manage_of(tree: SourceTree, folder: Path) -> str:
    """The start of a command of manage.py, from the folder that the app is started in."""
    path = tree.root / manage_file(tree)
    shown = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.as_posix()
    return f"{{python}} {shown}"


def _is_for_data(command: str) -> bool:
    return bool(MAKES_DATA.match(command)) and not NO_DATA.search(command)


def _needs_arguments(text: str) -> bool:
    return bool(re.search(r"add_argument\(\s*[\"'][^-\"']", text))


def _flask_commands(tree: ast.Module) -> Iterator[tuple[str, bool]]:
    """(the command's name, whether it needs arguments) of functions under `@app.cli.command` or `@click.command`."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef):
            continue
        decorators = [ast.unparse(one) for one in node.decorator_list]
        command = next((d for d in decorators if re.match(r"[\w.]*(cli|click)\.command\b", d)), "")
        if command:
            said = re.search(r"command\(\s*(?:name=)?[\"']([\w-]+)[\"']", command)
            needs = any("argument(" in d and "default" not in d for d in decorators)
            needs = needs or any("prompt" in d for d in decorators)
            yield (said[1] if said else node.name.replace("_", "-").removesuffix("-command")), needs


def create_all_command(tree: SourceTree, candidate: AppCandidate) -> tuple[str, str] | None:
    """For Flask-SQLAlchemy without migrations: a command that makes the tables of its models."""
    for module in tree.modules():
        for node in module.tree.body:
            if isinstance(node, ast.Assign) and re.search(r"\bSQLAlchemy\(", ast.unparse(node.value)):
                variable = ast.unparse(node.targets[0])
                app_module, _, app = candidate.target.partition(":")
                code = (
                    f"from {app_module} import {app.removesuffix('()')} as app; "
                    f"from {module.name} import {variable} as database; "
                    + ("app = app(); " if candidate.is_factory else "")
                    + "app.app_context().push(); database.create_all()"
                )
                where = f"{module.path.relative_to(tree.root).as_posix()}, line {node.lineno}"
                return f'{{python}} -c "{code}"', f"Flask-SQLAlchemy without migrations ({where})"
    return None
