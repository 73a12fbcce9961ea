"""Which requests people send, and how often, from an access log: the best source there is for a workload."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from seatrial.discover.access_log import log_lines
from seatrial.discover.routes import group_of

__all__ = ["LoggedRequests", "logged_requests"]

GROUPS_MAX = 20_000
"""Kept at once. A log with more of them is one of addresses that nobody could name; the rarest are forgotten."""

REDIRECTED_OR_WORSE = 300


@dataclass(frozen=True, slots=True)
class LoggedRequests:
    """counts: answers below 300 to people, without files, by method and group, `GET /posts/{}`.

    samples: for each, an address that was answered. lines, malformed: of the log. source: what they are, in words.
    unread: where each of the malformed stands, as far as that is worth a line each.
    """

    counts: Mapping[str, int]
    samples: Mapping[str, str]
    lines: int
    malformed: int
    source: str = "lines of your log"
    unread: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """All that `counts` counts."""
        return sum(self.counts.values())

    def share(self, group: str) -> float:
        """Of all requests, those of this `GET /posts/{}`."""
        return self.counts.get(group, 0) / self.total if self.total else 0.0


def logged_requests(paths: Sequence[Path]) -> LoggedRequests:
    """Counts what the files show; a line that cannot be read is counted and passed over.

    Raises:
        SpecError: a file cannot be read.
    """
    counts: Counter[str] = Counter()
    samples: dict[str, str] = {}
    grouped: dict[str, str] = {}
    lines = malformed = 0
    for path in paths:
        for line in log_lines(path):
            lines += 1
            if line is None:
                malformed += 1
                continue
            if line.is_static or line.is_robot or line.status >= REDIRECTED_OR_WORSE or not line.target.startswith("/"):
                continue
            asked = f"{line.method} {line.target}"
            group = grouped.get(asked)
            if group is None:
                group = f"{line.method} {group_of(line.target)}"
                if len(grouped) < GROUPS_MAX:
                    grouped[asked] = group
            counts[group] += 1
            samples.setdefault(group, line.target)
            if len(counts) > GROUPS_MAX:
                counts = Counter(dict(counts.most_common(GROUPS_MAX // 2)))
                samples = {group: samples[group] for group in counts}
    return LoggedRequests(dict(counts.most_common()), samples, lines, malformed)
