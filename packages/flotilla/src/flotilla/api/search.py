"""Finding people, hashtags and posts."""

import re
from typing import Literal

from msgspec import Struct

from flotilla.api.calls import Call, IdParameter
from flotilla.api.endpoints import Endpoints
from flotilla.api.entities import Account, Status
from flotilla.api.tags import Tag, tag_entity
from flotilla.errors import NotFoundError
from flotilla.social import Post
from flotilla.social.paging import Paging

__all__ = ["endpoints"]

endpoints = Endpoints()

_POST_PATH = re.compile(r"/@\w+/(\d{1,19})/?", re.ASCII)
_PERSON_PATH = re.compile(r"/@(\w+)/?", re.ASCII)


class Query(Struct, kw_only=True):
    """What to find: words, a handle, a hashtag, or the address of a page of this site."""

    q: str
    type: Literal["", "accounts", "hashtags", "statuses"] = ""
    resolve: bool = False
    following: bool = False
    account_id: IdParameter | None = None
    exclude_unreviewed: bool = False
    max_id: IdParameter | None = None
    min_id: IdParameter | None = None
    limit: int | None = None
    offset: int = 0


class PeopleQuery(Struct, kw_only=True):
    """Whom to find."""

    q: str = ""
    limit: int | None = None
    offset: int = 0
    resolve: bool = False
    following: bool = False


class Found(Struct, kw_only=True):
    """What was found."""

    accounts: list[Account]
    statuses: list[Status]
    hashtags: list[Tag]


@endpoints.add("GET", "/api/v2/search", "read:search")
def search(call: Call, given: Query) -> Found:
    """Find people, hashtags and posts."""
    found = Found(accounts=[], statuses=[], hashtags=[])
    q, limit = given.q.strip(), 20 if given.limit is None else max(1, min(given.limit, 40))
    offset = max(0, given.offset) if given.type else 0
    if not q:
        return found
    if q.startswith(f"{call.addresses.base}/"):
        _at_address(call, q.removeprefix(call.addresses.base), found)
        if given.type:
            empty: dict[str, list[Account]] = {
                name: [] for name in ("accounts", "hashtags", "statuses") if name != given.type
            }
            found = Found(**{name: empty.get(name, getattr(found, name)) for name in found.__struct_fields__})
        return found
    people: list[int] = []
    posts: tuple[Post, ...] = ()
    if given.type in {"", "accounts"}:
        people = _people(call, q, limit=limit, offset=offset, following=given.following)
    if given.type in {"", "hashtags"}:
        names = call.site.search.hashtags(q, limit=limit + offset)[offset:]
        found.hashtags = [tag_entity(call, name, following=False) for name in names]
    if given.type in {"", "statuses"} and not offset:
        paging = Paging(before=given.max_id, after=given.min_id, limit=limit)
        posts = call.site.search.posts(call.me, q, paging).items
        if given.account_id is not None:
            posts = tuple(post for post in posts if post.author.account_id == given.account_id)
    shaper = call.shaper
    shaper.prepare(people, posts)
    found.accounts, found.statuses = shaper.accounts(people), shaper.statuses(posts)
    return found


@endpoints.add("GET", "/api/v1/accounts/search", "read:accounts")
def accounts(call: Call, given: PeopleQuery) -> list[Account]:
    """Find people by handle or name."""
    limit = 40 if given.limit is None else max(1, min(given.limit, 80))
    if not given.q.strip():
        return []
    people = _people(call, given.q.strip(), limit=limit, offset=max(0, given.offset), following=given.following)
    return call.shaper.accounts(people)


def _people(call: Call, q: str, *, limit: int, offset: int, following: bool) -> list[int]:
    # With this site's name behind it, it is the same handle; with another's, nobody is there.
    handle, _, domain = q.removeprefix("@").partition("@")
    if domain and " " not in q:
        if domain.lower() != call.addresses.domain:
            return []
        q = handle
    ids = [person.account_id for person in call.site.search.people(call.me, q, limit=limit + offset)][offset:]
    if following:
        known = {one.account_id for one in call.site.relations.between(call.me, ids) if one.following}
        ids = [account_id for account_id in ids if account_id in known]
    return ids


def _at_address(call: Call, path: str, found: Found) -> None:
    """What the page at that path of this site shows."""
    post, person = _POST_PATH.fullmatch(path), _PERSON_PATH.fullmatch(path)
    try:
        if post is not None:
            found.statuses = call.shaper.statuses([call.site.posts.read(call.me, int(post[1]))])
        elif person is not None and (card := call.site.cards.of_handle(person[1])) is not None:
            found.accounts = [call.shaper.shown(card)]
    except NotFoundError:
        return
