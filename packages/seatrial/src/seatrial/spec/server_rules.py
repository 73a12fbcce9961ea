"""What each kind of server asks of the rest of the file. Pure."""

import re
from collections.abc import Iterator

from seatrial.spec.checking import Checked, Problem, Rule

__all__ = ["SERVER_RULES", "worker_class_of"]

CLASSES = {
    "uvicorn": ("asgi",),
    "hypercorn": ("asgi",),
    "granian": ("gthread", "asgi"),
    "waitress": ("gthread",),
}
"""How servers other than gunicorn can take requests, in gunicorn's words; the first is how they do."""


def worker_class_of(checked: Checked) -> str:
    """The declared one; of a server that takes requests in one way, that one."""
    declared = str(checked.values["server.worker_class"])
    if "server.worker_class" in checked.given or checked.values["server.command"]:
        return declared
    return CLASSES.get(checked.values["server.kind"], (declared,))[0]


def _kind(checked: Checked) -> Iterator[Problem]:
    values = checked.values
    kind, app = values["server.kind"], values["subject.app"]
    if kind not in CLASSES or values["server.command"]:
        return
    can = CLASSES[kind]
    if worker_class_of(checked) not in can:
        yield Problem(
            ("server", "worker_class"),
            f'is "{values["server.worker_class"]}", which {kind} has not.',
            "Leave it out." if len(can) == 1 else f'Leave it out, or say "{can[-1]}".',
        )
    if kind == "waitress" and values["server.workers"] > 1:
        yield Problem(
            ("server", "workers"),
            f"is {values['server.workers']}, but waitress is one process.",
            "Leave it out, or start several behind a balancer: services.instances.",
        )
    if app and not re.fullmatch(r"[\w.]+:[\w.]+(?:\(\))?", app):
        yield Problem(
            ("subject", "app"),
            f"calls with arguments, which {kind} cannot.",
            "Write a module with a line such as: app = create_app(...), and name that variable.",
        )


def _gunicorn_only(checked: Checked) -> Iterator[Problem]:
    kind = "server.command" if checked.values["server.command"] else f'kind = "{checked.values["server.kind"]}"'
    if kind == 'kind = "gunicorn"':
        return
    for name in ("preload", "freeze_gc"):
        if checked.values[f"server.{name}"]:
            yield Problem(
                ("server", name),
                f"is a setting of gunicorn's, and {kind} starts another server.",
                "Leave it out, or put what your server calls it into a command of your own.",
            )


SERVER_RULES: tuple[Rule, ...] = (
    Rule(("server.kind", "server.command", "server.worker_class", "server.workers", "subject.app"), _kind),
    Rule(("server.kind", "server.command", "server.preload", "server.freeze_gc"), _gunicorn_only),
)
