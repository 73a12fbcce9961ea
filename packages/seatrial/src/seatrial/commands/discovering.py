"""`init` and `doctor`: from a project to its seatrial.toml, and what stands in the way of a good answer."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from seatrial.commands.files import keep, refuse_replacing

if TYPE_CHECKING:  # what only one command needs is imported by it: the others start sooner
    from seatrial.discover.checkup import Check
    from seatrial.discover.discovery import Wishes
    from seatrial.discover.proposal import Proposal

__all__ = ["doctor", "init"]


def init(
    root: Path, wishes: "Wishes", *, tell: Callable[[str], None], overwrite: bool = False
) -> "tuple[Proposal, tuple[Path, ...]]":
    """Looks at a project, starts its app, and writes a seatrial.toml into its folder; what was found, and the files.

    Raises:
        SpecError: no such folder, no app in it, or files are there that would be replaced.
        TestbedError: the app does not start or answers nothing well.
    """
    from seatrial.discover.discovery import discover_project
    from seatrial.discover.proposal_text import proposal_text

    root = root.absolute()
    names = ("seatrial.toml", "journeys.py")
    if not overwrite:
        refuse_replacing((root / name for name in names), root, "Rename it, or replace it with --overwrite.")
    proposal = discover_project(root, wishes, tell)
    files = {root / names[0]: proposal_text(proposal, at=root)}
    if proposal.journeys:
        files[root / names[1]] = proposal.journeys
    files |= {proposal.directory / name: text for name, text in proposal.files.items()}
    for path, text in files.items():
        keep(path, text.encode(), "Make the folder writable.")
    return proposal, tuple(files)


def doctor(path: Path, *, tell: Callable[[str], None]) -> "tuple[Check, ...]":
    """Looks at this machine and at the project in `path`; nothing is measured and nothing written.

    Raises:
        SpecError: the project's seatrial.toml cannot be used, or there is no such folder.
    """
    from seatrial.discover.checkup import checkup

    return checkup(path, tell)
