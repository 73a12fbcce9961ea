"""The site itself: what it is called, what it allows, its rules."""

from typing import Any

from msgspec import Struct

from flotilla import __version__
from flotilla.api.calls import Call
from flotilla.api.endpoints import Endpoints
from flotilla.api.entities import Account
from flotilla.social import POST_MAX_CHARACTERS

__all__ = ["API_VERSION", "endpoints"]

endpoints = Endpoints()

# What apps go by is the number in front: the version of Mastodon whose behaviour is offered.
API_VERSION = f"4.2.0 (compatible; Flotilla {__version__})"
TITLE = "Flotilla"
DESCRIPTION = "A social network on PostgreSQL that fits whole on the smallest plan."
MEDIA_MAX = 4
IMAGE_TYPES = ["image/jpeg", "image/png", "image/gif", "image/webp"]
IMAGE_MAX_BYTES = 10 * 1024 * 1024
IMAGE_MAX_PIXELS = 33_177_600


class Rule(Struct, kw_only=True):
    """A rule of the site."""

    id: str
    text: str
    hint: str = ""


class InstanceV1(Struct, kw_only=True):
    """The site as older apps ask for it."""

    uri: str
    title: str
    short_description: str
    description: str
    email: str
    version: str
    urls: dict[str, str]
    stats: dict[str, int]
    thumbnail: str | None
    languages: list[str]
    registrations: bool
    approval_required: bool
    invites_enabled: bool
    configuration: dict[str, Any]
    contact_account: Account | None
    rules: list[Rule]


class InstanceV2(Struct, kw_only=True):
    """The site."""

    domain: str
    title: str
    version: str
    source_url: str
    description: str
    usage: dict[str, dict[str, int]]
    thumbnail: dict[str, Any]
    icon: list[dict[str, str]]
    languages: list[str]
    configuration: dict[str, Any]
    registrations: dict[str, Any]
    api_versions: dict[str, int]
    contact: dict[str, Any]
    rules: list[Rule]


@endpoints.add("GET", "/api/v1/instance")
def v1(call: Call) -> InstanceV1:
    """The site as older apps ask for it."""
    return InstanceV1(
        uri=call.addresses.domain,
        title=TITLE,
        short_description=DESCRIPTION,
        description=DESCRIPTION,
        email="",
        version=API_VERSION,
        urls={"streaming_api": _streaming(call)},
        stats={"user_count": 0, "status_count": 0, "domain_count": 0},
        thumbnail=None,
        languages=["en", "de"],
        registrations=True,
        approval_required=False,
        invites_enabled=False,
        configuration=_configuration(),
        contact_account=None,
        rules=_rules(call),
    )


@endpoints.add("GET", "/api/v2/instance")
def v2(call: Call) -> InstanceV2:
    """The site."""
    return InstanceV2(
        domain=call.addresses.domain,
        title=TITLE,
        version=API_VERSION,
        source_url="",
        description=DESCRIPTION,
        usage={"users": {"active_month": 0}},
        thumbnail={"url": call.addresses.file("/static/-/flotilla.svg"), "blurhash": None, "versions": {}},
        icon=[],
        languages=["en", "de"],
        configuration=_configuration()
        | {
            "urls": {"streaming": _streaming(call), "status": None, "about": None, "privacy_policy": None},
            "vapid": {"public_key": ""},
        },
        registrations={"enabled": True, "approval_required": False, "message": None, "url": None},
        api_versions={"mastodon": 1},
        contact={"email": "", "account": None},
        rules=_rules(call),
    )


@endpoints.add("GET", "/api/v1/instance/rules")
def rules(call: Call) -> list[Rule]:
    """The site's rules."""
    return _rules(call)


@endpoints.add("GET", "/api/v1/instance/peers")
def peers(_call: Call) -> list[str]:
    """Other sites that this one knows: none, it stands alone."""
    return []


@endpoints.add("GET", "/api/v1/custom_emojis")
def custom_emojis(_call: Call) -> list[dict[str, Any]]:
    """Pictures for use in texts: none."""
    return []


def _streaming(call: Call) -> str:
    return "ws" + call.addresses.base.removeprefix("http")


def _rules(_call: Call) -> list[Rule]:
    return []


def _configuration() -> dict[str, Any]:
    return {
        "accounts": {"max_featured_tags": 0, "max_pinned_statuses": 5},
        "statuses": {
            "max_characters": POST_MAX_CHARACTERS,
            "max_media_attachments": MEDIA_MAX,
            "characters_reserved_per_url": 0,
        },
        "media_attachments": {
            "supported_mime_types": IMAGE_TYPES,
            "description_limit": 1500,
            "image_size_limit": IMAGE_MAX_BYTES,
            "image_matrix_limit": IMAGE_MAX_PIXELS,
            "video_size_limit": 0,
            "video_frame_rate_limit": 0,
            "video_matrix_limit": 0,
        },
        "polls": {"max_options": 0, "max_characters_per_option": 0, "min_expiration": 0, "max_expiration": 0},
        "translation": {"enabled": False},
    }
