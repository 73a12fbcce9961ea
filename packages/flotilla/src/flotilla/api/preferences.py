"""What a person's posts start from, and how apps shall show posts."""

from msgspec import Struct, field

from flotilla.api.calls import Call
from flotilla.api.endpoints import Endpoints
from flotilla.api.entities import Visibility
from flotilla.api.shaping import VISIBILITY_NAMES
from flotilla.social import Visibility as SocialVisibility

__all__ = ["endpoints"]

endpoints = Endpoints()


class Preferences(Struct, kw_only=True):
    """A person's preferences."""

    visibility: Visibility = field(name="posting:default:visibility")
    sensitive: bool = field(name="posting:default:sensitive")
    language: str | None = field(name="posting:default:language")
    media: str = field(name="reading:expand:media", default="default")
    spoilers: bool = field(name="reading:expand:spoilers", default=False)
    gifs: bool = field(name="reading:autoplay:gifs", default=False)


@endpoints.add("GET", "/api/v1/preferences", "read:accounts")
def preferences(call: Call) -> Preferences:
    """The caller's preferences."""
    own = call.site.cards.own(call.me)
    return Preferences(
        visibility=VISIBILITY_NAMES[SocialVisibility(own.default_visibility)],
        sensitive=own.default_sensitive,
        language=own.language or None,
    )
