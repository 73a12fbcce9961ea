"""What a person is shown: the values every use case answers with."""

from dataclasses import dataclass
from datetime import datetime

from flotilla.social.text import Segment

__all__ = ["Author", "Media", "Page", "Post", "Profile", "ProfileField", "ProfilePage", "Viewer"]


@dataclass(frozen=True, slots=True)
class Viewer:
    """The person a request comes from, once their session was found; `language`: "" leaves it to the browser."""

    account_id: int
    handle: str
    display_name: str
    role: str = "member"
    language: str = ""
    avatar: str | None = None
    announcements_dismissed: tuple[int, ...] = ()

    @property
    def is_moderator(self) -> bool:
        """Whether this person may act on others; an admin may too."""
        return self.role in {"moderator", "admin"}

    @property
    def is_admin(self) -> bool:
        """Whether this person may change how the site works."""
        return self.role == "admin"


@dataclass(frozen=True, slots=True)
class Author:
    """Whoever wrote a post; `display_name` is never empty (the handle stands in).

    `avatar` is the address of a square picture, None: they have none and sail under their flags. `locked`: they choose
    who may follow them.
    """

    account_id: int
    handle: str
    display_name: str
    avatar: str | None = None
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Media:
    """A picture of a post. `alt` tells those who cannot see it what it shows; "": nobody wrote it yet.

    `preview_url` is the same picture, small. `width` and `height` are those of `url`, in pixels. `focus` is where to
    look: from the centre (0, 0) to -1 or 1 at the left or right and the bottom or top.
    """

    id: int
    kind: str
    url: str
    preview_url: str
    alt: str
    width: int
    height: int
    focus: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Post:
    """One post as one viewer sees it; `posted_at` is UTC; `text` holds line feeds only, no other control characters."""

    id: int
    author: Author
    text: str
    segments: tuple[Segment, ...]
    posted_at: datetime
    likes: int
    liked_by_viewer: bool
    written_by_viewer: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Posts, newest first. `next_before` asks for the page after this one (`before=`); None: there is none."""

    items: tuple[Post, ...]
    next_before: int | None


@dataclass(frozen=True, slots=True)
class ProfileField:
    """A line of a profile that its owner named: `Boat`, `Port of call`, `Web`."""

    name: str
    value: str
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """A person and their counts, as one viewer sees them; `joined_at` is UTC."""

    author: Author
    bio: str
    joined_at: datetime
    posts: int
    followers: int
    following: int
    followed_by_viewer: bool
    is_viewer: bool
    bio_segments: tuple[Segment, ...] = ()
    header: str | None = None
    fields: tuple[ProfileField, ...] = ()
    bot: bool = False


@dataclass(frozen=True, slots=True)
class ProfilePage:
    """A profile and one page of that person's posts."""

    profile: Profile
    posts: Page
