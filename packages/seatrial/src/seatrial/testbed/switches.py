"""The settings of a subject that are for working on it, switched from outside while it runs."""

import json
import mmap
import os
import shutil
from dataclasses import replace
from pathlib import Path

from seatrial.spec.subject import Subject
from seatrial.testbed import switched_app
from seatrial.testbed.switched_app import DEBUG, LOOK, TEMPLATES

__all__ = ["DEBUG", "TEMPLATES", "Switchboard", "can_switch"]

MODULE = "seatrial_switched_app"


def can_switch(subject: Subject) -> bool:
    """Whether Seatrial starts it by name, and so can put something around the app."""
    return bool(subject.app) and not subject.url and subject.server.kind != "command"


class Switchboard:
    """The folder through which a start of the subject is told; made before the server starts."""

    def __init__(self, folder: Path) -> None:
        """Makes the folder."""
        folder.mkdir(exist_ok=True)
        shutil.copy(switched_app.__file__, folder / f"{MODULE}.py")
        control = folder / "control"
        control.write_bytes(b"\0")
        with control.open("r+b") as file:
            self._control = mmap.mmap(file.fileno(), 1)
        self._folder = folder

    def subject(self, subject: Subject) -> Subject:
        """The same with its app inside what follows the switches."""
        path = (subject.environment.get("PYTHONPATH", ""), str(self._folder))
        is_asgi = subject.server.is_event_loop and subject.server.worker_class != "gevent"
        environment = {
            **subject.environment,
            "PYTHONPATH": os.pathsep.join(part for part in path if part),
            switched_app.FOLDER_VARIABLE: str(self._folder),
            # Braces of it would be taken for placeholders.
            switched_app.APP_VARIABLE: subject.app.replace("{", "{{").replace("}", "}}"),
            switched_app.INTERFACE_VARIABLE: "asgi" if is_asgi else "wsgi",
        }
        return replace(subject, app=f"{MODULE}:app", environment=environment)

    def off(self, settings: int) -> None:
        """Which are off from the next request on: DEBUG, TEMPLATES, both, or 0 for none."""
        self._control[0] = settings | LOOK

    def found(self) -> tuple[tuple[int, str], ...]:
        """(setting, where it stands) of each that is on; after the first request since `off`."""
        try:
            told = json.loads((self._folder / "found.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return ()
        return tuple(dict.fromkeys((int(kind), str(words)) for kind, words in told))
