"""What a person is shown: the values every use case answers with."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from flotilla.social.text import Segment
from flotilla.social.visibility import Visibility

__all__ = [
    "Author",
    "Conversation",
    "ConversationsPage",
    "Media",
    "Page",
    "PeoplePage",
    "Post",
    "Profile",
    "ProfileField",
    "ProfilePage",
    "Thread",
    "Version",
    "Viewer",
]


@dataclass(frozen=True, slots=True)
class Viewer:
    """The person a request comes from, once their session was found.

    `role` is member, moderator or admin; `language` is "" for the browser's; `avatar` as an Author's. Their posts start
    with `default_visibility` and, where they have pictures, `default_sensitive`.
    `unread_notifications` and `unread_messages` (conversations) count up to 100: a badge shows 99+ then.
    `visibility_epoch`: the database's when the request began (0: not asked for), see `page_cache`; no part of a person.
    """

    account_id: int
    handle: str
    display_name: str
    role: str = "member"
    language: str = ""
    avatar: str | None = None
    default_visibility: Visibility = Visibility.PUBLIC
    default_sensitive: bool = False
    announcements_dismissed: tuple[int, ...] = ()
    unread_notifications: int = 0
    unread_messages: int = 0
    visibility_epoch: int = field(default=0, repr=False, compare=False)

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

    `avatar` is the file of a square picture (`picture_url(avatar)` is its address), None: they have none and sail under
    their flags. `locked`: they choose who may follow them.
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


class Post(NamedTuple):
    """One post as one viewer sees it; times are UTC; `text` holds line feeds only, no other control characters.

    A repost has no text of its own: its `author` reposted `repost_of`. A reply has a `parent_id` even when the parent
    is gone; `parent_author` is None when that person is gone too. `pinned` is by its author, to their profile.
    `muted_by_viewer`: they hear no more of its thread.

    A page makes twenty of them and more: a frozen dataclass of so many fields takes four times longer to make.
    """

    id: int
    author: Author
    text: str
    segments: tuple[Segment, ...]
    posted_at: datetime
    edited_at: datetime | None = None
    visibility: Visibility = Visibility.PUBLIC
    warning: str = ""
    sensitive: bool = False
    language: str = ""
    parent_id: int | None = None
    parent_author: Author | None = None
    repost_of: "Post | None" = None
    media: tuple[Media, ...] = ()
    mentions: tuple[Author, ...] = ()
    likes: int = 0
    reposts: int = 0
    replies: int = 0
    liked_by_viewer: bool = False
    reposted_by_viewer: bool = False
    bookmarked_by_viewer: bool = False
    muted_by_viewer: bool = False
    pinned: bool = False
    written_by_viewer: bool = False


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
class PeoplePage:
    """People. `next_before` asks for the page after this one; None: there is none."""

    items: tuple[Author, ...]
    next_before: int | None


@dataclass(frozen=True, slots=True)
class Profile:
    """A person and their counts, as one viewer sees them; `joined_at` is UTC.

    `requested_by_viewer`: the viewer asked to follow them and waits.
    """

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
    discoverable: bool = True
    follows_viewer: bool = False
    requested_by_viewer: bool = False
    blocked_by_viewer: bool = False
    muted_by_viewer: bool = False


@dataclass(frozen=True, slots=True)
class ProfilePage:
    """A profile and one page of that person's posts; `pinned`: what they want to be read first.

    Neither has any posts when the viewer blocks that person.
    """

    profile: Profile
    posts: Page
    pinned: tuple[Post, ...] = ()


@dataclass(frozen=True, slots=True)
class Thread:
    """A post with what it replies to (the beginning first) and what replies to it, each reply under its parent.

    `depths` are those of `descendants`: 1 for a reply to the post. `more`: some replies further down are left out.
    """

    ancestors: tuple[Post, ...]
    post: Post
    descendants: tuple[Post, ...]
    depths: tuple[int, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Version:
    """A wording of a post and when it was written, UTC."""

    text: str
    segments: tuple[Segment, ...]
    warning: str
    sensitive: bool
    written_at: datetime


@dataclass(frozen=True, slots=True)
class Conversation:
    """A set of people who write each other, as one of them sees it: `others` are without the viewer."""

    id: int
    others: tuple[Author, ...]
    last_post: Post | None
    unread: bool


@dataclass(frozen=True, slots=True)
class ConversationsPage:
    """Conversations, the one with the newest post first; `next_before` as a Page's."""

    items: tuple[Conversation, ...]
    next_before: int | None
