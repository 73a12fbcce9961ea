"""Who looks after the site: giving and taking roles."""

from collections.abc import Iterable

from flotilla.errors import ForbiddenError, InvalidInputError, NotFoundError
from flotilla.social.audit import Action, note
from flotilla.social.pages import Viewer
from flotilla.social.standing import ROLES, outranks, require_admin, require_unchanged
from flotilla.store import moderating as account_rows
from flotilla.store.database import Database, Work
from flotilla.store.moderating import StandingRow

__all__ = ["Roles", "keep_an_admin"]

LAST_ADMIN = "This is the last admin: make somebody else admin first."


def keep_an_admin(work: Work, account_id: int) -> None:
    """Raise ForbiddenError when that account is the only admin left; else another stays one until `work` ends.

    For whatever would end an admin's role, their account included; the first thing to lock in that transaction.
    """
    people = account_rows.standings_locked(work, [account_id], with_admins=True)
    if _admins(people.values()) == [account_id]:
        raise ForbiddenError(LAST_ADMIN)


class Roles:
    """Members, moderators, admins."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def staff(self, viewer: Viewer) -> tuple[StandingRow, ...]:
        """Every moderator and admin. Raises ForbiddenError."""
        require_admin(viewer)
        with self._database.read() as work:
            return tuple(account_rows.staff(work))

    def set(self, viewer: Viewer | None, handle: str, role: str) -> None:
        """Give a person a role; `viewer` None: the operator, at the server itself, who makes the first admin.

        An admin gives any role to people below, and may step down; only the operator takes another admin's role. The
        last admin stays one. Raises NotFoundError, ForbiddenError, InvalidInputError (field `role` or `handle`).
        """
        if viewer is not None:
            require_admin(viewer)
        if role not in ROLES:
            raise InvalidInputError({"role": f"A role is one of: {', '.join(ROLES)}."})
        with self._database.write() as work:
            person, admins = _held(work, viewer, handle)
            if person.role == role:
                return
            if person.state != "active":
                raise InvalidInputError({"handle": f"@{person.handle} cannot sign in, so they can have no other role."})
            if viewer is not None and person.account_id != viewer.account_id and not outranks("admin", person.role):
                raise ForbiddenError("Only the operator, at the server itself, can take another admin's role.")
            if admins == [person.account_id]:
                raise ForbiddenError(LAST_ADMIN)
            account_rows.set_role(work, person.account_id, role)
            note(
                work,
                viewer,
                Action.ROLE,
                f"@{person.handle}",
                account_id=person.account_id,
                before={"role": person.role},
                after={"role": role},
            )


def _held(work: Work, viewer: Viewer | None, handle: str) -> tuple[StandingRow, list[int]]:
    found = account_rows.standing(work, handle.strip().removeprefix("@").lower())
    if found is None or found.state == "deleted":
        raise NotFoundError("There is nobody with this handle.")
    wanted = [found.account_id] if viewer is None else [found.account_id, viewer.account_id]
    people = account_rows.standings_locked(work, wanted, with_admins=True)
    if viewer is not None:
        require_unchanged(people, viewer)
    if found.account_id not in people:
        raise NotFoundError("There is nobody with this handle any more.")
    return people[found.account_id], _admins(people.values())


def _admins(people: Iterable[StandingRow]) -> list[int]:
    return [person.account_id for person in people if person.role == "admin" and person.state == "active"]
