"""The processes of a test bed that run now, by what they are."""

from dataclasses import dataclass

from seatrial.testbed.process import Process

__all__ = ["Running"]


@dataclass(frozen=True, slots=True)
class Running:
    """app: one, or several instances. database: PostgreSQL, None when there is none. services: those beside the app."""

    app: tuple[Process, ...] = ()
    database: Process | None = None
    services: tuple[Process, ...] = ()
