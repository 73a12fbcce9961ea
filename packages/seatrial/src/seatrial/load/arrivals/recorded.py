"""Arrivals as they were recorded, and the file they are read from."""

import itertools
import math
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Self

from seatrial.errors import LoadError, SpecError
from seatrial.load.arrivals.shapes import Part, check_duration

__all__ = ["TIMES_MAX", "Recorded", "read_recorded"]

TIMES_MAX = 5_000_000
"""As many times as are kept, at 8 bytes each."""

_LINE_BYTES_MAX = 1000
# Numbers from here on are seconds since 1970: as an offset it would be 31 years.
_CLOCK_FROM_S = 1e9


@dataclass(frozen=True, slots=True, eq=False)
class Recorded:
    """times_s: offsets in seconds, ascending; equal ones happen at once. After the last one nothing comes.

    speed: 2 replays in half the time, at twice the rate. Arrivals: see `seatrial.load.arrivals.shapes.Arrivals`.
    """

    times_s: Sequence[float]
    speed: float = 1.0
    share: Part = field(default=Part(), kw_only=True)

    def __post_init__(self) -> None:
        times_s = array("d", itertools.islice(self.times_s, TIMES_MAX + 1))
        object.__setattr__(self, "times_s", times_s)
        if not times_s:
            raise _refused("there is no time in it")
        if len(times_s) > TIMES_MAX:
            raise _refused(f"it has more than {TIMES_MAX:,} times")
        if not (times_s[0] >= 0 and math.isfinite(times_s[-1])):
            raise _refused(f"its times go from {times_s[0]:g} to {times_s[-1]:g} s")
        if not all(earlier <= later for earlier, later in itertools.pairwise(times_s)):
            raise _refused("its times are not in order")
        if not 0 < self.speed <= 1e6:
            raise LoadError(f"the speed is {self.speed}; it takes more than 0, at most a million.", where="arrivals")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Recorded) and self._facts() == other._facts()

    def __hash__(self) -> int:
        return hash((len(self.times_s), self.times_s[-1], self.speed, self.share))

    def _facts(self) -> tuple[Sequence[float], float, Part]:
        return self.times_s, self.speed, self.share

    @property
    def length_s(self) -> float:
        """How long the replay takes: up to the last time, and one mean gap more, so that the last arrival is in it."""
        last_s = self.times_s[-1] / self.speed
        return last_s * (1 + 1 / max(1, len(self.times_s) - 1)) if last_s > 0 else 1.0

    def offsets(self, duration_s: float, seed: int | str = 0) -> Iterator[float]:
        """See `seatrial.load.arrivals.shapes.Arrivals`; nothing is random."""
        del seed
        check_duration(duration_s)
        own = range(self.share.index, self._count(duration_s), self.share.count)
        return (self.times_s[index] / self.speed for index in own)

    def part(self, index: int, count: int) -> Self:
        """See `seatrial.load.arrivals.shapes.Arrivals`."""
        return replace(self, share=self.share.of(index, count))

    def mean_rate_rps(self, duration_s: float) -> float:
        """See `seatrial.load.arrivals.shapes.Arrivals`."""
        check_duration(duration_s)
        return self.share.size(self._count(duration_s)) / duration_s

    def _count(self, duration_s: float) -> int:
        return bisect_left(self.times_s, duration_s, key=lambda at_s: at_s / self.speed)


def read_recorded(path: Path, *, speed: float = 1.0) -> Recorded:
    """The arrivals of a text file with a time on each line; empty lines, and lines that begin with #, are passed over.

    A time is a number of seconds from the beginning of the load, or when it happened: seconds since 1970 (a first
    number from 1,000,000,000 on) or ISO 8601, such as 2024-05-01T12:00:00.250Z. What happened is counted from the first
    line. SpecError with the line that cannot be used.
    """
    times_s = array("d")
    try:
        with path.open("rb") as file:
            for number, moment in _moments(file, path):
                if times_s and not moment >= times_s[-1]:
                    raise _bad_line(path, number, "is before the time above it", "Sort the file: sort -n, or sort.")
                if len(times_s) == TIMES_MAX:
                    raise _bad_line(path, number, f"is one more than {TIMES_MAX:,}", "Use a part of the file.")
                times_s.append(moment)
    except FileNotFoundError:
        raise SpecError("there is no such file.", where=str(path), try_this=_FORM) from None
    except OSError as error:
        raise SpecError(f"the file cannot be read: {error.strerror or error}.", where=str(path)) from None
    if not times_s:
        raise SpecError("the file has no time in it.", where=str(path), try_this=_FORM)
    first_s = times_s[0] if times_s[0] >= _CLOCK_FROM_S else 0.0
    return Recorded(array("d", (at_s - first_s for at_s in times_s)), speed)


_FORM = "Give a text file with one time on each line: seconds (0.25), or such as 2024-05-01T12:00:00.250Z."


def _moments(file: BinaryIO, path: Path) -> Iterator[tuple[int, float]]:
    """Line numbers and times in seconds."""
    kinds: dict[str, int] = {}
    for number, line in enumerate(iter(lambda: file.readline(_LINE_BYTES_MAX + 1), b""), 1):
        if len(line) > _LINE_BYTES_MAX:
            raise _bad_line(path, number, f"is longer than {_LINE_BYTES_MAX:,} bytes", _FORM)
        text = line.decode("utf-8-sig", "replace").strip()
        if not text or text.startswith("#"):
            continue
        kind, moment = _moment(text)
        if not 0 <= moment < math.inf:
            raise _bad_line(path, number, f"holds {text!r}, which is no time", _FORM)
        if kind not in kinds and kinds:
            (other, line_number), *_ = kinds.items()
            what = f"holds {kind}, but line {line_number} {other}"
            raise _bad_line(path, number, what, "Write all times in the same way.")
        kinds.setdefault(kind, number)
        yield number, moment


def _moment(text: str) -> tuple[str, float]:
    try:
        return "a number of seconds", float(text)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return "", math.nan
    if moment.tzinfo is None:
        return "a time without its time zone", moment.replace(tzinfo=UTC).timestamp()
    return "a time with its time zone", moment.timestamp()


def _bad_line(path: Path, number: int, what: str, try_this: str) -> SpecError:
    return SpecError(f"the line {what}.", where=f"{path}:{number}", try_this=try_this)


def _refused(why: str) -> LoadError:
    return LoadError(f"the recording cannot be replayed: {why}.", where="arrivals", try_this="Times ascend from 0 on.")
