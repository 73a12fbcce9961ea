"""The count of sessions: people who arrive by the schedule and follow a journey to its end."""

from dataclasses import dataclass

__all__ = ["SessionCounts", "SessionLog"]


@dataclass(frozen=True, slots=True)
class SessionCounts:
    """What became of the sessions of an interval.

    begun: arrivals of the interval that were taken up. ended: came to the end of their journey in the interval,
    whenever they had begun; failed: so, but something in them went wrong. Then under_way_at_end = under_way_at_start +
    begun - ended - failed. A load that is level has about as many under way at its end as at its start: by Little's
    law the rate of arrivals times the mean length of a session.
    """

    begun: int
    ended: int
    failed: int
    under_way_at_start: int
    under_way_max: int

    @property
    def under_way_at_end(self) -> int:
        """How many the end of the interval met under way; they were ended with it."""
        return self.under_way_at_start + self.begun - self.ended - self.failed


class SessionLog:
    """Counts sessions as they begin and end; times are of perf_counter."""

    def __init__(self, started_s: float, ended_s: float) -> None:
        self._started_s = started_s
        self._ended_s = ended_s
        self._begun = self._ended = self._failed = 0
        self._at_start = self._under_way = self._under_way_max = 0
        self._is_over = False

    def begin(self, due_s: float) -> None:
        """One more is under way."""
        if due_s < self._started_s:
            self._at_start += 1
        else:
            self._begun += 1
        self._under_way += 1
        self._under_way_max = max(self._under_way_max, self._under_way)

    def end(self, at_s: float, *, failed: bool) -> None:
        """One is over; what the end of the interval itself ends was under way then."""
        self._under_way -= 1
        if at_s < self._started_s:
            self._at_start -= 1
        elif at_s < self._ended_s and not self._is_over:
            self._failed += failed
            self._ended += not failed

    def stop(self) -> None:
        """The interval is over, though the event loop's timer may have rung a little early."""
        self._is_over = True

    def counts(self) -> SessionCounts:
        """What was counted, as a value."""
        return SessionCounts(self._begun, self._ended, self._failed, self._at_start, self._under_way_max)
