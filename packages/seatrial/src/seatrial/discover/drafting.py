"""The first draft of a seatrial.toml, from the files alone: which app, which server, which database, which commands."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from seatrial.discover.caches import cache_values
from seatrial.discover.callables import AppCandidate, find_callables
from seatrial.discover.databases import DatabaseUse, database_use, engine_of
from seatrial.discover.development_marks import development_marks
from seatrial.discover.django import settings_modules, with_django, without_wsgi_file
from seatrial.discover.interpreter import Interpreter, find_interpreter
from seatrial.discover.preparing import OLDER_FLASK, create_all_command, migrations_of, seeds_of
from seatrial.discover.proposal import Proposal
from seatrial.discover.serving import FOR_DEVELOPMENT, with_server
from seatrial.discover.source_tree import SourceTree
from seatrial.discover.start_lines import StartLine, find_start_lines
from seatrial.discover.values import value_for
from seatrial.discover.variables import Variable, example_values, find_variables
from seatrial.errors import SeatrialError, SpecError
from seatrial.spec.development import starts_development_server
from seatrial.testbed.valkey import find_valkey

__all__ = ["Facts", "drafts", "read_project"]

CANDIDATES_MAX = 4
"""Of apps that are tried: the likeliest ones."""

NO_APP = (
    "Name it with --app, as gunicorn would: --app shop:app, --app 'shop:create_app()', or for Django "
    "--app mysite.wsgi:application. Or give your own command line: --command 'uvicorn shop:app --port {port}'."
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a project's files tell."""

    tree: SourceTree
    interpreter: Interpreter
    candidates: tuple[AppCandidate, ...]
    start_lines: tuple[StartLine, ...]
    variables: Mapping[str, Variable]
    examples: Mapping[str, str]
    database: DatabaseUse


def read_project(root: Path, *, python: Path | None = None) -> Facts:
    """Reads the project's files. Raises SpecError when there is no such folder."""
    tree = SourceTree(root.resolve())
    interpreter = find_interpreter(tree, python)
    variables = find_variables(tree)
    return Facts(
        tree,
        interpreter,
        tuple(find_callables(tree)) or without_wsgi_file(tree),
        tuple(find_start_lines(tree)),
        variables,
        example_values(tree),
        database_use(tree, interpreter, variables),
    )


def drafts(facts: Facts, *, app: str = "", command: str = "") -> list[Proposal]:
    """Drafts to try, the likeliest first. app, command: as the user said, before everything found.

    Raises:
        SpecError: nothing was found that could be started.
    """
    if command:
        settings = next(iter(settings_modules(facts.tree)), "")
        draft = _draft(facts, None, "", settings=settings, command=command, said="as you said")
        known = next((c for c, _ in _chosen(facts, app) if c.folder == draft.directory), None)
        # With its name the app can be compared on a server for visitors.
        return [replace(draft, target=known.target) if known and _is_for_development(facts, command) else draft]
    chosen = list(_chosen(facts, app))
    if not chosen:
        read = len(facts.tree.modules())
        raise SpecError(
            f"found no app in {read} Python files: no Flask(), FastAPI(), get_wsgi_application() or the like",
            where=str(facts.tree.root),
            try_this=NO_APP,
        )
    made = [
        _draft(facts, candidate, how, settings=settings) for candidate, how, settings in _with_settings(facts, chosen)
    ]
    return made[:CANDIDATES_MAX]


def _is_for_development(facts: Facts, command: str) -> bool:
    return starts_development_server(command.split(), facts.tree.root)


def _with_settings(facts: Facts, chosen: Sequence[tuple[AppCandidate, str]]) -> Iterator[tuple[AppCandidate, str, str]]:
    """Django's app with each settings module that the project names for it; any other once."""
    modules = settings_modules(facts.tree)
    for candidate, how in chosen:
        if candidate.framework == "django" and modules:
            yield from ((candidate, how, settings) for settings in modules)
        else:
            yield candidate, how, ""


