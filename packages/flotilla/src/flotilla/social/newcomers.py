"""Coming aboard: what a new account has to have, invitations, and people who wait for a moderator's word."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from flotilla.errors import ForbiddenError, InvalidInputError, NotFoundError
from flotilla.social import letters
from flotilla.social.audit import Action, note
from flotilla.social.background import Background, Task
from flotilla.social.correspondence import Correspondence
from flotilla.social.handles import HANDLE_MAX_CHARACTERS, RESERVED_HANDLES, handle_of
from flotilla.social.mail import NOT_AN_ADDRESS, email_of
from flotilla.social.pages import Viewer
from flotilla.social.passwords import password_problem
from flotilla.store import account_states as state_rows
from flotilla.store import invites as invite_rows
from flotilla.store.database import Database
from flotilla.store.ids import MAX_ID, made_at

__all__ = [
    "DISPLAY_NAME_MAX_CHARACTERS",
    "REASON_MAX_CHARACTERS",
    "Invite",
    "Newcomer",
    "Newcomers",
    "form_problems",
    "mode_problems",
]

DISPLAY_NAME_MAX_CHARACTERS = 50
REASON_MAX_CHARACTERS = 1000
INVITES_MAX = 50
INVITE_USES_MAX = 100
INVITE_DAYS_MAX = 90
NEWCOMERS_SHOWN = 50
EVERYONES_INVITES_SHOWN = 200
TELL_NEWCOMER = Task("tell_newcomer", queue="mail")


@dataclass(frozen=True, slots=True)
class Invite:
    """An invitation; None for `expires_at` (UTC) or `uses_max`: without end."""

    code: str
    made_at: datetime
    expires_at: datetime | None
    uses_max: int | None
    uses: int


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody who waits for a moderator's word; `asked_at` is UTC."""

    account_id: int
    handle: str
    email: str | None
    reason: str
    asked_at: datetime


class Newcomers:
    """Who may come, and who waits to."""

    def __init__(self, database: Database, *, mail: Correspondence, background: Background) -> None:
        self._database = database
        self._mail = mail
        self._background = background
        background.does(TELL_NEWCOMER, self._tell)

    def invite(self, viewer: Viewer, *, days: int | None = 7, uses_max: int | None = 1) -> Invite:
        """Make an invitation, for moderators without end if they like. Raises InvalidInputError (days, uses, code)."""
        problems = {}
        free = viewer.role in {"moderator", "admin"}
        if (days is None and not free) or (days is not None and not 1 <= days <= INVITE_DAYS_MAX):
            problems["days"] = f"An invitation lasts 1 to {INVITE_DAYS_MAX} days."
        if (uses_max is None and not free) or (uses_max is not None and not 1 <= uses_max <= INVITE_USES_MAX):
            problems["uses"] = f"An invitation is for 1 to {INVITE_USES_MAX} people."
        if problems:
            raise InvalidInputError(problems)
        code = secrets.token_urlsafe(12)
        lifetime = None if days is None else timedelta(days=days)
        with self._database.write() as work:
            if len(invite_rows.made_by(work, viewer.account_id, limit=INVITES_MAX)) >= INVITES_MAX:
                raise InvalidInputError({"code": f"You have {INVITES_MAX} invitations. Withdraw an old one first."})
            invite_rows.insert(work, code=code, made_by=viewer.account_id, lifetime=lifetime, uses_max=uses_max)
            (made,) = [row for row in invite_rows.made_by(work, viewer.account_id, limit=1) if row.code == code]
        return Invite(made.code, made.made_at, made.expires_at, made.uses_max, made.uses)

    def invites(self, viewer: Viewer) -> tuple[Invite, ...]:
        """The viewer's invitations, newest first."""
        with self._database.read() as work:
            rows = invite_rows.made_by(work, viewer.account_id, limit=INVITES_MAX)
        return tuple(Invite(row.code, row.made_at, row.expires_at, row.uses_max, row.uses) for row in rows)

    def everyones_invites(self, moderator: Viewer) -> tuple[tuple[Invite, str], ...]:
        """The newest invitations of all, each with the handle of whoever made it. Raises ForbiddenError."""
        _for_moderators(moderator)
        with self._database.read() as work:
            rows = invite_rows.newest(work, limit=EVERYONES_INVITES_SHOWN)
        return tuple(
            (Invite(row.code, row.made_at, row.expires_at, row.uses_max, row.uses), handle) for row, handle in rows
        )

    def withdraw_invite(self, viewer: Viewer, code: str) -> None:
        """Make an invitation worthless; one's own, a moderator anybody's. Raises NotFoundError."""
        anybodys = viewer.role in {"moderator", "admin"}
        with self._database.write() as work:
            maker_id = invite_rows.delete(work, code=code[:64], made_by=None if anybodys else viewer.account_id)
            if maker_id is None:
                raise NotFoundError("There is no such invitation.")
            if maker_id != viewer.account_id:
                note(work, viewer, Action.INVITE, "invitation withdrawn", account_id=maker_id)

    def waiting(self, moderator: Viewer, *, before: int | None = None) -> tuple[Newcomer, ...]:
        """Who waits to be let in, newest first, at most 50 older than `before` (an account's id)."""
        _for_moderators(moderator)
        with self._database.read() as work:
            rows = state_rows.waiting(work, before=MAX_ID if before is None else before, limit=NEWCOMERS_SHOWN)
        return tuple(
            Newcomer(row.account_id, row.handle, row.email, row.reason, made_at(row.account_id)) for row in rows
        )

    def approve(self, moderator: Viewer, account_id: int) -> str:
        """Let somebody in who waits, and tell them; their handle. Raises NotFoundError when nobody of that id waits."""
        return self._decide(moderator, account_id, let_in=True)

    def reject(self, moderator: Viewer, account_id: int) -> str:
        """Remove the account of somebody who waits, and tell them; the handle, which is free again. As `approve`."""
        return self._decide(moderator, account_id, let_in=False)

    def _decide(self, moderator: Viewer, account_id: int, *, let_in: bool) -> str:
        _for_moderators(moderator)
        with self._database.write() as work:
            found = state_rows.address(work, account_id)
            # Whoever changes the state decides; a second moderator at the same moment finds nobody waiting.
            if found is None or not state_rows.change(
                work, account_id=account_id, before=("waiting",), after="active" if let_in else "deleted"
            ):
                raise NotFoundError("Nobody of that name is waiting.")
            if not let_in:
                state_rows.forget(work, account_id)
            note(
                work,
                moderator,
                Action.APPROVAL,
                f"@{found.handle}",
                account_id=account_id,
                before={"state": "waiting"},
                after={"state": "active" if let_in else "deleted"},
            )
            if found.email is not None:
                what = "in" if let_in else "out"
                self._background.later(
                    work, TELL_NEWCOMER, handle=found.handle, email=found.email, what=what, language=found.language
                )
        return found.handle

    def _tell(self, handle: str, email: str, what: str, language: str = "") -> None:
        write = letters.let_in if what == "in" else letters.not_let_in
        self._mail.send(write, email=email, handle=handle, languages=(language,))


