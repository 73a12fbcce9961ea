"""What a person is shown: the values every use case answers with."""

from dataclasses import dataclass
from datetime import datetime

from flotilla.social.text import Segment

__all__ = ["Author", "Page", "Post", "Profile", "ProfilePage", "Viewer"]


@dataclass(frozen=True, slots=True)
class Viewer:
    """The person a request comes from, once their session was found."""

    account_id: int
    handle: str
    display_name: str


@dataclass(frozen=True, slots=True)
class Author:
    """Whoever wrote a post; `display_name` is never empty (the handle stands in)."""

    account_id: int
    handle: str
    display_name: str


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


@dataclass(frozen=True, slots=True)
class ProfilePage:
    """A profile and one page of that person's posts."""

    profile: Profile
    posts: Page
