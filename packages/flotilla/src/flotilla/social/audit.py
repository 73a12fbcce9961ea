"""The log of what moderators and admins did: added to in the transaction that did it, and never changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from flotilla.errors import NotFoundError
from flotilla.social.pages import Viewer
from flotilla.social.standing import require_moderator
from flotilla.store import audit as audit_rows
from flotilla.store import moderating as account_rows
from flotilla.store.audit import AuditRow
from flotilla.store.database import Database, Work
from flotilla.store.ids import MAX_ID

__all__ = ["OPERATOR", "Action", "AuditLog", "AuditPage", "note"]

# Whoever runs commands on the server itself acts under this name; no handle has a space.
OPERATOR = "the operator"
PAGE_SIZE = 50


class Action(StrEnum):
    """What there is to do."""

    ROLE = "role"
    SANCTION = "sanction"
    UNDO = "undo"
    ASSIGN = "assign"
    RESOLVE = "resolve"
    REOPEN = "reopen"
    NOTE = "note"
    BLOCK = "block"
    UNBLOCK = "unblock"
    RULE = "rule"
    ANNOUNCE = "announce"
    SETTING = "setting"
    INVITE = "invite"
    APPROVAL = "approval"


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Entries, newest first. `next_before` asks for the page after this one; None: there is none."""

    items: tuple[AuditRow, ...]
    next_before: int | None


def note(
    work: Work,
    actor: Viewer | None,
    action: Action,
    subject: str,
    *,
    account_id: int | None = None,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
) -> None:
    """Log, with `work`, what `actor` (None: the operator) does to `subject`, a few words or a person's @handle."""
    audit_rows.insert(
        work,
        actor_id=0 if actor is None else actor.account_id,
        actor=OPERATOR if actor is None else actor.handle,
        action=action,
        account_id=account_id,
        subject=subject,
        before=before or {},
        after=after or {},
    )


class AuditLog:
    """Reading the log."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(
        self, viewer: Viewer, *, actor: str = "", about: str = "", action: str = "", before: int | None = None
    ) -> AuditPage:
        """The newest entries, by that actor, about that person (handles, "": anyone), of that kind ("": any).

        Raises ForbiddenError, NotFoundError for a handle nobody has.
        """
        require_moderator(viewer)
        with self._database.read() as work:
            rows = audit_rows.newest(
                work,
                before=MAX_ID if before is None else before,
                limit=PAGE_SIZE + 1,
                actor_id=0 if actor == OPERATOR else _id_of(work, actor),
                account_id=_id_of(work, about),
                action=action,
            )
        return AuditPage(tuple(rows[:PAGE_SIZE]), rows[PAGE_SIZE - 1].id if len(rows) > PAGE_SIZE else None)


def _id_of(work: Work, handle: str) -> int | None:
    if not handle:
        return None
    found = account_rows.standing(work, handle.strip().removeprefix("@").lower())
    if found is None:
        raise NotFoundError("There is nobody with this handle.")
    return found.account_id
