"""The people of the site as moderators look them up: how each stands, and what was done about them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from flotilla.errors import NotFoundError
from flotilla.social.gatekeeping import read_address
from flotilla.social.pages import Viewer
from flotilla.social.standing import outranks, require_moderator
from flotilla.store import directory as directory_rows
from flotilla.store import moderating as account_rows
from flotilla.store import reports as report_rows
from flotilla.store import sanctions as sanction_rows
from flotilla.store import seen_addresses as address_rows
from flotilla.store.database import Database, Work
from flotilla.store.directory import AccountRow
from flotilla.store.ids import MAX_ID, made_at
from flotilla.store.reports import ReportRow
from flotilla.store.sanctions import SanctionRow
from flotilla.store.seen_addresses import SeenRow

__all__ = ["Directory", "Group", "PeoplePage", "PersonFile"]

PAGE_SIZE = 50
FOUND_MAX = 50
ADDRESSES_SHOWN = 20
REPORTS_SHOWN = 20
SANCTIONS_SHOWN = 100


class Group(StrEnum):
    """Whom to list."""

    EVERYONE = "everyone"
    STAFF = "staff"
    LIMITED = "limited"
    SUSPENDED = "suspended"
    WAITING = "waiting"
    UNCONFIRMED = "unconfirmed"


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """Accounts. `next_before` asks for the page after this one; None: there is none."""

    items: tuple[AccountRow, ...]
    next_before: int | None


@dataclass(frozen=True, slots=True)
class PersonFile:
    """All that moderators know of a person; `may_act`: whether this moderator may do anything about them."""

    account: AccountRow
    joined_at: datetime
    addresses: tuple[SeenRow, ...]
    sanctions: tuple[SanctionRow, ...]
    reports: tuple[ReportRow, ...]
    may_act: bool


class Directory:
    """Looking people up."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, viewer: Viewer, group: Group, *, before: int | None = None) -> PeoplePage:
        """A page of the newest accounts of a group. Raises ForbiddenError."""
        require_moderator(viewer)
        with self._database.read() as work:
            rows = directory_rows.in_group(
                work, group, before=MAX_ID if before is None else before, limit=PAGE_SIZE + 1
            )
        return PeoplePage(tuple(rows[:PAGE_SIZE]), rows[PAGE_SIZE - 1].account_id if len(rows) > PAGE_SIZE else None)

    def search(self, viewer: Viewer, text: str) -> tuple[AccountRow, ...]:
        """Up to FOUND_MAX people by the start of a handle, a whole mail address or an IP address they signed in from.

        Raises ForbiddenError.
        """
        require_moderator(viewer)
        wanted = text.strip().lower()
        if not wanted.removeprefix("@") or "\0" in wanted:
            return ()
        with self._database.read() as work:
            return tuple(_found(work, wanted))

    def person(self, viewer: Viewer, handle: str) -> PersonFile:
        """One person. Raises ForbiddenError, NotFoundError."""
        require_moderator(viewer)
        with self._database.read() as work:
            standing = account_rows.standing(work, handle.strip().removeprefix("@").lower())
            account = None if standing is None else directory_rows.by_id(work, standing.account_id)
            if account is None:
                raise NotFoundError("There is nobody with this handle.")
            is_viewer = account.account_id == viewer.account_id
            return PersonFile(
                account=account,
                joined_at=made_at(account.account_id),
                addresses=tuple(address_rows.of(work, account.account_id, limit=ADDRESSES_SHOWN)),
                sanctions=tuple(sanction_rows.newest_of(work, account.account_id, limit=SANCTIONS_SHOWN)),
                # Who reported a moderator is none of that moderator's business.
                reports=() if is_viewer else tuple(report_rows.about(work, account.account_id, limit=REPORTS_SHOWN)),
                may_act=outranks(viewer.role, account.role) and not is_viewer,
            )


def _found(work: Work, wanted: str) -> list[AccountRow]:
    address = read_address(wanted)
    if address is not None:
        return directory_rows.with_ids(work, address_rows.accounts_at(work, str(address), limit=FOUND_MAX))
    if "@" in wanted[1:]:
        return directory_rows.by_email(work, wanted)
    return directory_rows.by_handle(work, wanted.removeprefix("@"), limit=FOUND_MAX)
