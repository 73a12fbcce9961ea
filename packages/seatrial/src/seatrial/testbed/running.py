"""The processes of a test bed that run now, by what they are."""

from dataclasses import dataclass

from seatrial.testbed.process import Process

__all__ = ["Running"]


@dataclass(frozen=True, slots=True)
class Running:
    """app: one, or several instances. database: PostgreSQL, None when there is none. services: those beside the app.

    hosts: of each process of the app, the number of its host, from 0; () for one host.
    """

    app: tuple[Process, ...] = ()
    database: Process | None = None
    services: tuple[Process, ...] = ()
    hosts: tuple[int, ...] = ()

    def on_host(self, number: int) -> tuple[Process, ...]:
        """The app's processes there."""
        if not self.hosts:
            return self.app if number == 0 else ()
        return tuple(process for process, host in zip(self.app, self.hosts, strict=True) if host == number)
