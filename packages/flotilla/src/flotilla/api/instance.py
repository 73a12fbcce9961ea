"""The site itself: what it is called, what it allows, its rules."""

from datetime import UTC, datetime, time
from typing import Any

from msgspec import Struct

from flotilla import __version__
from flotilla.api.calls import Call
from flotilla.api.endpoints import Endpoints
from flotilla.api.entities import Account
from flotilla.social import POST_MAX_CHARACTERS
from flotilla.social.posts import PINS_MAX

__all__ = ["API_VERSION", "endpoints"]

endpoints = Endpoints()

# What apps go by is the number in front: the version of Mastodon whose behaviour is offered.
API_VERSION = f"4.2.0 (compatible; Flotilla {__version__})"
LANGUAGES = ["en", "de"]
MEDIA_MAX = 4
ALT_MAX_CHARACTERS = 1500
IMAGE_MAX_PIXELS = 33_177_600
IMAGE_TYPES = ["image/jpeg", "image/png", "image/gif", "image/webp"]


class Rule(Struct, kw_only=True):
    """A rule of the site."""

    id: str
    text: str
    hint: str


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


class Activity(Struct, kw_only=True):
    """A week: when it began, in seconds since 1970, posts, people who were there, and who joined."""

    week: str
    statuses: str
    logins: str
    registrations: str


@endpoints.add("GET", "/api/v1/instance")
def v1(call: Call) -> InstanceV1:
    """The site as older apps ask for it."""
    settings, size = call.site.site_settings.now(), call.site.size.now()
    return InstanceV1(
        uri=call.addresses.domain,
        title=settings.site_name,
        short_description=settings.site_description,
        description=settings.site_description,
        email=settings.contact_email,
        version=API_VERSION,
        urls={"streaming_api": _streaming(call)},
        stats={"user_count": size.people, "status_count": size.posts, "domain_count": 0},
        thumbnail=None,
        languages=LANGUAGES,
        registrations=settings.sign_up in {"open", "approval"},
        approval_required=settings.sign_up == "approval",
        invites_enabled=True,
        configuration=_configuration(call),
        contact_account=None,
        rules=_rules(call),
    )


@endpoints.add("GET", "/api/v2/instance")
def v2(call: Call) -> InstanceV2:
    """The site."""
    settings = call.site.site_settings.now()
    return InstanceV2(
        domain=call.addresses.domain,
        title=settings.site_name,
        version=API_VERSION,
        source_url="",
        description=settings.site_description,
        usage={"users": {"active_month": call.site.size.now().active_month}},
        thumbnail={"url": call.addresses.file(call.addresses.missing_header), "blurhash": None, "versions": {}},
        icon=[],
        languages=LANGUAGES,
        configuration=_configuration(call),
        registrations={
            "enabled": settings.sign_up in {"open", "approval"},
            "approval_required": settings.sign_up == "approval",
            "message": settings.sign_up_message or None,
            "url": None,
        },
        api_versions={"mastodon": 1},
        contact={"email": settings.contact_email, "account": None},
        rules=_rules(call),
    )


@endpoints.add("GET", "/api/v1/instance/rules")
def rules(call: Call) -> list[Rule]:
    """The site's rules."""
    return _rules(call)


@endpoints.add("GET", "/api/v1/instance/activity")
def activity(call: Call) -> list[Activity]:
    """How busy the last weeks were, the running one first."""
    return [
        Activity(
            week=str(int(datetime.combine(week.monday, time(), UTC).timestamp())),
            statuses=str(week.posts),
            logins=str(week.active),
            registrations=str(week.joined),
        )
        for week in call.site.statistics.weeks()
    ]


@endpoints.add("GET", "/api/v1/instance/peers")
def peers(_call: Call) -> list[str]:
    """Other sites that this one knows: none, it stands alone."""
    return []


@endpoints.add("GET", "/api/v1/custom_emojis")
def custom_emojis(_call: Call) -> list[dict[str, Any]]:
    """Pictures for use in texts: none."""
    return []


def _streaming(call: Call) -> str:
    base = call.addresses.base
    live = call.site.settings.live_address(base.partition("://")[2], https=base.startswith("https:"))
    return live or "ws" + base.removeprefix("http")


def _rules(call: Call) -> list[Rule]:
    return [Rule(id=str(rule.id), text=rule.text, hint=rule.hint) for rule in call.site.house_rules.all()]


def _configuration(call: Call) -> dict[str, Any]:
    settings = call.site.settings
    return {
        "urls": {
            "streaming": _streaming(call),
            "status": None,
            "about": f"{call.addresses.base}/about",
            "privacy_policy": None,
            "terms_of_service": None,
        },
        "vapid": {"public_key": ""},
        "accounts": {"max_featured_tags": 0, "max_pinned_statuses": PINS_MAX},
        "statuses": {
            "max_characters": POST_MAX_CHARACTERS,
            "max_media_attachments": MEDIA_MAX,
            # A link counts as long as it is; less than one character no link is.
            "characters_reserved_per_url": 1,
        },
        "media_attachments": {
            "supported_mime_types": IMAGE_TYPES,
            "description_limit": ALT_MAX_CHARACTERS,
            "image_size_limit": settings.media_upload_max_mib << 20,
            "image_matrix_limit": IMAGE_MAX_PIXELS,
            "video_size_limit": 0,
            "video_frame_rate_limit": 0,
            "video_matrix_limit": 0,
        },
        "polls": {"max_options": 0, "max_characters_per_option": 0, "min_expiration": 0, "max_expiration": 0},
        "translation": {"enabled": False},
        "limited_federation": False,
    }
