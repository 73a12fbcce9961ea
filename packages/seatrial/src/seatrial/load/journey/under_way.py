"""What a journey's steps under way share with the journey: kept apart, so that each kind of step has a module."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from seatrial.load.books.interval import Interval
from seatrial.load.books.observation import Observation
from seatrial.load.http.client import Client
from seatrial.load.http.messages import Request
from seatrial.load.http.target import Target
from seatrial.load.http.wire import Wire
from seatrial.load.journey.person import Person
from seatrial.load.live.sockets import LiveSockets

__all__ = ["Closable", "Host", "Pause", "Seen", "Stage", "StepRun"]


class Stage(Protocol):
    """What all journeys of one driver share."""

    client: Client
    wire: Wire
    target: Target
    live: LiveSockets
    timeout_s: float
    loop: asyncio.AbstractEventLoop


class Seen(Protocol):
    """One request of a step that is over, not yet observed: the journey's own judgement comes first."""

    @property
    def response(self) -> object:
        """The answer, when there is one."""

    def observe(self, error: str = "", detail: str = "") -> None:
        """Note it, with the journey's own error when it has one."""


class Closable(Protocol):
    """What is open until its journey ends."""

    def close(self) -> None:
        """Close it; again, when it is closed already, does nothing."""


class Pause:
    """A step that asks nothing: when the interval ends, it may just end with it."""

    __slots__ = ()

    def cut(self, error: str) -> None:
        """Part of StepRun."""
        raise NotImplementedError


class Host(Protocol):
    """The journey, as its steps under way see it."""

    stage: Stage
    interval: Interval
    person: Person
    operation: str
    step: int
    """Which one is under way, from 1; pauses are not counted."""

    def note(self, seen: Observation, detail: str, request: Request | None = None) -> None:
        """Count one observation; detail says in words what went wrong, request what was asked."""

    def over(self, answer: object, at_s: float, seen: Sequence[Seen] = ()) -> None:
        """The step ended at `at_s`: the journey goes on with `answer`, then its requests are observed."""

    def keep(self, open_now: Closable) -> None:
        """Close this when the journey ends."""

    def settled(self) -> None:
        """The journey has come to where it stays: it listens."""

    def give_up(self, seen: Sequence[Seen] = ()) -> None:
        """The step failed for good: its requests are observed, and the journey ends."""


class StepRun(Protocol):
    """A step under way. It calls host.over() or host.give_up() once, and never before its constructor has returned."""

    def cut(self, error: str) -> None:
        """End it now: what was asked is counted with this error, a pause just ends; host.give_up() follows."""