def _chosen(facts: Facts, app: str) -> Iterator[tuple[AppCandidate, str]]:
    if app:
        module = app.partition(":")[0]
        known = next(
            (c for c in facts.candidates if c.target == app or c.factory_target == app.removesuffix("()")), None
        )
        yield known or AppCandidate(app, _folder_of(facts.tree, module), "", "", facts.tree.root, 0), "as you said"
        return
    named = dict.fromkeys(line.target for line in facts.start_lines if line.target)
    sources = {line.target: line.source for line in reversed(facts.start_lines)}
    for target in named:
        for candidate in facts.candidates:
            if (fitting := candidate.named(target)) is not None:
                yield fitting, f"{sources[target]} starts it"
    for candidate in facts.candidates:
        if candidate.factory_target not in {target.removesuffix("()") for target in named} and not candidate.arguments:
            where = candidate.path.relative_to(facts.tree.root).as_posix()
            yield candidate, f"{where}, line {candidate.line}"


def _folder_of(tree: SourceTree, module: str) -> Path:
    found = next((m.folder for m in tree.modules() if m.name == module), None)
    return found or tree.root


def _draft(
    facts: Facts, candidate: AppCandidate | None, how: str, *, settings: str = "", command: str = "", said: str = ""
) -> Proposal:
    interpreter, database = facts.interpreter, facts.database
    root = facts.tree.root
    framework = _framework(facts, candidate)
    if candidate and not candidate.framework:
        candidate = replace(candidate, framework=framework)
    draft = Proposal(
        name=root.name,
        root=root,
        directory=candidate.folder if candidate else root,
        python=interpreter.path,
        framework=framework,
        target=candidate.target if candidate else "",
        interface=_interface(facts, candidate, framework),
        database="embedded" if database.kind == "PostgreSQL" else "none",
        is_copied=database.kind == "SQLite",
    )
    python_doubt = "Your project has none of its own: make one, or name it with --python." if interpreter.is_own else ""
    draft = draft.with_clue("python", str(interpreter.path), interpreter.how, python_doubt)
    if candidate:
        draft = draft.with_clue("app", f"{framework or 'app'} {candidate.target}", how)
    draft = _with_server(draft, facts, command, said)
    draft = _with_database(draft, database)
    for name, variable in facts.variables.items():
        draft = _with_known_variable(draft, facts, name, variable)
    draft = _with_cache(draft, facts)
    if framework == "django":
        draft = with_django(draft, facts.tree, settings)
    return _with_commands(_with_development(draft, facts), facts, candidate)


def _framework(facts: Facts, candidate: AppCandidate | None) -> str:
    if candidate and candidate.framework:
        return candidate.framework
    for package in ("django", "flask", "fastapi", "starlette", "quart", "litestar"):
        if facts.interpreter.has(package):
            return package
    return ""


def _interface(facts: Facts, candidate: AppCandidate | None, framework: str) -> str:
    if candidate and candidate.interface:
        return candidate.interface
    asgi_servers = {"uvicorn", "hypercorn", "daphne", "fastapi"}
    if any(line.server in asgi_servers or "uvicorn" in " ".join(line.words) for line in facts.start_lines):
        return "asgi"
    return "asgi" if framework in {"fastapi", "starlette", "quart", "litestar"} else "wsgi"


def _with_server(draft: Proposal, facts: Facts, command: str, command_how: str) -> Proposal:
    if command:
        doubt = FOR_DEVELOPMENT if _is_for_development(facts, command) else ""
        # An event loop takes as many requests as come, and is kept as busy.
        worker_class = "asgi" if draft.interface == "asgi" else draft.worker_class
        draft = replace(draft, server="command", command=command, worker_class=worker_class)
        return draft.with_clue("server", command, command_how, doubt)
    return with_server(draft, facts.start_lines, facts.interpreter)


