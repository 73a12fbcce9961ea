"""What stands in a project's code for working on it, and costs where it is deployed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from seatrial.discover.source_tree import SourceTree

__all__ = ["Mark", "development_marks"]

OWN_SERVER = re.compile(r"^\s+\w*app\w*\.run\(")

DEVELOPMENT = (
    (
        re.compile(r"""config\[["']DEBUG["']\]\s*=\s*True|^\s*DEBUG\s*=\s*True\b|\bdebug=True\b"""),
        "debugging is on",
        "Switch debugging off where it is deployed, by a variable for instance.",
    ),
    (
        re.compile(r"""TEMPLATES_AUTO_RELOAD["'\]]*\s*=\s*True|auto_reload\s*=\s*True"""),
        "templates are looked at anew for each request",
        "Switch it off where it is deployed: each request asks the disk whether its templates have changed.",
    ),
    (
        OWN_SERVER,
        "a server for development is started by the file itself",
        "The server of app.run() is not measured: where the app is deployed one for visitors runs it, as in the trial.",
    ),
)
"""(what stands in a line, what that is, what to do)"""


@dataclass(frozen=True, slots=True)
class Mark:
    """where: file and line. remedy: what to do. is_measured: whether a trial has it, too."""

    what: str
    where: str
    remedy: str
    is_measured: bool = True


def development_marks(tree: SourceTree) -> Iterator[Mark]:
    """Each line that sets something, as far as its text tells."""
    for module in tree.modules():
        name = module.path.relative_to(tree.root).as_posix()
        for number, line in enumerate(tree.text(name).splitlines(), 1):
            for pattern, what, remedy in DEVELOPMENT:
                # What is passed to run() holds for its own server alone.
                if pattern.search(line) and (pattern is OWN_SERVER or ".run(" not in line):
                    yield Mark(what, f"{name}, line {number}", remedy, pattern is not OWN_SERVER)
