"""Which database a project uses, and through which variables it is told where that is. Nothing is executed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from seatrial.discover.interpreter import Interpreter
from seatrial.discover.source_tree import SourceTree
from seatrial.discover.variables import Variable

__all__ = ["DatabaseUse", "database_use", "engine_of", "is_database_variable", "schemes", "url_of", "value_of_database"]

POSTGRES_DRIVERS = ("psycopg2-binary", "psycopg2", "psycopg", "asyncpg", "pg8000", "psycopg-binary")
OTHER_DRIVERS = {
    "pymysql": "MySQL", "mysqlclient": "MySQL", "mysql-connector-python": "MySQL", "aiomysql": "MySQL",
    "pymongo": "MongoDB", "motor": "MongoDB",
}  # fmt: skip

URL_NAME = re.compile(
    r"(DATABASE|DB|POSTGRES\w*|PG|SQLALCHEMY\w*)_?(URL|URI|DSN)(_\w+)?$|^SQLALCHEMY_DATABASE_URI$|^DSN$"
)
PARTS = (
    (
        re.compile(r"^(\w+_)?(POSTGRES|POSTGRESQL|PG|DB|DATABASE|SQL)_?(HOST|SERVER|HOSTNAME|ADDRESS)$"),
        "{database_host}",
    ),
    (re.compile(r"^(\w+_)?(POSTGRES|POSTGRESQL|PG|DB|DATABASE|SQL)_?PORT$"), "{database_port}"),
    (re.compile(r"^(\w+_)?(POSTGRES|POSTGRESQL|PG|DB|DATABASE|SQL)_?(USER|USERNAME)$"), "{database_user}"),
    (
        re.compile(r"^(\w+_)?(POSTGRES|POSTGRESQL|PG|DB|DATABASE|SQL)_?(PASS|PASSWORD|PASSWD|PWD)$"),
        "{database_password}",
    ),
    (re.compile(r"^(\w+_)?(POSTGRES|POSTGRESQL|PG|DB|DATABASE|SQL)_?(DB|NAME|DATABASE|DBNAME)$"), "{database_name}"),
)
"""(a variable's name, the placeholder that belongs there)"""

ENGINE_NAME = re.compile(r"^(\w+_)?(DB|DATABASE|SQL)_?(ENGINE|BACKEND|TYPE|DRIVER|CONNECTION|DIALECT)$")

SCHEME = re.compile(r"\b(postgres(?:ql)?(?:\+\w+)?)://")
PARTS_URL = "{database_user}:{database_password}@{database_host}:{database_port}/{database_name}"


@dataclass(frozen=True, slots=True)
class DatabaseUse:
    """kind: "PostgreSQL", "SQLite", another's name, or "" for none that is known. scheme: of its URL, PostgreSQL only.

    how: what told it.
    """

    kind: str
    how: str
    scheme: str = "postgresql"


def database_use(tree: SourceTree, interpreter: Interpreter, variables: Mapping[str, Variable]) -> DatabaseUse:
    """PostgreSQL where a driver of it is installed and the code can be told an address or names PostgreSQL."""
    driver = next((name for name in POSTGRES_DRIVERS if interpreter.has(name)), "")
    other = next((name for name in OTHER_DRIVERS if interpreter.has(name)), "")
    told = [name for name in variables if is_database_variable(name)]
    code = _text(tree, (".py",))
    if driver and (told or re.search(r"postgres|psycopg|asyncpg", code, re.IGNORECASE)):
        how = f"{driver} is installed, and " + (f"{told[0]} is read" if told else "the code names it")
        everything = code + _text(tree, (".toml", ".ini", ".yml", ".yaml", ".cfg", ".example"))
        return DatabaseUse("PostgreSQL", how, _scheme(everything, interpreter))
    if re.search(r"sqlite3?\b", code, re.IGNORECASE):
        alone = "" if driver else ", and no other driver is installed"
        return DatabaseUse(
            "SQLite", "the code names it" + (f"; {OTHER_DRIVERS[other]} could be used" if other else alone)
        )
    if other:
        return DatabaseUse(OTHER_DRIVERS[other], f"{other} is installed")
    return DatabaseUse("", "none is named in the code")


def _text(tree: SourceTree, ends: tuple[str, ...]) -> str:
    return "\n".join(tree.text(name) for name in tree.names() if name.endswith(ends))


def is_database_variable(name: str) -> bool:
    """Whether a variable of that name says where the database is."""
    return value_of_database(name, "postgresql") is not None


def value_of_database(name: str, scheme: str) -> str | None:
    """What a variable of that name is given, so that the app finds the database; None when it is of something else."""
    if re.search(r"TEST|REDIS|CACHE|MONGO|MYSQL|ECHO|POOL|TRACK", name):
        return None
    if URL_NAME.search(name):
        return url_of(scheme)
    if ENGINE_NAME.search(name):
        return None
    return next((placeholder for pattern, placeholder in PARTS if pattern.search(name)), None)


def engine_of(name: str, default: str) -> str:
    """What a variable of that name is given that says which kind of database it is, by how its default is written.

    Empty when it says no such thing.
    """
    if not ENGINE_NAME.search(name):
        return ""
    if "django" in default or "." in default:
        return "django.db.backends.postgresql"
    return "postgres" if default == "postgres" else "postgresql"


def url_of(scheme: str) -> str:
    """The database's URL with this scheme, in placeholders."""
    return "{database_url}" if scheme == "postgresql" else f"{scheme}://{PARTS_URL}"


DRIVERS = (
    ("postgresql+psycopg2", ("psycopg2", "psycopg2-binary")),
    ("postgresql+psycopg", ("psycopg", "psycopg-binary")),
    ("postgresql+asyncpg", ("asyncpg",)),
    ("postgresql+pg8000", ("pg8000",)),
)
"""(SQLAlchemy's scheme, the packages that make it work)"""


def schemes(interpreter: Interpreter) -> list[str]:
    """The schemes of an SQLAlchemy URL whose driver is installed; the plain one where SQLAlchemy is not."""
    if not any(interpreter.has(name) for name in ("sqlalchemy", "sqlmodel")):
        return ["postgresql"]
    return [scheme for scheme, packages in DRIVERS if any(interpreter.has(name) for name in packages)]


def _scheme(text: str, interpreter: Interpreter) -> str:
    """As the project's own URLs say, when that driver is installed; else by what is."""
    usable = schemes(interpreter)
    said = [found.replace("postgres+", "postgresql+") for found in SCHEME.findall(text)]
    fitting = [found for found in said if "+" in found and found in usable]
    return (fitting or usable or ["postgresql"])[0]
