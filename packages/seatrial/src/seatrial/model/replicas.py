"""What read replicas add to a database: reads are shared out, but every write is repeated on each of them. Pure.

With read share p_r, write share p_w, demands r and w of one read and one write, and w_s for applying a write that was
made elsewhere, N replicas that answer the reads of one primary carry (Elnikety, Dropsho, Cecchet and Zwaenepoel,
EuroSys 2009, predict N replicas so from one machine alone)

    X <= min( 1 / (p_w w),  1 / (p_r r / N + p_w w_s) )

per CPU. Two things are added to it. Whoever has just written must see it, so some reads stay with the primary. And a
replica applies what it is told in one process, which cannot use a second CPU.
"""

import math
from dataclasses import dataclass

__all__ = ["DatabaseWork", "carried_rps", "replicas_needed"]


@dataclass(frozen=True, slots=True)
class DatabaseWork:
    """What one request of the mix asks of the database, in CPU seconds.

    write_share: of all requests. read_s, write_s: demand of one read and of one write. apply_s: of a write that a
    replica repeats. primary_read_share: of all requests, the reads that must not be late and go to the primary.
    """

    write_share: float
    read_s: float
    write_s: float
    apply_s: float
    primary_read_share: float = 0.0

    @property
    def write_cpu_s(self) -> float:
        """CPU seconds of writing per request of the mix."""
        return self.write_share * self.write_s

    @property
    def read_cpu_s(self) -> float:
        """CPU seconds of reading per request of the mix, wherever it is done."""
        return (1.0 - self.write_share) * self.read_s

    @property
    def pinned_cpu_s(self) -> float:
        """CPU seconds per request that only the primary can do."""
        return self.write_cpu_s + self.primary_read_share * self.read_s

    @property
    def shared_cpu_s(self) -> float:
        """CPU seconds per request that replicas can share among them."""
        return max(0.0, self.read_cpu_s - self.primary_read_share * self.read_s)

    @property
    def apply_cpu_s(self) -> float:
        """CPU seconds per request of the mix that every replica spends on repeating writes."""
        return self.write_share * self.apply_s


def carried_rps(work: DatabaseWork, replicas: int, cpus: float = 1.0) -> float:
    """Requests per second at which the busiest of a primary and its replicas is full; cpus: of each machine.

    Without replicas the primary does everything.
    """
    if replicas < 0 or cpus <= 0:
        raise ValueError("there are no replicas or more, on CPUs above 0")
    if replicas == 0:
        return _rate(cpus, work.read_cpu_s + work.write_cpu_s)
    on_replica = work.shared_cpu_s / replicas + work.apply_cpu_s
    return min(_rate(cpus, work.pinned_cpu_s), _rate(cpus, on_replica), _rate(1.0, work.apply_cpu_s))


def replicas_needed(work: DatabaseWork, rate_rps: float, cpus: float, most: int) -> int | None:
    """The fewest replicas with which machines of so many (usable) CPUs carry the rate; None: not even `most` do."""
    if rate_rps <= carried_rps(work, 0, cpus):
        return 0
    room = cpus / rate_rps - work.apply_cpu_s
    if room <= 0.0:
        return None
    # Rounded first, so that a division that comes out even does not cost a machine.
    needed = max(1, math.ceil(round(work.shared_cpu_s / room, 9)))
    return needed if needed <= most and rate_rps <= carried_rps(work, needed, cpus) * (1 + 1e-9) else None


def _rate(cpus: float, demand_s: float) -> float:
    return cpus / demand_s if demand_s > 0.0 else math.inf
