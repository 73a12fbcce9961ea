"""Commands that run to their end before anything is measured: probes, migrations, seeds."""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from seatrial.errors import TestbedError
from seatrial.spec.subject import Subject
from seatrial.testbed.lent import lend_gunicorn
from seatrial.testbed.named_servers import named_probe
from seatrial.testbed.process import Order, Process, Warden, describe_exit
from seatrial.testbed.readiness import free_port
from seatrial.testbed.server import Gunicorn, child_environment, fill, gunicorn_version

__all__ = ["Preparation", "command_words"]

PROBE_DEADLINE_S = 20.0
WORDS_MAX = 100

WORKER_MODULES = {"gevent": "gunicorn.workers.ggevent", "asgi": "gunicorn.workers.gasgi"}
"""What gunicorn imports for a worker class that not every installation has."""

NO_GUNICORN = "No module named 'gunicorn'"

SIGNS = (
    (
        NO_GUNICORN,
        "gunicorn is not installed in",
        "Install it there (pip install gunicorn), or set subject.python to the interpreter that has it.",
    ),
    (
        "gevent worker requires gevent",
        'worker_class = "gevent" needs gevent (24.10.1 or newer) in',
        "Install it there (pip install gevent), or choose another server.worker_class.",
    ),
    (
        "No module named 'gunicorn.workers.gasgi'",
        'worker_class = "asgi" needs gunicorn 25 or newer in',
        "Upgrade it there (pip install --upgrade gunicorn), or start another ASGI server with server.command.",
    ),
)
"""(what the last lines hold, what that means of the subject's Python, what to try)"""


def command_words(argv: tuple[str, ...]) -> str:
    """A command as one short line."""
    words = " ".join(" ".join(argv).split())
    return words if len(words) <= WORDS_MAX else f"{words[:WORDS_MAX]}..."


@dataclass(frozen=True, slots=True)
class Preparation:
    """Runs commands of the subject outside the limits (they are not measured), on the generator's CPUs."""

    subject: Subject
    keeper: Warden
    folder: Path
    cpus: tuple[int, ...]

    def environment(self, values: Mapping[str, str], lent: Path | None = None) -> dict[str, str]:
        """Of the subject's processes. values: what the placeholders stand for. lent: a folder of packages put last."""
        made = child_environment(self.subject, os.environ, Path(sys.executable), values)
        if lent:
            made["PYTHONPATH"] = os.pathsep.join(part for part in (made.get("PYTHONPATH", ""), str(lent)) if part)
        return made

    def commands(self, values: Mapping[str, str], on_progress: Callable[[str], None]) -> None:
        """Run every `prepare` command, each with a {port} of its own. Raises TestbedError with its last lines."""
        for number, command in enumerate(self.subject.prepare):
            on_progress(f"preparing: {command_words(command)}")
            self.command(number, {**values, "port": str(free_port())})

    def command(self, number: int, values: Mapping[str, str]) -> None:
        """Run the `prepare` command with that number, from 0. Raises TestbedError with its last lines."""
        where = f"subject.prepare[{number}]"
        argv = tuple(fill(part, values, where) for part in self.subject.prepare[number])
        self._run(argv, where, self.subject.prepare_timeout_s, values)

    def find_gunicorn(self, values: Mapping[str, str]) -> Gunicorn:
        """What gunicorn the subject's Python has. Raises TestbedError when it has none, or not this worker class."""
        values = {**values, "port": str(free_port())}
        program = "import gunicorn; print('gunicorn', gunicorn.__version__)"
        if module := WORKER_MODULES.get(self.subject.server.worker_class):
            program += f"; import {module}"
        argv = (str(self.subject.python), "-c", program)
        lent = None
        try:
            output = self._run(argv, "subject.python", PROBE_DEADLINE_S, values)
        except TestbedError as error:
            lent = lend_gunicorn(self.folder / "lent") if NO_GUNICORN in error.details else None
            if lent is None:
                raise
            output = self._run(argv, "subject.python", PROBE_DEADLINE_S, values, lent)
        memory = Path("/dev/shm")  # noqa: S108 -- a folder in memory is what is looked for
        heartbeat = memory if memory.is_dir() and os.access(memory, os.W_OK) else None
        return Gunicorn(gunicorn_version(output), heartbeat, lent=lent)

    def find_server(self, values: Mapping[str, str]) -> Gunicorn | None:
        """What is known about the subject's gunicorn, where it is that; TestbedError when a named server is missing."""
        kind = self.subject.server.kind
        if kind == "command":
            return None
        if kind == "gunicorn":
            return self.find_gunicorn(values)
        argv = (str(self.subject.python), "-c", named_probe(kind))
        try:
            self._run(argv, "subject.python", PROBE_DEADLINE_S, {**values, "port": str(free_port())})
        except TestbedError as error:
            if f"No module named '{kind}'" not in error.details:
                raise
            raise TestbedError(
                f"{kind} is not installed in {self.subject.python}",
                where="server.kind",
                try_this=f"Install it there (pip install {kind}), or set subject.python to the interpreter with it.",
                details=error.details,
            ) from error
        return None

    def _run(
        self, argv: tuple[str, ...], where: str, timeout_s: float, values: Mapping[str, str], lent: Path | None = None
    ) -> str:
        log = self.folder / f"{where}.log"
        process = Process(
            Order(argv, self.environment(values, lent), self.subject.directory, log, cpus=self.cpus), self.keeper
        )
        status = process.wait(timeout_s)
        process.stop()
        if status == 0:
            return process.log_tail()
        what = f"did not end within {timeout_s:g} s"
        advice = "It may wait for input or for a lock; if it is only slow, raise subject.prepare_timeout_s."
        if status is not None:
            what = f"failed ({describe_exit(status)})"
            advice = "Its last lines are below; run it by hand to see more."
        for sign, told, remedy in SIGNS:
            if sign in process.log_tail():
                what, advice = f"failed: {told} {self.subject.python}", remedy
        raise TestbedError(f"`{command_words(argv)}` {what}", where=where, try_this=advice, details=process.log_tail())
