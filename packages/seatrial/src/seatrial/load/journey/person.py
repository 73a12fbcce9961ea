"""Who makes the requests."""

import itertools
import random
from dataclasses import dataclass, field

from seatrial.load.http.cookies import CookieJar

__all__ = ["Person"]

# One count for the whole process, so that even two drivers given the same run token never make the same text.
_count = itertools.count(1)


@dataclass(slots=True, eq=False)
class Person:
    """One simulated person: 1..people, with a browser's cookies and a memory of their own.

    random: seeded by the trial's seed and the number. memory: for the journey's own use, such as a CSRF token.
    """

    number: int
    random: random.Random
    run_token: str = ""
    cookies: CookieJar = field(default_factory=CookieJar)
    memory: dict[str, object] = field(default_factory=dict)

    def unique(self, prefix: str = "") -> str:
        """Text never made before in this study; letters and digits only, after `prefix`."""
        return f"{prefix}{self.run_token}p{self.number}n{next(_count)}"
