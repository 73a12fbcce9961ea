"""`load` and `export`: a workload by itself, here or by another load generator."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from seatrial.commands.files import keep, refuse_replacing
from seatrial.load.books.glance import Glance
from seatrial.load.generator.fleet import generate
from seatrial.load.generator.plan import LoadPlan
from seatrial.load.generator.reach import check_reachable
from seatrial.load.generator.result import LoadResult

if TYPE_CHECKING:  # what only one command needs is imported by it: the others start sooner
    from seatrial.export.order import ExportOrder

__all__ = ["export", "load"]


def load(plan: LoadPlan, *, tell: Callable[[str], None], show: Callable[[Glance], None] | None = None) -> LoadResult:
    """Drives a load by itself, without a testbed. tell: gets a phrase for each step; show: a glance each second.

    Raises:
        SpecError, LoadError: the journeys cannot be used, nobody answers at the URL, people cannot sign in.
    """
    check_reachable(plan)
    return generate(plan, tell, show=show)


def export(order: "ExportOrder", folder: Path, *, overwrite: bool = False) -> tuple[Path, ...]:
    """Writes a workload for another load generator; the files, that which is started first.

    Raises:
        SpecError: the tool cannot do what the workload asks for, files are there that it would replace, or they cannot
        be written.
    """
    from seatrial.export.order import export_files

    files = {folder / name: content for name, content in export_files(order).items()}
    if not overwrite:
        remedy = "Name another folder with --out, or replace what is there with --overwrite."
        refuse_replacing(files, folder, remedy)
    for path, content in files.items():
        keep(path, content, "Name another folder with --out.")
    return tuple(files)
