"""Finished pages, kept for a few seconds in a server beside the database, and never shown across what hides something.

Each look asks the database for its visibility epoch, a number that grows once something was hidden, changed or deleted.
A page counts only when it was made at that epoch. So nothing has to be told to the cache for it to be right: whatever
becomes of its server, it cannot show what somebody may not see. What was only added by others may be missing from a
page for as long as pages are kept; what people do themselves shows at once.
"""

import secrets
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from flotilla.settings import Settings
from flotilla.social.pages import Viewer
from flotilla.store.database import Database
from flotilla.store.valkey import Valkey

__all__ = ["Kept", "Look", "Outcome", "PageCache"]

Outcome = Literal["hit", "stale", "miss", "off"]

# From this share of its time on, one request makes a page anew while the others are still given the old one.
FRESH_SHARE = 2 / 3
# Whoever makes a page for all has this long before somebody else makes it, too.
TURN_S = 2.0
WAIT_MAX_S = 1.0
WAIT_STEP_S = 0.01
# Instead of a page: it cannot be kept, so nobody shall wait for it.
NOT_KEPT = b"-"
ASKED_MAX = 10_000


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """A finished page: its bytes, the headers that belong to it, and what in it has to be another text each time."""

    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    only_once: tuple[str, ...] = ()


class _Entry(msgspec.Struct, frozen=True, array_like=True):
    """A page as it lies in the server, its body compressed. `mark`: its reader's last change when it was begun."""

    epoch: int
    mark: bytes
    begun_s: float
    page: Kept


@dataclass(slots=True)
class Look:
    """A look for a page: it was found, or has to be made; then either `keep` or `give_up` is called."""

    outcome: Outcome
    found: Kept | None = None
    keep: Callable[[Kept], object] = field(default=lambda _: None)
    give_up: Callable[[], object] = field(default=lambda: None)


class _Asked:
    """The keys that this process was asked for lately; costs no question to anybody."""

    def __init__(self, lately_s: float) -> None:
        self._lately_s = lately_s
        self._lock = threading.Lock()
        self._when_s: dict[str, float] = {}

    def before(self, key: str) -> bool:
        """Whether somebody asked for that key lately; from now on somebody did."""
        now_s = time.monotonic()
        with self._lock:
            last_s = self._when_s.pop(key, None)
            self._when_s[key] = now_s
            if len(self._when_s) > ASKED_MAX:
                # The one not asked for longest: they stand in the order of asking.
                del self._when_s[next(iter(self._when_s))]
        return last_s is not None and now_s - last_s < self._lately_s


class PageCache:
    """Pages by a key that says everything they depend on but for the database's rows and their reader's last change."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._max_age_s = settings.cache_max_age_s
        self._asked = _Asked(settings.cache_max_age_s)
        self._valkey = Valkey(settings.cache_url, what="cache") if settings.cache_url else None

    @property
    def is_on(self) -> bool:
        """Whether there is a server to keep pages in."""
        return self._valkey is not None

    @property
    def is_given_up(self) -> bool:
        """Whether that server did not answer when it was asked last."""
        return self._valkey is not None and self._valkey.is_left_alone

    def look(self, key: str, viewer: Viewer | None) -> Look:
        """The page under that key, for its reader (None: the page is the same for all visitors).

        A visitors' page that is not there is made by one of those who ask; the others wait a moment for it. A reader's
        own page is worth a question only when they come back to it, so it counts from the second time on that they ask
        this process for it.
        """
        if self._valkey is None or (viewer is not None and not viewer.visibility_epoch):
            return Look("off")
        return self._shared(self._valkey, key) if viewer is None else self._own(self._valkey, key, viewer)

    def changed(self, account_id: int) -> None:
        """That person did something: pages of theirs from before are no longer shown to them."""
        if self._valkey is not None:
            self._valkey.keep(_mark_key(account_id), secrets.token_bytes(8), lifetime_s=2 * self._max_age_s)

    def _own(self, valkey: Valkey, key: str, viewer: Viewer) -> Look:
        if not self._asked.before(key):
            return Look("miss")
        begun_s = time.time()
        both = valkey.read([_page_key(key), _mark_key(viewer.account_id)])
        if both is None:
            return Look("off")
        epoch, mark = viewer.visibility_epoch, both[1] or b""
        page = _page(both[0], epoch, mark, since_s=begun_s - self._max_age_s)
        if page is not None:
            return Look("hit", page)
        return Look("miss", keep=lambda made: self._keep(valkey, key, _Entry(epoch, mark, begun_s, made)))

    def _shared(self, valkey: Valkey, key: str) -> Look:
        begun_s = time.time()
        found = valkey.read([_page_key(key)])
        epoch = self._database.visibility_epoch() if found is not None else 0
        turn = f"flotilla:turn:{epoch}:{key}"
        while found is not None:
            page = self._fresh(found[0], epoch, begun_s)
            if page is not None:
                return Look("hit", page)
            if found[0] == NOT_KEPT:
                return Look("miss")
            if valkey.claim(turn, lifetime_s=TURN_S):
                return self._turn(valkey, key, turn, epoch, begun_s)
            page = _page(found[0], epoch, b"", since_s=begun_s - self._max_age_s)
            if page is not None:
                return Look("stale", page)
            if time.time() - begun_s > WAIT_MAX_S:
                return Look("miss")
            time.sleep(WAIT_STEP_S)
            found = valkey.read([_page_key(key)])
        return Look("off")

    def _turn(self, valkey: Valkey, key: str, turn: str, epoch: int, begun_s: float) -> Look:
        """To make the page for all; or the page, as whoever had the turn before may have finished just now."""
        found = valkey.read([_page_key(key)])
        page = None if found is None else self._fresh(found[0], epoch, begun_s)
        if page is not None:
            valkey.forget(turn)
            return Look("hit", page)
        return Look(
            "miss",
            keep=lambda made: self._keep(valkey, key, _Entry(epoch, b"", begun_s, made), turn=turn),
            give_up=lambda: valkey.keep(_page_key(key), NOT_KEPT, lifetime_s=TURN_S, done_with=turn),
        )

    def _fresh(self, value: bytes | None, epoch: int, begun_s: float) -> Kept | None:
        return _page(value, epoch, b"", since_s=begun_s - FRESH_SHARE * self._max_age_s)

    def _keep(self, valkey: Valkey, key: str, entry: _Entry, *, turn: str = "") -> None:
        # The fastest level: a page of 36 kB becomes 5 kB in a quarter of a millisecond, and memory is what is scarce.
        packed = msgspec.structs.replace(entry.page, body=zlib.compress(entry.page.body, 1))
        value = msgspec.msgpack.encode(msgspec.structs.replace(entry, page=packed))
        valkey.keep(_page_key(key), value, lifetime_s=self._max_age_s, done_with=turn)


def _page_key(key: str) -> str:
    return f"flotilla:page:{key}"


def _mark_key(account_id: int) -> str:
    return f"flotilla:mark:{account_id}"


def _page(value: bytes | None, epoch: int, mark: bytes, *, since_s: float) -> Kept | None:
    """The page that lies there, if it was begun since then, at this epoch or later, after its reader's last change."""
    if value in {None, NOT_KEPT}:
        return None
    try:
        entry = msgspec.msgpack.decode(value, type=_Entry)
        if entry.epoch < epoch or entry.mark != mark or entry.begun_s < since_s:
            return None
        return msgspec.structs.replace(entry.page, body=zlib.decompress(entry.page.body))
    except (msgspec.DecodeError, zlib.error):  # of another version of the program
        return None
