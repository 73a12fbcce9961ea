"""What several keys of a seatrial.toml must satisfy together. Pure: files and folders are looked at in `reading`."""

import ipaddress
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from seatrial.spec.checking import Checked, Problem, Rule

__all__ = ["LOCAL_RULES", "RULES", "database_kind", "is_on_this_machine"]


def is_on_this_machine(host: str | None) -> bool:
    """Whether a host of an address is this machine's own: localhost, 127.0.0.0/8, ::1, or none (a Unix socket)."""
    if not host or host == "localhost" or host.endswith(".localhost") or host.startswith("/"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _app(checked: Checked) -> Iterator[Problem]:
    app = checked.values["subject.app"]
    if not app:
        if not checked.values["server.command"] and not checked.values["subject.url"]:
            yield Problem(
                ("subject", "app"),
                "is missing: nothing says what to start.",
                'Add a line such as app = "shop:create_app()": module, colon, what makes the app. Or '
                "give server.command, your own command line; or subject.url, for an app that is already running.",
            )
        return
    module, colon, callable_ = app.partition(":")
    if not colon or not callable_ or not re.fullmatch(r"\w+(\.\w+)*", module):
        yield Problem(
            ("subject", "app"),
            "must be a module, a colon, and the variable or the call that makes the app.",
            'For example "app:app", "shop:create_app()" or "mysite.wsgi:application".',
        )


def _health_path(checked: Checked) -> Iterator[Problem]:
    if not checked.values["subject.health_path"].startswith("/"):
        yield Problem(("subject", "health_path"), "must begin with a slash.", 'For example "/" or "/health".')


def database_kind(checked: Checked) -> str:
    """The kind of database, with what the file leaves out: by an address "url", beside a running app "none"."""
    values = checked.values
    if "database.kind" not in checked.given:
        if values["database.url"]:
            return "url"
        if values["subject.url"]:
            return "none"
    return str(values["database.kind"])


def _server(checked: Checked) -> Iterator[Problem]:
    values, given = checked.values, checked.given
    if values["server.worker_class"] == "sync" and "server.threads" in given and values["server.threads"] > 1:
        yield Problem(
            ("server", "threads"),
            f'is {values["server.threads"]}, but a "sync" worker takes one request at a time.',
            'Leave threads out, or use worker_class = "gthread".',
        )
    command, kind = values["server.command"], values["server.kind"]
    if command and "server.kind" in given and kind != "command":
        yield Problem(
            ("server", "command"),
            f'is not used with kind = "{kind}".',
            'Leave one of the two out, or say kind = "command".',
        )
    if kind == "command" and not command:
        yield Problem(
            ("server", "command"),
            "is missing.",
            'Add a line such as: command = "{bin}/uvicorn shop:app --host 127.0.0.1 --port {port}"',
        )
    if command and not any("{port}" in word for word in command):
        yield Problem(
            ("server", "command"),
            "must hold {port}: Seatrial chooses a free port.",
            'For example: command = "{bin}/uvicorn shop:app --host 127.0.0.1 --port {port}"',
        )


def _subject_url(checked: Checked) -> Iterator[Problem]:
    url = checked.values["subject.url"]
    if not url:
        return
    if not _is_address(url, ("http",)):
        yield Problem(("subject", "url"), "must be an http:// address.", 'For example "http://127.0.0.1:8000".')
    if checked.values["database.kind"] == "embedded" and "database.kind" in checked.given:
        yield Problem(
            ("database", "kind"),
            'cannot be "embedded" together with subject.url: an app that is already running has its database already.',
            'Leave it out, or say kind = "none".',
        )


def _database(checked: Checked) -> Iterator[Problem]:
    values, given = checked.values, checked.given
    url, kind = values["database.url"], values["database.kind"]
    if kind == "url" and not url:
        yield Problem(
            ("database", "url"), "is missing.", 'Add a line such as: url = "postgresql://shop@127.0.0.1/shop_trial"'
        )
    if url and "database.kind" in given and kind != "url":
        yield Problem(
            ("database", "url"), f'is not used with kind = "{kind}".', 'Leave one of the two out, or say kind = "url".'
        )
    if url and not _is_address(url, ("postgresql", "postgres")):
        yield Problem(
            ("database", "url"),
            "must be a postgresql:// address.",
            'For example "postgresql://shop@127.0.0.1/shop_trial".',
        )


def _local_subject(checked: Checked) -> Iterator[Problem]:
    yield from _remote(checked, "subject", "A load test of a server that is not yours is an attack.")


def _local_database(checked: Checked) -> Iterator[Problem]:
    yield from _remote(checked, "database", "prepare and the load write to it.")


def _remote(checked: Checked, section: str, why: str) -> Iterator[Problem]:
    host = _host(checked.values[f"{section}.url"])
    if not is_on_this_machine(host):
        yield Problem(
            (section, "url"), f"names another machine, {host}.", f"{why} If it is yours to load, add --allow-remote."
        )


def _workload(checked: Checked) -> Iterator[Problem]:
    values = checked.values
    operations, mix, journeys = values["workload.operations"], values["workload.mix"], values["workload.journeys"]
    if not operations and not mix:
        yield Problem(
            ("workload",),
            "says nothing to send: it has neither operations nor a mix.",
            'Add [[workload.operations]] with name = "front page" and path = "/"; or journeys, and [workload.mix] with '
            "lines such as: front_page = 10",
        )
    for index, row in enumerate(operations):
        if row["name"] in mix:
            at = ("workload", "operations", index, "name")
            yield Problem(at, f'"{row["name"]}" is in the mix too.', "Each operation is told apart by its name.")
    if mix and not journeys:
        yield Problem(
            ("workload", "mix"),
            "names functions, but no journeys file is given to find them in.",
            'Add journeys = "journeys.py" to [workload].',
        )
    if journeys and operations and not mix and not values["workload.sign_in"]:
        yield Problem(
            ("workload", "journeys"),
            "is not used: neither mix nor sign_in names a function of it.",
            "Add a section [workload.mix] with lines such as: front_page = 10",
        )
    if values["workload.sign_in"] and not journeys:
        yield Problem(
            ("workload", "sign_in"), "names a function, but no journeys file is given.", 'Add journeys = "journeys.py".'
        )
    if mix and not operations and not sum(mix.values()):
        yield Problem(("workload", "mix"), "has no weight above zero.", "Give what happens most the largest number.")


def _listeners(checked: Checked) -> Iterator[Problem]:
    count, listener = checked.values["workload.listeners"], checked.values["workload.listener"]
    if count and not listener:
        yield Problem(("workload", "listeners"), "follow no journey.", 'Name one: listener = "live_updates".')
    elif listener and not count:
        yield Problem(("workload", "listener"), "is followed by nobody.", "Say how many: listeners = 500.")
    elif listener and not checked.values["workload.journeys"]:
        yield Problem(("workload", "listener"), "names a function of no file.", 'Add journeys = "journeys.py".')


def _sessions(checked: Checked) -> Iterator[Problem]:
    values = checked.values
    returning = values["workload.returning"]
    if values["workload.arrivals_are"] != "sessions":
        if returning:
            yield Problem(
                ("workload", "returning"),
                "is about sessions, and here operations arrive.",
                'Add arrivals_are = "sessions", or leave it out.',
            )
    elif values["workload.sign_in"] and not returning:
        yield Problem(
            ("workload", "sign_in"),
            "signs people in who then never come: each session is begun by somebody new.",
            "Say which share of the sessions they begin, such as returning = 0.8; or sign in inside the journey.",
        )


def _operation_names(checked: Checked) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, row in enumerate(checked.values["workload.operations"]):
        if row["name"] in seen:
            at = ("workload", "operations", index, "name")
            yield Problem(at, f'"{row["name"]}" is there twice.', "Each operation is told apart by its name.")
        seen.add(row["name"])


def _operation_paths(checked: Checked) -> Iterator[Problem]:
    for index, row in enumerate(checked.values["workload.operations"]):
        if not row["path"].startswith("/") or any(character <= " " for character in row["path"]):
            at = ("workload", "operations", index, "path")
            yield Problem(at, "must begin with a slash and hold no blanks.", 'For example "/search?q=red+shoes".')


def _operation_weights(checked: Checked) -> Iterator[Problem]:
    rows, mix = checked.values["workload.operations"], checked.values["workload.mix"]
    if rows and not sum(row["weight"] for row in rows) and not sum(mix.values()):
        at = ("workload", "operations")
        yield Problem(at, "have no weight above zero.", "Give what happens most the largest weight.")


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _is_address(url: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in schemes and (bool(parts.hostname) or "http" not in schemes)


RULES: tuple[Rule, ...] = (
    Rule(("subject.app", "server.command", "subject.url"), _app),
    Rule(("subject.health_path",), _health_path),
    Rule(("server.kind", "server.command", "server.worker_class", "server.threads"), _server),
    Rule(("subject.url", "database.kind"), _subject_url),
    Rule(("database.kind", "database.url"), _database),
    Rule(
        (
            "workload.operations",
            "workload.operations.name",
            "workload.mix",
            "workload.journeys",
            "workload.sign_in",
        ),
        _workload,
    ),
    Rule(("workload.arrivals_are", "workload.returning", "workload.sign_in"), _sessions),
    Rule(("workload.listeners", "workload.listener", "workload.journeys"), _listeners),
    Rule(("workload.operations", "workload.operations.name"), _operation_names),
    Rule(("workload.operations", "workload.operations.path"), _operation_paths),
    Rule(("workload.operations", "workload.operations.weight", "workload.mix"), _operation_weights),
)
"""Asked of every file."""

LOCAL_RULES: tuple[Rule, ...] = (Rule(("subject.url",), _local_subject), Rule(("database.url",), _local_database))
"""Asked unless another machine was explicitly allowed."""
