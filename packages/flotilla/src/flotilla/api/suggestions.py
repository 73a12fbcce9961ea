"""People whom somebody might like to follow, as the site's pages suggest them."""

from typing import Literal

from msgspec import Struct

from flotilla.api.calls import Call
from flotilla.api.endpoints import Endpoints
from flotilla.api.entities import Account

__all__ = ["endpoints"]

endpoints = Endpoints()

LIMIT_DEFAULT = 40
LIMIT_MAX = 80


class HowMany(Struct, kw_only=True):
    """How many at most."""

    limit: int | None = None


class Suggestion(Struct, kw_only=True):
    """One of them, and why: nobody chose them by hand."""

    source: Literal["global"]
    account: Account


@endpoints.add("GET", "/api/v1/suggestions", "read:accounts")
def suggestions_v1(call: Call, given: HowMany) -> list[Account]:
    """People one might follow: those whom people one follows follow, then those who wrote lately."""
    return _suggested(call, given)


@endpoints.add("GET", "/api/v2/suggestions", "read:accounts")
def suggestions(call: Call, given: HowMany) -> list[Suggestion]:
    """People one might follow: those whom people one follows follow, then those who wrote lately."""
    return [Suggestion(source="global", account=account) for account in _suggested(call, given)]


def _suggested(call: Call, given: HowMany) -> list[Account]:
    limit = LIMIT_DEFAULT if given.limit is None else max(1, min(given.limit, LIMIT_MAX))
    found = call.site.suggestions.people(call.me, limit=limit)
    return call.shaper.accounts([person.account_id for person in found])
