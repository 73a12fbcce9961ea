"""Accounts: one's own, and others'."""

from msgspec import Struct

from flotilla.api.calls import Call, OfId
from flotilla.api.endpoints import Endpoints, Who
from flotilla.api.entities import Account, AccountSource, CredentialAccount, Role
from flotilla.api.shaping import Shaper
from flotilla.errors import NotFoundError

__all__ = ["endpoints"]

endpoints = Endpoints()


class Lookup(Struct, kw_only=True):
    """Whose account."""

    acct: str


@endpoints.add("GET", "/api/v1/accounts/verify_credentials", "read:accounts", "profile")
def verify_credentials(call: Call) -> CredentialAccount:
    """One's own account, with what apps need to know to post for it."""
    card = call.site.cards.of([call.me.account_id])[call.me.account_id]
    shown = Shaper(call.site.cards, call.addresses).shown(card)
    return CredentialAccount(
        **{name: getattr(shown, name) for name in shown.__struct_fields__},
        source=AccountSource(
            privacy="public", sensitive=False, language=None, note=card.bio, fields=[], follow_requests_count=0
        ),
        role=Role(id="-99", name="", highlighted=False),
    )


@endpoints.add("GET", "/api/v1/accounts/<id>", "read:accounts", who=Who.ANYONE)
def account(call: Call, given: OfId) -> Account:
    """An account."""
    found = Shaper(call.site.cards, call.addresses).accounts([given.id])
    if not found:
        raise NotFoundError("There is nobody with this id.")
    return found[0]
