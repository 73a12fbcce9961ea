"""What is between people: following, requests, blocks, mutes, followers."""

from datetime import timedelta

from msgspec import Struct, field

from flotilla.api.calls import Call, IdParameter, OfId, PageOf, PageOfId
from flotilla.api.endpoints import Endpoints, Who
from flotilla.api.entities import Account, Relationship
from flotilla.api.shaping import moment
from flotilla.errors import NotFoundError
from flotilla.social.pages import PeoplePage

__all__ = ["endpoints", "people"]

endpoints = Endpoints()

PEOPLE_DEFAULT = 40
PEOPLE_MAX = 80


class Follow(Struct, kw_only=True):
    """Whom to follow, and whether one's home shows what they repost."""

    id: IdParameter
    reblogs: bool | None = None
    notify: bool = False
    languages: list[str] = field(default_factory=list)


class Mute(Struct, kw_only=True):
    """Whom to hear no more of, for how many seconds (0: until it is taken back)."""

    id: IdParameter
    notifications: bool = True
    duration: int = 0


class OfAccounts(Struct, kw_only=True):
    """Several accounts."""

    id: list[IdParameter] = field(default_factory=list)
    with_suspended: bool = False


class Familiar(Struct, kw_only=True):
    """Who among those one follows follows an account too."""

    id: str
    accounts: list[Account]


def people(call: Call, page: PeoplePage) -> list[Account]:
    """A page of people with a link to the one after it."""
    if page.next_before is not None:
        call.link(newest=None, oldest=page.next_before)
    return call.shaper.accounts([person.account_id for person in page.items])


def between(call: Call, account_ids: list[int]) -> list[Relationship]:
    """What is between the caller and those accounts."""
    return [
        Relationship(
            id=str(one.account_id),
            following=one.following,
            showing_reblogs=one.show_reposts,
            followed_by=one.followed_by,
            blocking=one.blocking,
            blocked_by=one.blocked_by,
            muting=one.muting,
            muting_notifications=one.muting_notifications,
            muting_expires_at=None if one.muted_until is None else moment(one.muted_until),
            requested=one.requested,
            requested_by=one.requested_by,
        )
        for one in call.site.relations.between(call.me, account_ids)
    ]


def _after(call: Call, account_id: int) -> Relationship:
    found = between(call, [account_id])
    if not found:
        raise NotFoundError("There is nobody with this id.")
    return found[0]


@endpoints.add("GET", "/api/v1/accounts/relationships", "read:follows", "follow")
def relationships(call: Call, given: OfAccounts) -> list[Relationship]:
    """What is between the caller and several accounts."""
    return between(call, given.id)


@endpoints.add("GET", "/api/v1/accounts/familiar_followers", "read:follows")
def familiar_followers(call: Call, given: OfAccounts) -> list[Familiar]:
    """Who among those one follows follows an account too; nobody, where its followers are not for the caller to see."""
    found = call.site.relations.familiar(call.me, given.id)
    call.shaper.prepare({person.account_id for people in found.values() for person in people}, ())
    return [
        Familiar(id=str(account_id), accounts=call.shaper.accounts([person.account_id for person in people]))
        for account_id, people in found.items()
    ]


@endpoints.add("GET", "/api/v1/accounts/<id>/followers", "read:accounts", who=Who.ANYONE, paged=True)
def followers(call: Call, given: PageOfId) -> list[Account]:
    """A person's followers."""
    limit = given.count(default=PEOPLE_DEFAULT, most=PEOPLE_MAX)
    return people(call, call.site.relations.followers(call.viewer, given.id, before=given.max_id, limit=limit).people)


@endpoints.add("GET", "/api/v1/accounts/<id>/following", "read:accounts", who=Who.ANYONE, paged=True)
def following(call: Call, given: PageOfId) -> list[Account]:
    """Whom a person follows."""
    limit = given.count(default=PEOPLE_DEFAULT, most=PEOPLE_MAX)
    return people(call, call.site.relations.following(call.viewer, given.id, before=given.max_id, limit=limit).people)


