"""How the subject is started: its argument list and its environment, as values."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from seatrial.errors import SpecError
from seatrial.spec.subject import Server, Subject
from seatrial.testbed import measured_server
from seatrial.testbed.named_servers import named_argv

__all__ = ["Gunicorn", "child_environment", "fill", "gunicorn_argv", "gunicorn_version", "server_argv"]

BACKLOG = 2048
CONTROL_SOCKET_SINCE = (25, 1)
# Not handed on: they describe the Python that Seatrial runs in, which may be another one than the subject's.
PYTHON_OWN = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PYTHONEXECUTABLE", "__PYVENV_LAUNCHER__")

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


def fill(text: str, values: Mapping[str, str], where: str) -> str:
    """Replace the placeholders `{name}` that are known; `{{` and `}}` stand for the braces themselves.

    Raises SpecError for a placeholder that nothing provides. Text in braces that is no lower-case name stays (JSON).
    """
    guarded = text.replace("{{", "\0").replace("}}", "\1")

    def value(match: "re.Match[str]") -> str:
        name = match[1]
        if name not in values:
            raise SpecError(
                f"nothing provides the placeholder {{{name}}} in `{text}`",
                where=where,
                try_this=f"Known here: {', '.join('{' + known + '}' for known in sorted(values))}. "
                f"Write {{{{{name}}}}} to keep the braces.",
            )
        return values[name]

    return _PLACEHOLDER.sub(value, guarded).replace("\0", "{").replace("\1", "}")


@dataclass(frozen=True, slots=True)
class Gunicorn:
    """What is known about the subject's gunicorn.

    version: of the one in the subject's Python. heartbeat: a folder in memory for the workers' heartbeat files.
    is_measured: whether it is started with the measuring middleware around the app. lent: the folder from which it is
    imported where the subject's Python has none.
    """

    version: tuple[int, ...]
    heartbeat: Path | None = None
    is_measured: bool = False
    lent: Path | None = None


def gunicorn_argv(subject: Subject, server: Server, port: int, gunicorn: Gunicorn) -> tuple[str, ...]:
    """gunicorn in the subject's own Python; the access log stays off, because it costs CPU on every request."""
    argv = [
        str(subject.python),
        *((measured_server.__file__,) if gunicorn.is_measured or server.freeze_gc else ("-m", "gunicorn")),
        subject.app,
        f"--bind=127.0.0.1:{port}",
        f"--workers={server.workers}",
        f"--worker-class={server.worker_class}",
        f"--keep-alive={server.keep_alive_s}",
        f"--backlog={BACKLOG}",
        "--timeout=60",
        "--graceful-timeout=2",
        "--log-level=info",
    ]
    if server.worker_class == "gthread":
        argv.append(f"--threads={server.threads}")
    if server.preload:
        argv.append("--preload")
    if gunicorn.heartbeat:
        # On a disk a heartbeat can block for as long as a write does, and the worker is taken for dead.
        argv.append(f"--worker-tmp-dir={gunicorn.heartbeat}")
    if gunicorn.version >= CONTROL_SOCKET_SINCE:
        # It would be a file in the user's home that outlives a killed gunicorn.
        argv.append("--no-control-socket")
    return tuple(argv)


def gunicorn_version(output: str) -> tuple[int, ...]:
    """The version in the last line `gunicorn 27.0.1`; () when there is none."""
    found = re.findall(r"^gunicorn (\d+(?:\.\d+)*)", output, re.MULTILINE)
    return tuple(int(part) for part in found[-1].split(".")) if found else ()


def server_argv(
    subject: Subject, server: Server, port: int, values: Mapping[str, str], gunicorn: Gunicorn | None
) -> tuple[str, ...]:
    """The argument list of the subject's server. Raises SpecError when the user's own command never says {port}."""
    if gunicorn:
        return gunicorn_argv(subject, server, port, gunicorn)
    if server.kind != "command":
        return named_argv(subject, server, port)
    told = (*server.command, *subject.environment.values())
    if not any("{port}" in text for text in told):
        raise SpecError(
            "the server's command does not say {port}, so it cannot be told where to listen",
            where="subject.server.command",
            try_this='Write the port as {port}, such as: command = ["uvicorn", "app:app", "--port", "{port}"].',
        )
    return tuple(fill(part, values, "subject.server.command") for part in server.command)


def child_environment(
    subject: Subject, own: Mapping[str, str], own_python: Path, values: Mapping[str, str]
) -> dict[str, str]:
    """The environment of the app and its `prepare` commands: the user's own, then the subject's variables.

    own: this process's environment; own_python: its interpreter. The subject's `bin` folder comes first in PATH.
    """
    environment = dict(own)
    if subject.python != own_python:
        for name in PYTHON_OWN:
            environment.pop(name, None)
    environment["PATH"] = os.pathsep.join(
        part for part in (str(subject.python.parent), environment.get("PATH", os.defpath)) if part
    )
    environment["PYTHONUNBUFFERED"] = "1"
    # gunicorn reads more arguments from here, which would change what is measured without being declared.
    environment.pop("GUNICORN_CMD_ARGS", None)
    for name, text in subject.environment.items():
        environment[name] = fill(text, values, f"subject.environment.{name}")
    return environment
