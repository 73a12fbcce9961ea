"""Finding the person that a request is about."""

from flotilla.errors import InvalidInputError, NotFoundError
from flotilla.social.accounts import handle_of
from flotilla.social.pages import Viewer
from flotilla.store import accounts as account_rows
from flotilla.store.database import Work
from flotilla.store.ids import MAX_ID

__all__ = ["NOBODY", "Who", "id_of", "other_than"]

# A person, by handle (as pages do) or by id (as the API does).
Who = str | int
NOBODY = "There is nobody with this handle."


def id_of(work: Work, who: Who) -> int:
    """The id of an active person. Raises NotFoundError."""
    if isinstance(who, int):
        account_id = who if 0 < who <= MAX_ID and account_rows.is_active(work, who) else None
    else:
        wanted = handle_of(who)
        account_id = None if wanted is None else account_rows.id_of(work, wanted)
    if account_id is None:
        raise NotFoundError(NOBODY)
    return account_id


def other_than(work: Work, viewer: Viewer, who: Who, *, refusal: str) -> int:
    """The id of an active person who is not the viewer. Raises NotFoundError, InvalidInputError with the refusal."""
    account_id = id_of(work, who)
    if account_id == viewer.account_id:
        raise InvalidInputError({"handle": refusal})
    return account_id
