"""What concludes for one plan is told that several hosts are not one."""

from seatrial.errors import SpecError
from seatrial.spec.trial_spec import TrialSpec

__all__ = ["check_one_host"]


def check_one_host(spec: TrialSpec) -> TrialSpec:
    """The same; raises SpecError for several hosts: neither the model nor the choice of a plan knows how they share."""
    hosts = spec.subject.services.hosts
    if hosts > 1:
        raise SpecError(
            f"the file declares {hosts} hosts, and this concludes for one: its model has all requests on one machine, "
            "and would be wrong of several.",
            where=f"{spec.path}, services.hosts",
            try_this="seatrial levers measures on several hosts. For a prediction, leave services.hosts out and ask "
            "seatrial advise --growth.",
        )
    return spec