@endpoints.add("POST", "/api/v1/accounts/<id>/follow", "write:follows")
def follow(call: Call, given: Follow) -> Relationship:
    """Follow a person, or ask to."""
    call.site.follows.follow(call.me, given.id, show_reposts=given.reblogs)
    return _after(call, given.id)


@endpoints.add("POST", "/api/v1/accounts/<id>/unfollow", "write:follows")
def unfollow(call: Call, given: OfId) -> Relationship:
    """Stop following a person, or take the request back."""
    call.site.follows.unfollow(call.me, given.id)
    return _after(call, given.id)


@endpoints.add("POST", "/api/v1/accounts/<id>/remove_from_followers", "write:follows")
def remove_from_followers(call: Call, given: OfId) -> Relationship:
    """Make a person stop following the caller."""
    call.site.follows.remove_follower(call.me, given.id)
    return _after(call, given.id)


@endpoints.add("POST", "/api/v1/accounts/<id>/block", "write:blocks")
def block(call: Call, given: OfId) -> Relationship:
    """Block a person."""
    call.site.blocks.block(call.me, given.id)
    return _after(call, given.id)


@endpoints.add("POST", "/api/v1/accounts/<id>/unblock", "write:blocks")
def unblock(call: Call, given: OfId) -> Relationship:
    """Take a block back."""
    call.site.blocks.unblock(call.me, given.id)
    return _after(call, given.id)


@endpoints.add("POST", "/api/v1/accounts/<id>/mute", "write:mutes")
def mute(call: Call, given: Mute) -> Relationship:
    """Hear nothing more of a person, for a time or until it is taken back."""
    # The rules refuse what is too long; a timedelta cannot even hold some of it.
    lifetime = timedelta(seconds=min(given.duration, 10**9)) if given.duration > 0 else None
    call.site.blocks.mute(call.me, given.id, lifetime=lifetime, notifications=given.notifications)
    return _after(call, given.id)


@endpoints.add("POST", "/api/v1/accounts/<id>/unmute", "write:mutes")
def unmute(call: Call, given: OfId) -> Relationship:
    """Take a mute back."""
    call.site.blocks.unmute(call.me, given.id)
    return _after(call, given.id)


@endpoints.add("GET", "/api/v1/follow_requests", "read:follows", paged=True)
def follow_requests(call: Call, given: PageOf) -> list[Account]:
    """Who asks to follow the caller."""
    limit = given.count(default=PEOPLE_DEFAULT, most=PEOPLE_MAX)
    return people(call, call.site.relations.requests(call.me, before=given.max_id, limit=limit))


@endpoints.add("POST", "/api/v1/follow_requests/<id>/authorize", "write:follows")
def authorize(call: Call, given: OfId) -> Relationship:
    """Let a person follow who asked to."""
    call.site.follows.authorize(call.me, given.id)
    return _after(call, given.id)


@endpoints.add("POST", "/api/v1/follow_requests/<id>/reject", "write:follows")
def reject(call: Call, given: OfId) -> Relationship:
    """Do not let a person follow who asked to."""
    call.site.follows.reject(call.me, given.id)
    return _after(call, given.id)


@endpoints.add("GET", "/api/v1/blocks", "read:blocks", paged=True)
def blocks(call: Call, given: PageOf) -> list[Account]:
    """Whom the caller blocks."""
    limit = given.count(default=PEOPLE_DEFAULT, most=PEOPLE_MAX)
    return people(call, call.site.relations.blocked(call.me, before=given.max_id, limit=limit))


@endpoints.add("GET", "/api/v1/mutes", "read:mutes", paged=True)
def mutes(call: Call, given: PageOf) -> list[Account]:
    """Whom the caller mutes."""
    limit = given.count(default=PEOPLE_DEFAULT, most=PEOPLE_MAX)
    return people(call, call.site.relations.muted(call.me, before=given.max_id, limit=limit))
