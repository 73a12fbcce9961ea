"""What was tried while a server's settings were sought, and what the model had said of each. Frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from seatrial.measure.experiment import Scouted, Seen
from seatrial.measure.measurement import Caveat
from seatrial.spec.lever import Lever
from seatrial.spec.subject import EVENT_LOOP

__all__ = ["Shape", "Tried", "TuneRecord"]


@dataclass(frozen=True, slots=True, order=True)
class Shape:
    """One way to set the server. threads: of each worker; 1 of sync, and of an event loop, which has no such number.
    pool: database connections of each worker; None where that is the app's own affair."""

    worker_class: str
    workers: int
    threads: int = 1
    pool: int | None = None

    @property
    def has_threads(self) -> bool:
        """Whether the number of threads is a setting of it."""
        return self.worker_class != "sync" and self.worker_class not in EVENT_LOOP

    @property
    def shares_pool(self) -> bool:
        """Whether its requests can wait for a connection: an event loop may have any number of them inside."""
        return self.pool is not None and (self.pool < self.threads or self.worker_class in EVENT_LOOP)

    @property
    def lever(self) -> Lever:
        """The same as a change of a seatrial.toml."""
        server = {"worker_class": self.worker_class, "workers": self.workers}
        changes = {"server": {**server, "threads": self.threads if self.has_threads else None}}
        database = {} if self.pool is None else {"database": {"pool": self.pool}}
        return Lever(self.words(), changes={**changes, **database})

    @property
    def server(self) -> str:
        """Without its connections, as in the table: `gthread 2 x 4`, `sync 3`."""
        return f"{self.worker_class} {self.workers}" + (f" x {self.threads}" if self.has_threads else "")

    def words(self) -> str:
        """All of it: `gthread 2 x 4, pool 2`."""
        return self.server + ("" if self.pool is None else f", pool {self.pool}")


@dataclass(frozen=True, slots=True)
class Tried:
    """One start with these settings."""

    shape: Shape
    seen: Seen


@dataclass(frozen=True, slots=True)
class TuneRecord:
    """declared: the file's own settings. classes: kinds of worker that this app can have; refused: those that it
    cannot, each with its reason. references: what others would set, by who says so. scouted: the first start.
    """

    created_at: str
    declared: Shape
    budget_s: float
    classes: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    references: Mapping[str, Shape] = field(default_factory=dict)
    scouted: Scouted | None = None
    tried: tuple[Tried, ...] = ()
    spent_s: float = 0.0
    complete: bool = False
    caveats: tuple[Caveat, ...] = ()

    def starts_of(self, shape: Shape) -> tuple[Seen, ...]:
        """Its starts that showed something, in order."""
        return tuple(one.seen for one in self.tried if one.shape == shape and one.seen.saturated_rps)

    def failure_of(self, shape: Shape) -> str:
        """Why it never worked; "" when it did, or was not tried."""
        told = [one.seen.failure for one in self.tried if one.shape == shape]
        return told[0] if told and all(told) else ""

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """Every one that was tried, in order, once."""
        return tuple(dict.fromkeys(one.shape for one in self.tried))
