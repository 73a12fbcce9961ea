"""Direct messages: the conversations a person is in."""

from msgspec import Struct

from flotilla.api.calls import Call, OfId, PageOf
from flotilla.api.endpoints import Endpoints, Nothing
from flotilla.api.entities import Account, Id, Status
from flotilla.api.shaping import Shaper
from flotilla.social.pages import Conversation as SocialConversation

__all__ = ["conversation_entities", "endpoints"]

endpoints = Endpoints()


class Conversation(Struct, kw_only=True):
    """A set of people who write each other; `accounts` are without the caller."""

    id: Id
    unread: bool
    accounts: list[Account]
    last_status: Status | None


def conversation_entities(
    shaper: Shaper, found: "tuple[SocialConversation, ...] | list[SocialConversation]"
) -> list[Conversation]:
    """Entities of those conversations."""
    posts = [one.last_post for one in found if one.last_post is not None]
    # Everyone at once: the statuses' authors, then those who are missing.
    statuses = {status.id: status for status in shaper.statuses(posts)}
    accounts = {
        account.id: account
        for account in shaper.accounts([person.account_id for one in found for person in one.others])
    }
    return [
        Conversation(
            id=str(one.id),
            unread=one.unread,
            accounts=[accounts[str(person.account_id)] for person in one.others if str(person.account_id) in accounts],
            last_status=None if one.last_post is None else statuses.get(str(one.last_post.id)),
        )
        for one in found
    ]


@endpoints.add("GET", "/api/v1/conversations", "read:statuses", paged=True)
def conversations(call: Call, given: PageOf) -> list[Conversation]:
    """The caller's conversations, the one with the newest post first."""
    page = call.site.conversations.page(call.me, given.paging())
    newest = page.items[0].last_post if page.items else None
    call.link(newest=None if newest is None else newest.id, oldest=page.next_before)
    return conversation_entities(call.shaper, page.items)


@endpoints.add("DELETE", "/api/v1/conversations/<id>", "write:conversations")
def delete(call: Call, given: OfId) -> Nothing:
    """Forget a conversation, for the caller only."""
    call.site.conversations.delete(call.me, given.id)
    return Nothing()


@endpoints.add("POST", "/api/v1/conversations/<id>/read", "write:conversations")
def read(call: Call, given: OfId) -> Conversation:
    """Note that the caller has read all of it."""
    call.site.conversations.mark_read(call.me, given.id)
    return conversation_entities(call.shaper, [call.site.conversations.one(call.me, given.id)])[0]
