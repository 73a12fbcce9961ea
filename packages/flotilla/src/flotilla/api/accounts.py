"""Accounts: one's own, and others'."""

from typing import Any

from msgspec import Struct, field

from flotilla.api.calls import Call, IdParameter, OfId, PageOf
from flotilla.api.endpoints import Endpoints, Who
from flotilla.api.entities import Account, Status
from flotilla.api.oauth import Token, token_entity
from flotilla.api.timelines import timeline
from flotilla.errors import ForbiddenError, InvalidInputError, NotFoundError
from flotilla.social import SignedIn
from flotilla.social.sessions import Origin
from flotilla.social.text import hashtag_name, hashtags_in

__all__ = ["endpoints"]

endpoints = Endpoints()


class Lookup(Struct, kw_only=True):
    """Whose account: a handle, with this site's name or without."""

    acct: str


class SignUp(Struct, kw_only=True):
    """Somebody who wants an account."""

    username: str
    password: str
    email: str = ""
    agreement: bool = False
    locale: str = ""
    reason: str = ""
    invite_code: str = ""
    date_of_birth: str = ""


class AccountStatuses(PageOf, kw_only=True):
    """Which of a person's posts."""

    id: IdParameter
    only_media: bool = False
    exclude_replies: bool = False
    exclude_reblogs: bool = False
    pinned: bool = False
    tagged: str = ""


class OfAccountIds(Struct, kw_only=True):
    """Several accounts."""

    id: list[IdParameter] = field(default_factory=list)


@endpoints.add("POST", "/api/v1/accounts", "write:accounts", who=Who.APP)
def sign_up(call: Call, given: SignUp) -> Token:
    """Create an account, and a token for it; it can be used once the account is confirmed."""
    call.site.limits.sign_up(call.peer)
    if not given.agreement:
        raise InvalidInputError({"agreement": "Agreement must be accepted"})
    if not call.site.gatekeeping.may_sign_up(call.peer, given.email):
        raise ForbiddenError("From there nobody can sign up.")
    assert call.bearer is not None
    made = call.site.accounts.sign_up(
        handle=given.username,
        password=given.password,
        email=given.email,
        invite=given.invite_code,
        reason=given.reason,
        origin=Origin("", call.peer),
        accepts_rules=given.agreement,
        language=given.locale.partition("-")[0].lower(),
    )
    if isinstance(made, SignedIn):
        # The app holds a token of its own; a session is for browsers.
        call.site.accounts.sign_out(made.token)
        handle = made.viewer.handle
    else:
        handle = made.handle
    return token_entity(call.site.grants.token_for_newcomer(handle, call.bearer))


@endpoints.add("GET", "/api/v1/accounts/lookup", "read:accounts", who=Who.ANYONE)
def lookup(call: Call, given: Lookup) -> Account:
    """The account with a handle."""
    handle, _, domain = given.acct.strip().removeprefix("@").partition("@")
    if domain and domain.lower() != call.addresses.domain:
        raise NotFoundError("This site knows nobody of other sites.")
    found = call.site.cards.of_handle(handle)
    if found is None:
        raise NotFoundError("There is nobody with this handle.")
    return call.shaper.shown(found)


@endpoints.add("GET", "/api/v1/accounts", "read:accounts", who=Who.ANYONE)
def several(call: Call, given: OfAccountIds) -> list[Account]:
    """Those of several accounts that exist."""
    return call.shaper.accounts(given.id[:40])


@endpoints.add("GET", "/api/v1/accounts/<id>", "read:accounts", who=Who.ANYONE)
def account(call: Call, given: OfId) -> Account:
    """An account."""
    found = call.shaper.accounts([given.id])
    if not found:
        raise NotFoundError("There is nobody with this id.")
    return found[0]


@endpoints.add("GET", "/api/v1/accounts/<id>/statuses", "read:statuses", who=Who.ANYONE, paged=True)
def statuses(call: Call, given: AccountStatuses) -> list[Status]:
    """A person's posts, as far as the viewer may see them."""
    if given.pinned:
        return call.shaper.statuses(call.site.timelines.pinned(call.viewer, given.id))
    page = call.site.timelines.by_author(
        call.viewer,
        given.id,
        given.paging(),
        replies=not given.exclude_replies,
        reposts=not given.exclude_reblogs,
        media_only=given.only_media,
    )
    if given.tagged:
        name = hashtag_name(given.tagged)
        tagged = tuple(post for post in page.items if name in hashtags_in(post.text))
        call.link(newest=None, oldest=page.next_before)
        return call.shaper.statuses(tagged)
    return timeline(call, page)


@endpoints.add("GET", "/api/v1/accounts/<id>/featured_tags", "read:accounts", who=Who.ANYONE)
def featured_tags(call: Call, given: OfId) -> list[dict[str, Any]]:
    """Hashtags that a person shows on their page: there is no such thing here."""
    account(call, given)
    return []
