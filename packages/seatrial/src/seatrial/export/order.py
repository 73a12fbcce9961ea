"""What is exported, and as which files. Pure but for reading the journeys."""

import re
from dataclasses import dataclass, field

from seatrial.errors import SpecError
from seatrial.export.journeys_folder import journeys_folder
from seatrial.export.k6_script import k6_files
from seatrial.export.locust_file import locust_files
from seatrial.spec.slo import SLO
from seatrial.spec.workload import WorkloadSpec

__all__ = ["TOOLS", "ExportOrder", "export_files"]

TOOLS = ("locust", "k6")


@dataclass(frozen=True, slots=True)
class ExportOrder:
    """A workload for another load generator.

    tool: one of TOOLS. name: of the file that declares the workload. rate_rps: journeys (or operations) begun per
    second. users: of Locust, how many there are together. slo, duration_s: of k6. host: the address under load, such as
    http://127.0.0.1:8000, or nothing.
    """

    tool: str
    workload: WorkloadSpec
    name: str
    rate_rps: float
    users: int = 1
    slo: SLO = field(default_factory=SLO)
    duration_s: float = 300.0
    host: str = ""


def export_files(order: ExportOrder) -> dict[str, bytes]:
    """Relative path -> content. SpecError for what the tool cannot do, and for journeys that cannot be read."""
    workload = order.workload
    # It goes into a comment, which it must not end.
    name = re.sub(r"[^\w .,+@-]", "_", order.name)
    if workload.listeners:
        raise SpecError(
            f"people who hold an open connection are not exported, and {workload.listeners} are declared.",
            where=f"{order.name}: workload.listeners",
            try_this="Drive them with seatrial load, which has them all in one process, or leave them out of the file.",
        )
    if order.tool == "k6":
        return k6_files(
            workload,
            order.slo,
            name=name,
            rate_rps=order.rate_rps,
            duration_s=order.duration_s,
            host=order.host,
        )
    sources = journeys_folder(workload.journeys) if workload.journeys is not None else {}
    return locust_files(workload, sources, name=name, rate_rps=order.rate_rps, users=order.users, host=order.host)
