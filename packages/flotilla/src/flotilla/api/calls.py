"""One request to the API, as a view is given it: who asks, and what the answer's headers shall be. Knows no Flask."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from msgspec import Meta, Struct

from flotilla.api.addresses import Addresses
from flotilla.api.shaping import Shaper
from flotilla.social import Site, Viewer
from flotilla.social.grants import Bearer
from flotilla.social.paging import Paging

__all__ = ["Call", "IdParameter", "OfId", "PageOf", "PageOfId"]

LIMIT_DEFAULT = 20
LIMIT_MAX = 40
IdParameter = Annotated[int, Meta(ge=0, le=2**63 - 1, extra_json_schema={"pattern": "^[0-9]{1,18}$"})]
PAGING_WORDS = ("max_id", "since_id", "min_id")


class OfId(Struct, kw_only=True):
    """What one thing's endpoint takes."""

    id: IdParameter


class PageOf(Struct, kw_only=True):
    """Which part of a list is asked for: older than `max_id`, newer than `since_id`, next above `min_id`."""

    max_id: IdParameter | None = None
    since_id: IdParameter | None = None
    min_id: IdParameter | None = None
    limit: int | None = None

    def count(self, *, default: int = LIMIT_DEFAULT, most: int = LIMIT_MAX) -> int:
        """How many items are asked for, within bounds."""
        return default if self.limit is None else max(1, min(self.limit, most))

    def paging(self, *, default: int = LIMIT_DEFAULT, most: int = LIMIT_MAX) -> Paging:
        """The same as the rules say it. `min_id` is stronger than `since_id`, as with Mastodon."""
        return Paging(
            before=self.max_id,
            after=self.since_id if self.min_id is None else self.min_id,
            oldest_first=self.min_id is not None,
            limit=self.count(default=default, most=most),
        )


class PageOfId(PageOf, kw_only=True):
    """Which part of a list that belongs to one thing."""

    id: IdParameter


@dataclass(slots=True)
class Call:
    """One request. `basic`: the app's id and secret from the header; `files`: uploads by their field; `headers`: of the
    answer."""

    site: Site
    addresses: Addresses
    path: str
    arguments: Sequence[tuple[str, str]]
    bearer: Bearer | None = None
    basic: tuple[str, str] | None = None
    idempotency_key: str = ""
    peer: str = ""
    files: Mapping[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200

    @property
    def viewer(self) -> Viewer | None:
        """The person who asks, if any."""
        return None if self.bearer is None else self.bearer.viewer

    @property
    def me(self) -> Viewer:
        """The person who asks, at an endpoint for persons."""
        found = self.viewer
        assert found is not None, "the endpoint asks for a person's token"
        return found

    @property
    def shaper(self) -> Shaper:
        """What makes entities for this answer."""
        return Shaper(self.site.cards, self.addresses)

    def link(self, *, newest: int | None, oldest: int | None) -> None:
        """Tell by the Link header where the neighbouring pages are: above id `newest`, and below id `oldest`."""
        kept = [(name, value) for name, value in self.arguments if name not in PAGING_WORDS]
        links = []
        for relation, name, edge in (("next", "max_id", oldest), ("prev", "min_id", newest)):
            if edge is not None:
                query = urlencode([*kept, (name, str(edge))])
                links.append(f'<{self.addresses.base}{quote(self.path)}?{query}>; rel="{relation}"')
        if links:
            self.headers["Link"] = ", ".join(links)