def _with_database(draft: Proposal, database: DatabaseUse) -> Proposal:
    doubt = ""
    if database.kind == "SQLite":
        doubt = "Its file is in the project, so each trial runs in a copy. SQLite lets one request write at a time."
    elif database.kind not in {"", "PostgreSQL"}:
        doubt = (
            f"Seatrial brings no {database.kind}: start one on this machine, make an empty database in it, and write "
            "its address into subject.environment, by the name that your app reads. prepare and the load write to it."
        )
    what = "PostgreSQL, a private one for each trial" if database.kind == "PostgreSQL" else database.kind or "none"
    return draft.with_clue("database", what, database.how, doubt)


def _with_cache(draft: Proposal, facts: Facts) -> Proposal:
    """A private Valkey in the place of the Redis that the code reads an address of."""
    values = cache_values(facts.variables, facts.interpreter)
    if not values:
        return draft
    told = f"{next(iter(values))} is read"
    try:
        find_valkey()
    except SeatrialError as error:
        return draft.with_clue("cache", "Redis", told, f"{error.what} {error.try_this}")
    for name, value in values.items():
        draft = draft.with_variable(name, value, f"{facts.variables[name].where} reads it")
    what = "Valkey, a private one, which speaks the protocol of Redis"
    return replace(draft, has_cache=True).with_clue("cache", what, told)


def _with_known_variable(draft: Proposal, facts: Facts, name: str, variable: Variable) -> Proposal:
    has_database = draft.database == "embedded"
    example = facts.examples.get(name, "")
    value = value_for(name, facts.database.scheme, example, has_database=has_database, kind=variable.kind)
    is_database = has_database and "{database" in value
    engine = variable.postgres_word or engine_of(name, variable.default or example)
    if has_database and engine and not is_database:
        return draft.with_variable(name, engine, f"{variable.where} asks it which database to use")
    # Without one many frameworks start and fail later, when somebody signs in.
    is_secret = "SECRET_KEY" in name and not variable.default
    if is_database or variable.is_needed or is_secret:
        return draft.with_variable(name, value, f"{variable.where} reads it")
    # Whoever debugs on a laptop has it on there; what is deployed has it off.
    if name in {"DEBUG", "DJANGO_DEBUG", "FLASK_DEBUG"}:
        said = variable.default or example
        off = {"True": "False", "False": "False", "true": "false", "false": "false"}.get(said, "0")
        off = "" if variable.kind == "truthy" else off
        return draft.with_variable(name, off, f"{variable.where} reads it; off, as where it is deployed")
    return draft


def _with_development(draft: Proposal, facts: Facts) -> Proposal:
    """What is set for working on the app and costs where it is deployed, as it stands in the code."""
    for mark in development_marks(facts.tree):
        draft = draft.with_clue("development", mark.what, mark.where, mark.remedy)
    return draft


def _with_commands(draft: Proposal, facts: Facts, candidate: AppCandidate | None) -> Proposal:
    tree = facts.tree
    migrations = list(migrations_of(tree, facts.interpreter, candidate))
    seeds = list(seeds_of(tree, facts.interpreter, candidate))
    tables = [(command, how) for command, how, makes_tables in seeds if makes_tables]
    if not migrations and not tables and candidate and candidate.framework == "flask":
        made = create_all_command(tree, candidate)
        tables = [made] if made else []
    for command, how in (*migrations, *(tables[:1] if not migrations else [])):
        draft = draft.with_prepared(command, how).with_clue("tables", command, how)
    for command, how, makes_tables in seeds:
        if not makes_tables:
            draft = draft.with_prepared(command, how).with_clue("seed", command, how)
    if candidate and any(OLDER_FLASK in command and " --app " not in command for command, _ in draft.prepare):
        draft = draft.with_variable("FLASK_APP", candidate.factory_target, "the flask command reads it")
    return draft
