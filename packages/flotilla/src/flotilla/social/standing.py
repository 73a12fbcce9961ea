"""Who may act on whom: members on nobody, moderators on members, admins on moderators too."""

from collections.abc import Mapping

from flotilla.errors import ForbiddenError, NotFoundError
from flotilla.social.pages import Viewer
from flotilla.store import moderating as account_rows
from flotilla.store.database import Work
from flotilla.store.moderating import StandingRow

__all__ = ["ROLES", "held", "held_below", "outranks", "require_admin", "require_moderator", "require_unchanged"]

# From the least to the most.
ROLES = ("member", "moderator", "admin")


def outranks(role: str, other: str) -> bool:
    """Whether somebody of the one role may act on somebody of the other."""
    return ROLES.index(role) > ROLES.index(other)


def require_moderator(viewer: Viewer) -> None:
    """Raise ForbiddenError unless the viewer looks after the site."""
    if not viewer.is_moderator:
        raise ForbiddenError("This is for the people who look after the site.")


def require_admin(viewer: Viewer) -> None:
    """Raise ForbiddenError unless the viewer may change how the site works."""
    if not viewer.is_admin:
        raise ForbiddenError("This is for the people who run the site.")


def held(work: Work, viewer: Viewer, account_id: int) -> StandingRow:
    """That person, held still, and the viewer with them, whose role may have changed since the request began.

    Raises NotFoundError, ForbiddenError when the viewer looks after the site no longer.
    """
    people = account_rows.standings_locked(work, [viewer.account_id, account_id])
    require_unchanged(people, viewer)
    found = people.get(account_id)
    if found is None or found.state == "deleted":
        raise NotFoundError("There is nobody with this handle any more.")
    return found


def require_unchanged(people: Mapping[int, StandingRow], viewer: Viewer) -> None:
    """Raise ForbiddenError unless the viewer, one of the people held still, is what their request says they are."""
    me = people.get(viewer.account_id)
    if me is None or me.state != "active" or me.role != viewer.role:
        raise ForbiddenError("Your own role was changed a moment ago.")


def held_below(work: Work, viewer: Viewer, account_id: int) -> StandingRow:
    """As `held`; raises ForbiddenError also when the viewer's role is not above that person's."""
    found = held(work, viewer, account_id)
    if account_id == viewer.account_id:
        raise ForbiddenError("Nobody can act on themselves.")
    if not outranks(viewer.role, found.role):
        raise ForbiddenError(f"@{found.handle} is {found.role}: only somebody with a higher role can do that.")
    return found
