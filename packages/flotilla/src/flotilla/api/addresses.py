"""The whole addresses of people, posts, tags and pictures under a site's own. Pure, knows no Flask."""

from dataclasses import dataclass
from urllib.parse import quote

from flotilla.social.media import served_at

__all__ = ["Addresses"]


@dataclass(frozen=True, slots=True)
class Addresses:
    """`base` is the site's address without a slash at its end; `public_url` as FLOTILLA_MEDIA_PUBLIC_URL."""

    base: str
    public_url: str = ""
    missing_avatar: str = "/static/-/avatar.svg"
    missing_header: str = "/static/-/header.svg"

    @property
    def domain(self) -> str:
        """The site's name, with a port if it has one."""
        return self.base.partition("://")[2]

    def person(self, handle: str) -> str:
        """A profile's page."""
        return f"{self.base}/@{handle}"

    def post(self, handle: str, post_id: int) -> str:
        """A post's page."""
        return f"{self.base}/@{handle}/{post_id}"

    def tag(self, name: str) -> str:
        """A hashtag's page."""
        return f"{self.base}/tags/{quote(name)}"

    def file(self, path: str) -> str:
        """A picture, from its path on the site."""
        found = served_at(path, self.public_url)
        return found if "://" in found else self.base + found
