"""Sessions: opening one, and what their owner sees and ends of them."""

import ipaddress
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flotilla.settings import Settings
from flotilla.social.events import Kind, publish
from flotilla.social.pages import Viewer
from flotilla.social.tokens import new_token, read_token
from flotilla.store import seen_addresses as address_rows
from flotilla.store import sessions as session_rows
from flotilla.store.database import Database, Work

__all__ = ["DEVICE_MAX_CHARACTERS", "NOWHERE", "OpenSession", "Origin", "Sessions", "SignedIn"]

DEVICE_MAX_CHARACTERS = 100
# So many sessions a person has at most: all of them are shown to whoever looks, and each is a way in.
SESSIONS_MAX = 100
_SESSION_NAME = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where somebody signs in: the device in words and the IP address; both "" when unknown."""

    device: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session just opened. `token` goes into the cookie and nowhere else; it is useless after `expires_at` (UTC)."""

    viewer: Viewer
    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session as its owner sees it: `device` in words ("" when unknown), `opened_at` UTC, `last_seen` a day."""

    name: str
    device: str
    opened_at: datetime
    last_seen: date
    is_this: bool


NOWHERE = Origin()


class Sessions:
    """The open sessions of people."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._lifetime = timedelta(days=settings.session_days)

    def open(self, work: Work, viewer: Viewer, origin: Origin) -> SignedIn:
        """Open a session with a token of its own, whatever token came with the request.

        Whoever has SESSIONS_MAX already is signed out where they were seen longest ago.
        """
        if _is_ip(origin.address):
            address_rows.note(work, account_id=viewer.account_id, address=origin.address)
        token = new_token(viewer.account_id)
        keys = read_token(token)
        assert keys is not None
        expires_at, ended = session_rows.insert(
            work,
            account_id=viewer.account_id,
            token_hash=keys.sha256,
            lifetime=self._lifetime,
            device=origin.device[:DEVICE_MAX_CHARACTERS],
            most=SESSIONS_MAX,
        )
        if ended:
            publish(work, Kind.SIGNED_OUT, account_id=viewer.account_id)
        return SignedIn(viewer, token, expires_at)

    def of(self, viewer: Viewer, token: str) -> tuple[OpenSession, ...]:
        """The viewer's open sessions, at most 100, the one seen last first; `token` is that of this one."""
        here = read_token(token)
        with self._database.read() as work:
            rows = session_rows.of_account(work, viewer.account_id, limit=SESSIONS_MAX)
        return tuple(
            OpenSession(
                name=row.token_hash.hex(),
                device=row.device,
                opened_at=row.made_at,
                last_seen=row.last_seen,
                is_this=here is not None and row.token_hash == here.sha256,
            )
            for row in rows
        )

    def end(self, viewer: Viewer, name: str) -> None:
        """End one of the viewer's sessions, by its `name`; nothing happens when there is none."""
        if _SESSION_NAME.fullmatch(name):
            with self._database.write() as work:
                session_rows.delete(work, account_id=viewer.account_id, token_hash=bytes.fromhex(name))
                publish(work, Kind.SIGNED_OUT, account_id=viewer.account_id)

    def end_others(self, viewer: Viewer, token: str) -> None:
        """End every session of the viewer but that of `token`."""
        here = read_token(token)
        with self._database.write() as work:
            session_rows.delete_all(work, viewer.account_id, but=here.sha256 if here else None)
            publish(work, Kind.SIGNED_OUT, account_id=viewer.account_id)


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
