"""How often one person, and one address, may do what is costly or guesses: counted in the memory of each process.

A limit is a number of times within a period that begins with the first of them. With several worker processes each
counts for itself, so a site with four lets through up to four times as much; a shared store would be another `Counts`.
"""

import ipaddress
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Protocol

from flotilla.errors import TooManyError
from flotilla.settings import Settings

__all__ = ["Allowance", "Counts", "Limit", "Limits", "MemoryCounts", "network_of"]

ENTRIES_MAX = 20_000
IPV6_PREFIX = 64


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `times` in `period_s` seconds; without end when `times` is 0."""

    name: str
    times: int
    period_s: int


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left: `remaining` of `limit` times, until the period ends in `resets_s` seconds."""

    limit: int
    remaining: int
    resets_s: float


class Counts(Protocol):
    """Where the counts are."""

    def count(self, limit: Limit, key: bytes) -> tuple[int, float]:
        """Count once more; how often that was in its period, and in how many seconds that ends."""


class MemoryCounts:
    """Counts in this process: at most `entries_max` of them for each limit, the longest-lived go first."""

    def __init__(self, *, entries_max: int = ENTRIES_MAX, clock: Callable[[], float] = time.monotonic) -> None:
        self._entries_max = entries_max
        self._clock = clock
        self._lock = threading.Lock()
        # All periods of one limit are equally long, so the order of insertion is the order in which they end.
        self._entries: dict[str, dict[bytes, list[float]]] = {}

    def count(self, limit: Limit, key: bytes) -> tuple[int, float]:
        """Count once more; how often that was in its period, and in how many seconds that ends."""
        with self._lock:
            now_s = self._clock()
            entries = self._entries.setdefault(limit.name, {})
            entry = entries.get(key)
            if entry is None or entry[0] <= now_s:
                entries.pop(key, None)
                self._make_room(entries, now_s)
                entry = entries[key] = [now_s + limit.period_s, 0]
            entry[1] += 1
            return int(entry[1]), entry[0] - now_s

    def _make_room(self, entries: dict[bytes, list[float]], now_s: float) -> None:
        while entries:
            oldest = next(iter(entries))
            if entries[oldest][0] > now_s and len(entries) < self._entries_max:
                return
            del entries[oldest]


class Limits:
    """The site's limits. Every method raises TooManyError, with the seconds to wait, when it was too often."""

    def __init__(self, settings: Settings, counts: Counts | None = None) -> None:
        self._counts = counts or MemoryCounts()
        on = settings.limits
        quarter, hour = 900, 3600
        made = [
            Limit("sign in, account", settings.limit_sign_in, quarter),
            # Many may share an address: a school, an office, a phone network.
            Limit("sign in, address", 10 * settings.limit_sign_in, quarter),
            Limit("sign up, address", settings.limit_sign_up, hour),
            Limit("app, address", settings.limit_apps, hour),
            Limit("letter, mailbox", settings.limit_letters, hour),
            Limit("letter, address", 10 * settings.limit_letters, hour),
            Limit("password, account", settings.limit_sign_in, quarter),
            Limit("post, account", settings.limit_posts, hour),
            Limit("upload, account", settings.limit_uploads, hour),
            Limit("api, account", settings.limit_api, 300),
            Limit("api, address", 10 * settings.limit_api, 300),
        ]
        self._limits = {limit.name: limit for limit in made if on and limit.times}

    def sign_in(self, address: str, handle: str) -> None:
        """Somebody tries a password for that handle."""
        self._spend("sign in, address", network_of(address))
        self._spend("sign in, account", handle.strip().removeprefix("@").lower())

    def sign_up(self, address: str) -> None:
        """Somebody makes an account."""
        self._spend("sign up, address", network_of(address))

    def app(self, address: str) -> None:
        """Somebody registers an app."""
        self._spend("app, address", network_of(address))

    def letter(self, address: str, email: str) -> None:
        """Somebody has a letter sent to a mail address."""
        self._spend("letter, address", network_of(address))
        self._spend("letter, mailbox", email.strip().lower())

    def password(self, account_id: int) -> None:
        """Somebody who is signed in is asked for the password once more."""
        self._spend("password, account", str(account_id))

    def post(self, account_id: int) -> None:
        """Somebody publishes a post."""
        self._spend("post, account", str(account_id))

    def upload(self, account_id: int) -> None:
        """Somebody uploads a file."""
        self._spend("upload, account", str(account_id))

    def api(self, address: str, account_id: int | None) -> Allowance | None:
        """An app asks something; what is left, None when there is no limit."""
        at_address = self._spend("api, address", network_of(address))
        return at_address if account_id is None else self._spend("api, account", str(account_id))

    def _spend(self, name: str, key: str) -> Allowance | None:
        limit = self._limits.get(name)
        if limit is None:
            return None
        # A digest: what people type may be long, and should not stay in memory.
        count, resets_s = self._counts.count(
            limit, blake2b(key.encode("utf-8", "surrogatepass"), digest_size=12).digest()
        )
        if count > limit.times:
            raise TooManyError(limit=limit.times, retry_after_s=resets_s)
        return Allowance(limit.times, limit.times - count, resets_s)


def network_of(address: str) -> str:
    """Whom an IP address stands for: itself, or for IPv6 the network of one customer; other text as it is."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    mapped = getattr(found, "ipv4_mapped", None)
    if found.version == 4 or mapped is not None:
        return str(mapped or found)
    return str(ipaddress.ip_network((found, IPV6_PREFIX), strict=False))
