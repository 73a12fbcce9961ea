"""What an app's own last words ask for when it does not start. Pure: text in, what to change out."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Missing", "last_words", "missing_variables", "wants_driver", "wants_tables", "wants_usual_port"]

NAME = r"[A-Z][A-Z0-9_]{2,60}"
SAYINGS = (
    rf"KeyError: ['\"]({NAME})['\"]",
    rf"\b({NAME}) not found\. Declare it as envvar",
    rf"[Ss]et the ({NAME}) environment variable",
    rf"[Ee]nvironment variable ['\"`]?({NAME})['\"`]?",
    rf"\b({NAME})['\"`]? (?:environment variable )?(?:is|was|are) (?:not set|missing|required|not defined|unset|empty)",
    rf"\b({NAME})['\"`]? (?:must|has to|needs to|should) be (?:set|provided|defined|configured)",
    rf"\b({NAME})['\"`]? (?:not set|missing|required|undefined)\b",
    rf"(?:[Mm]issing|[Pp]lease set|[Nn]o|[Uu]nset|[Dd]efine|[Pp]rovide) (?:a |an |the )?['\"`]?({NAME})\b",
    rf"[Tt]he ({NAME}) setting must not be empty",
)
"""How frameworks and people say that a variable is not there; the group is its name."""

FIELD_REQUIRED = re.compile(r"^([A-Za-z_][A-Za-z0-9_]*)\n\s+Field required", re.MULTILINE)
"""pydantic's."""

NO_VARIABLES = frozenset({"HTTP", "ERROR", "CRITICAL", "WARNING", "INFO", "DEBUG", "GET", "POST", "SQL", "URL", "TLS"})

TABLES = re.compile(
    r"relation \"?[\w.]+\"? does not exist|no such table|UndefinedTable|ProgrammingError: .*does not exist",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Missing:
    """A variable the app asked for. said: the line in which it did."""

    name: str
    said: str


def missing_variables(text: str) -> list[Missing]:
    """Every environment variable that the text says is missing, in its order; of frameworks' own words and people's."""
    return list({missing.name: missing for missing in _missing(text)}.values())


def _missing(text: str) -> Iterator[Missing]:
    for match in FIELD_REQUIRED.finditer(text):
        yield Missing(match[1].upper(), f"{match[1]}: field required")
    for line in text.splitlines():
        if "import name" in line or len(line) > 1000:
            continue
        for saying in SAYINGS:
            for match in re.finditer(saying, line):
                if match[1] not in NO_VARIABLES:
                    yield Missing(match[1], line.strip()[:200])


def last_words(text: str) -> str:
    """The line with which the last traceback of a log ends; empty without one."""
    found = re.findall(
        r"^(?:\w+\.)*\w*(?:Error|Exception|DoesNotExist|Invalid\w*|Undefined\w*|Wrong\w*)\b.*$", text, re.MULTILINE
    )
    return found[-1].strip()[:200] if found else ""


def wants_driver(text: str) -> bool:
    """Whether the database's URL names a driver that is not there, or one of the wrong kind."""
    return bool(
        re.search(
            r"No module named '(?:psycopg2?|asyncpg|pg8000)'|requires an async driver|is not async"
            r"|greenlet_spawn has not been called|MissingGreenlet|invalid DSN: scheme is expected"
            r"|missing \"=\" after|invalid connection option|Can't load plugin: sqlalchemy\.dialects",
            text,
        )
    )


def wants_usual_port(text: str) -> bool:
    """Whether PostgreSQL was looked for at its usual port, as by code that says no port."""
    return bool(re.search(r"5432\b.{0,80}(?:refused|failed)|refused.{0,200}\b5432\b", text, re.DOTALL | re.IGNORECASE))


def wants_tables(text: str) -> bool:
    """Whether a table was asked for that is not there: the data was never prepared."""
    return bool(TABLES.search(text))