def _for_moderators(viewer: Viewer) -> None:
    if viewer.role not in {"moderator", "admin"}:
        raise ForbiddenError("Only moderators decide who comes in.")


def mode_problems(
    mode: str, *, handle: str, email: str, invite: str, reason: str, email_needed: bool
) -> dict[str, str]:
    """What this site's way of taking people in lacks, by field."""
    problems = {}
    if mode == "closed" and not invite.strip():
        problems["invite"] = "Nobody new can come aboard at the moment."
    elif mode == "invite" and not invite.strip():
        problems["invite"] = "This site is for people with an invitation. Ask somebody who is here for one."
    elif mode == "approval" and not invite.strip() and not reason:
        problems["reason"] = "Say in a sentence or two why you would like to come aboard."
    if len(reason) > REASON_MAX_CHARACTERS:
        problems["reason"] = f"A reason has at most {REASON_MAX_CHARACTERS} characters."
    if handle_of(handle) in RESERVED_HANDLES:
        problems["handle"] = "The site keeps this handle for itself. Choose another one."
    if email_needed and not email.strip():
        problems["email"] = "An e-mail address is needed: a link to confirm it will be sent there."
    return problems


def form_problems(*, handle: str, password: str, display_name: str, email: str) -> dict[str, str]:
    """What cannot be accepted on any site, by field."""
    problems = {}
    if handle_of(handle) is None:
        problems["handle"] = (
            f"A handle has 1 to {HANDLE_MAX_CHARACTERS} characters: letters a to z, digits and underscores."
        )
    if (problem := password_problem(password)) is not None:
        problems["password"] = problem
    if len(display_name) > DISPLAY_NAME_MAX_CHARACTERS:
        problems["display_name"] = f"A name has at most {DISPLAY_NAME_MAX_CHARACTERS} characters."
    if email.strip() and email_of(email) is None:
        problems["email"] = NOT_AN_ADDRESS
    return problems
