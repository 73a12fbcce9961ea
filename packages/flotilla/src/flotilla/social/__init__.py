"""The rules of the site: who may do what, and what they then see. Knows neither HTTP nor SQL.

`open_site(settings)` gives a `Site`; a face (web pages, API) calls its use cases, each of which is one transaction.
"""

from flotilla.social.accounts import Accounts, NotYet, SecondStep, SignedIn
from flotilla.social.blocks import Blocks
from flotilla.social.conversations import Conversations
from flotilla.social.follows import Follows
from flotilla.social.media import PICTURES_MAX, picture_url, served_at
from flotilla.social.pages import (
    Author,
    Conversation,
    ConversationsPage,
    Media,
    Page,
    PeoplePage,
    Post,
    Profile,
    ProfileField,
    ProfilePage,
    Thread,
    Version,
    Viewer,
)
from flotilla.social.paging import FIRST, Paging
from flotilla.social.posts import Posts
from flotilla.social.profiles import BIO_MAX_CHARACTERS, FIELDS_MAX, OwnProfile, ProfileChanges, Profiles
from flotilla.social.relations import Circle, Relationship
from flotilla.social.sessions import Origin
from flotilla.social.site import Site, open_site
from flotilla.social.text import POST_MAX_CHARACTERS, Hashtag, Link, Mention, Plain, Segment, parse
from flotilla.social.timelines import Timelines
from flotilla.social.uploads import ALT_MAX_CHARACTERS, Upload, Uploads
from flotilla.social.visibility import Visibility

__all__ = [
    "ALT_MAX_CHARACTERS",
    "BIO_MAX_CHARACTERS",
    "FIELDS_MAX",
    "FIRST",
    "PICTURES_MAX",
    "POST_MAX_CHARACTERS",
    "Accounts",
    "Author",
    "Blocks",
    "Circle",
    "Conversation",
    "Conversations",
    "ConversationsPage",
    "Follows",
    "Hashtag",
    "Link",
    "Media",
    "Mention",
    "NotYet",
    "Origin",
    "OwnProfile",
    "Page",
    "Paging",
    "PeoplePage",
    "Plain",
    "Post",
    "Posts",
    "Profile",
    "ProfileChanges",
    "ProfileField",
    "ProfilePage",
    "Profiles",
    "Relationship",
    "SecondStep",
    "Segment",
    "SignedIn",
    "Site",
    "Thread",
    "Timelines",
    "Upload",
    "Uploads",
    "Version",
    "Viewer",
    "Visibility",
    "open_site",
    "parse",
    "picture_url",
    "served_at",
]
