"""A hosting plan: what may be used, and for how much."""

from dataclasses import dataclass, field

__all__ = ["Limits", "Plan", "Price"]

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What a plan lets the subject and its database use together.

    cpus: vCPUs; a fraction such as 0.5 is a quota. cpu_kind: shared, dedicated, burst, fraction, ...
    cpu_baseline: share of one vCPU that may be used for ever on a burst plan, else None.
    burst_start_s, burst_max_s: seconds of CPU time for each vCPU that a new machine may use above the baseline, and
        the most that an idle one can save; None where the provider does not say.
    granted_cpus: what the measuring machine could give instead of `cpus`; None when it gave them all.
    memory_bytes: the whole machine's; the operating system's part is kept back from it (`system_memory_bytes`).
    """

    cpus: float
    memory_bytes: int
    cpu_kind: str = "shared"
    cpu_baseline: float | None = None
    granted_cpus: float | None = None
    burst_start_s: float | None = None
    burst_max_s: float | None = None

    @property
    def usable_cpus(self) -> float:
        """The vCPUs that were really there while measuring."""
        return self.cpus if self.granted_cpus is None else self.granted_cpus

    @property
    def system_memory_bytes(self) -> int:
        """Kept back for the operating system: 100 to 150 MB on a small machine; 1/4 below 512 MB."""
        return min(120 * MEBIBYTE, self.memory_bytes // 4)

    @property
    def subject_memory_bytes(self) -> int:
        """What is left for the app and its database."""
        return self.memory_bytes - self.system_memory_bytes


@dataclass(frozen=True, slots=True)
class Price:
    """List price of a full month before tax, where it was read and when (ISO date, or as exact as is known)."""

    usd_month: float | None
    source: str
    as_of: str


@dataclass(frozen=True, slots=True)
class Plan:
    """One row of the catalogue, or the user's own."""

    id: str
    provider: str
    name: str
    limits: Limits
    price: Price
    product: str = ""
    note: str = ""
    disk_gb: float | None = None
    max_instances: int | None = None
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def connections_max(self) -> int | None:
        """How many connections a database plan allows at once; None when it is not said, or it is no database."""
        told = self.extra.get("pg_max_connections")
        return None if told is None else int(told)
