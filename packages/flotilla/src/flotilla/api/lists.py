"""Lists: some of the people one follows, to be read by themselves."""

from typing import Literal

from msgspec import Struct, field

from flotilla.api.calls import Call, IdParameter, OfId, PageOfId
from flotilla.api.circles import people
from flotilla.api.endpoints import Endpoints, Nothing
from flotilla.api.entities import Account, Id
from flotilla.social.lists import UserList

__all__ = ["endpoints"]

endpoints = Endpoints()

RepliesPolicy = Literal["followed", "list", "none"]


class List(Struct, kw_only=True):
    """One of one's lists."""

    id: Id
    title: str
    replies_policy: RepliesPolicy
    exclusive: bool = False


class NewList(Struct, kw_only=True):
    """A list to be made."""

    title: str
    replies_policy: RepliesPolicy = "list"
    exclusive: bool = False


class ChangedList(Struct, kw_only=True):
    """A list's other title, and which replies it shows."""

    id: IdParameter
    title: str | None = None
    replies_policy: RepliesPolicy | None = None
    exclusive: bool = False


class Members(Struct, kw_only=True):
    """People, and the list they are about."""

    id: IdParameter
    account_ids: list[IdParameter] = field(default_factory=list)


def _entity(one: UserList) -> List:
    replies: RepliesPolicy = "followed" if one.replies == "followed" else "none" if one.replies == "none" else "list"
    return List(id=str(one.id), title=one.title, replies_policy=replies)


@endpoints.add("GET", "/api/v1/lists", "read:lists")
def lists(call: Call) -> list[List]:
    """One's lists."""
    return [_entity(one) for one in call.site.lists.all(call.me)]


@endpoints.add("POST", "/api/v1/lists", "write:lists")
def create(call: Call, given: NewList) -> List:
    """Make an empty list."""
    return _entity(call.site.lists.create(call.me, given.title, replies=given.replies_policy))


@endpoints.add("GET", "/api/v1/lists/<id>", "read:lists")
def one(call: Call, given: OfId) -> List:
    """One of one's lists."""
    return _entity(call.site.lists.read(call.me, given.id))


@endpoints.add("PUT", "/api/v1/lists/<id>", "write:lists")
def change(call: Call, given: ChangedList) -> List:
    """Rename a list, and say which replies it shows."""
    known = call.site.lists.read(call.me, given.id)
    title = known.title if given.title is None else given.title
    return _entity(
        call.site.lists.change(call.me, given.id, title=title, replies=given.replies_policy or known.replies)
    )


@endpoints.add("DELETE", "/api/v1/lists/<id>", "write:lists")
def delete(call: Call, given: OfId) -> Nothing:
    """Delete a list."""
    call.site.lists.delete(call.me, given.id)
    return Nothing()


@endpoints.add("GET", "/api/v1/lists/<id>/accounts", "read:lists", paged=True)
def members(call: Call, given: PageOfId) -> list[Account]:
    """Who is on a list."""
    # A limit of 0 asks for all; so many are never on one page, but every page links to the next.
    limit = 80 if given.limit == 0 else given.count(default=40, most=80)
    return people(call, call.site.lists.members(call.me, given.id, before=given.max_id, limit=limit))


@endpoints.add("POST", "/api/v1/lists/<id>/accounts", "write:lists")
def add(call: Call, given: Members) -> Nothing:
    """Put people on a list whom one follows."""
    call.site.lists.add(call.me, given.id, given.account_ids)
    return Nothing()


@endpoints.add("DELETE", "/api/v1/lists/<id>/accounts", "write:lists")
def remove(call: Call, given: Members) -> Nothing:
    """Take people off a list."""
    call.site.lists.remove(call.me, given.id, given.account_ids)
    return Nothing()


@endpoints.add("GET", "/api/v1/accounts/<id>/lists", "read:lists")
def containing(call: Call, given: OfId) -> list[List]:
    """One's lists that a person is on."""
    return [_entity(one) for one in call.site.lists.containing(call.me, given.id)]
