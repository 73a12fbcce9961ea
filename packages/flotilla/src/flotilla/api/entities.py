"""The entities of the Mastodon client API: what apps are answered with, key by key. Knows no Flask.

Ids are text, because JavaScript's numbers cannot hold them; a moment is RFC 3339 in UTC with milliseconds.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

__all__ = [
    "Account",
    "AccountSource",
    "CredentialAccount",
    "Day",
    "Field",
    "Id",
    "MediaAttachment",
    "Mention",
    "Moment",
    "Notification",
    "NotificationType",
    "Relationship",
    "Role",
    "Status",
    "StatusContext",
    "StatusEdit",
    "StatusSource",
    "StatusTag",
    "Visibility",
]

Id = Annotated[str, Meta(pattern="^[0-9]+$")]
Moment = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
Day = Annotated[str, Meta(extra_json_schema={"format": "date"})]
Visibility = Literal["public", "unlisted", "private", "direct"]
NotificationType = Literal[
    "mention", "status", "reblog", "follow", "follow_request", "favourite", "poll", "update", "admin.sign_up",
    "admin.report",
]  # fmt: skip


class Field(Struct, kw_only=True):
    """One line of the table on a profile; `value` is HTML."""

    name: str
    value: str
    verified_at: Moment | None = None


class Role(Struct, kw_only=True):
    """What a member of the site's staff is called."""

    id: str
    name: str
    color: str = ""
    permissions: str = "0"
    highlighted: bool = True


class Account(Struct, kw_only=True):
    """A person; `note` is HTML."""

    id: Id
    username: str
    acct: str
    display_name: str
    locked: bool
    bot: bool = False
    discoverable: bool | None = True
    indexable: bool = True
    noindex: bool | None = False
    group: bool = False
    created_at: Moment
    note: str
    url: str
    uri: str
    avatar: str
    avatar_static: str
    header: str
    header_static: str
    followers_count: int
    following_count: int
    statuses_count: int
    last_status_at: Day | None
    hide_collections: bool | None = None
    emojis: list[Any] = field(default_factory=list)
    fields: list[Field] = field(default_factory=list)
    roles: list[Role] = field(default_factory=list)
    moved: None = None
    suspended: bool = False
    limited: bool = False


class AccountSource(Struct, kw_only=True):
    """What a person entered, as text, and what their posts start from."""

    privacy: Visibility
    sensitive: bool
    language: str | None
    note: str
    fields: list[Field]
    follow_requests_count: int


class CredentialAccount(Account, kw_only=True):
    """The person whom a token stands for."""

    source: AccountSource
    role: Role


class Mention(Struct, kw_only=True):
    """A person whom a post mentions."""

    id: Id
    username: str
    url: str
    acct: str


class StatusTag(Struct, kw_only=True):
    """A hashtag of a post."""

    name: str
    url: str


class MediaAttachment(Struct, kw_only=True):
    """A picture; while `url` is null it is being worked on."""

    id: Id
    type: Literal["image", "unknown", "gifv", "video", "audio"]
    url: str | None
    preview_url: str | None
    remote_url: str | None = None
    preview_remote_url: str | None = None
    text_url: str | None = None
    meta: dict[str, Any]
    description: str | None
    blurhash: str | None = None


class Status(Struct, kw_only=True):
    """A post as one viewer sees it; `content` is HTML."""

    id: Id
    created_at: Moment
    in_reply_to_id: Id | None
    in_reply_to_account_id: Id | None
    sensitive: bool
    spoiler_text: str
    visibility: Visibility
    language: str | None
    uri: str
    url: str
    replies_count: int
    reblogs_count: int
    favourites_count: int
    edited_at: Moment | None
    favourited: bool = False
    reblogged: bool = False
    muted: bool = False
    bookmarked: bool = False
    pinned: bool = False
    content: str
    text: str | None = None
    filtered: list[Any] = field(default_factory=list)
    reblog: "Status | None"
    application: None = None
    account: Account
    media_attachments: list[MediaAttachment]
    mentions: list[Mention]
    tags: list[StatusTag]
    emojis: list[Any] = field(default_factory=list)
    card: None = None
    poll: None = None


class StatusContext(Struct, kw_only=True):
    """The conversation around a post, oldest first."""

    ancestors: list[Status]
    descendants: list[Status]


class StatusSource(Struct, kw_only=True):
    """What was entered for a post."""

    id: Id
    text: str
    spoiler_text: str


class StatusEdit(Struct, kw_only=True):
    """A post as it was at one time."""

    content: str
    spoiler_text: str
    sensitive: bool
    created_at: Moment
    account: Account
    media_attachments: list[MediaAttachment]
    emojis: list[Any] = field(default_factory=list)
    poll: None = None


class Relationship(Struct, kw_only=True):
    """What is between a viewer and an account."""

    id: Id
    following: bool
    showing_reblogs: bool
    notifying: bool = False
    languages: list[str] | None = None
    followed_by: bool
    blocking: bool
    blocked_by: bool
    muting: bool
    muting_notifications: bool
    muting_expires_at: Moment | None = None
    requested: bool
    requested_by: bool
    domain_blocking: bool = False
    endorsed: bool = False
    note: str = ""


class Notification(Struct, kw_only=True):
    """Something that happened to a viewer."""

    id: Id
    type: NotificationType
    created_at: Moment
    group_key: str
    account: Account
    status: Status | None = None
