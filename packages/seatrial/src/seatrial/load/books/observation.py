"""One request, as seen from outside."""

from dataclasses import dataclass, field
from typing import NamedTuple

from seatrial.load.books.sessions import SessionCounts

__all__ = ["BROADCAST", "HeardCounts", "LoadRecord", "Observation"]

BROADCAST = " (broadcast)"
"""Ends the names of operations that are no requests: how long until somebody else heard of one, on an open socket."""


class Observation(NamedTuple):
    """One request. Times are seconds of `time.perf_counter()`.

    due_s: when the schedule (or, inside a journey, the end of the step before) asked for it.
    dispatched_s: when the generator took it up; sent_s: when its bytes were handed to the kernel; done_s: when the
    answer was whole, or the failure known. status: 0 when no answer came.
    error: "" when right, else the cause: refused | tls (no handshake, or a certificate that is not trusted) | reset |
    timeout | protocol | status | expectation | cap | unfinished | journey.
    is_arrival: whether the schedule asked for it. What follows from an answer is due when the generator has seen that,
    however late: only arrivals tell how late the generator is.
    """

    operation: str
    due_s: float
    dispatched_s: float
    sent_s: float
    done_s: float
    status: int
    error: str = ""
    reused_retry: bool = False
    is_arrival: bool = True

    @property
    def is_broadcast(self) -> bool:
        """Whether it is no request: due_s and sent_s are of the request that caused it, done_s of who heard of that."""
        return self.operation.endswith(BROADCAST)

    @property
    def response_time_s(self) -> float:
        """From the time it was due, so that waiting for a late generator or a full server is not hidden."""
        return self.done_s - self.due_s

    @property
    def lateness_s(self) -> float:
        """The generator's own fault: how late it took the request up."""
        return self.dispatched_s - self.due_s


@dataclass(frozen=True, slots=True)
class HeardCounts:
    """What came over open sockets in an interval.

    events: taken up by journeys. unknown: of these, whose cause was asked for but is not known, so that nothing can be
    said of their time. dropped: never taken up, since newer ones came before anybody asked. unheard: requests with a
    cause that no held listener had heard of when the interval was over. missing: of what at least one held listener had
    heard by then, how often another one had not, summed over the causes; as the app means it where listeners follow
    different things.
    """

    events: int = 0
    unknown: int = 0
    dropped: int = 0
    unheard: int = 0
    missing: int = 0

    def __add__(self, other: "HeardCounts") -> "HeardCounts":
        return HeardCounts(
            self.events + other.events,
            self.unknown + other.unknown,
            self.dropped + other.dropped,
            self.unheard + other.unheard,
            self.missing + other.missing,
        )


@dataclass(frozen=True, slots=True)
class LoadRecord:
    """What one interval of load saw, and how well the generator itself did.

    observations: empty when the load was given a book of its own. started_s, ended_s: the measured interval
    (perf_counter). Open loop: arrivals due in it count, and are waited for
    after it. Closed loop: what was on its way at the end is recorded too, done after ended_s.
    arrivals: operations begun; with `sessions`, sessions. in_flight_max: the most requests on their way at once.
    failures: the first few wrong answers in words, for the person who reads the error.
    generator_busy: CPU share of the generator's core used by this process during the interval. generator_waited: share
    of that time in which it was ready to run and others had its core; 0 where the system does not tell.
    sessions: what became of them, where arrivals are sessions; the observations are then of all requests that were due
    in the interval, whenever their session began. heard: what came over open sockets.

    is_interrupted: it was broken off. abandoned: the requests that were on their way when the interval was, which are
    not counted; what was cut after the interval is, as "unfinished". refused_before: sessions that the cap refused in
    the lead-in; the load was then less than it was said to be. curtailed: journeys ended before a step or in a pause,
    since they went on for too long after the interval; what they would have sent is missing.
    """

    started_s: float
    ended_s: float
    observations: tuple[Observation, ...]
    arrivals: int
    generator_busy: float
    in_flight_max: int
    failures: tuple[str, ...] = field(default=())
    generator_waited: float = 0.0
    sessions: SessionCounts | None = None
    heard: HeardCounts = field(default=HeardCounts())
    is_interrupted: bool = False
    abandoned: int = 0
    refused_before: int = 0
    curtailed: int = 0

    @property
    def requests(self) -> tuple[Observation, ...]:
        """The observations that are of requests, not of who heard of them."""
        return tuple(seen for seen in self.observations if not seen.is_broadcast)
