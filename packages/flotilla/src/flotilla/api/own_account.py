"""One's own account as apps need it: with what was entered, and what posts start from."""

from typing import Literal

from msgspec import Struct

from flotilla.api.calls import Call
from flotilla.api.endpoints import Endpoints, Who
from flotilla.api.entities import AccountSource, CredentialAccount, Field, Role
from flotilla.api.shaping import VISIBILITY_NAMES
from flotilla.api.statuses import VISIBILITIES
from flotilla.social import Visibility
from flotilla.social.profiles import ProfileChanges

__all__ = ["endpoints"]

endpoints = Endpoints()

# Apps know the permissions of Mastodon's roles as bits; 1 is everything, 16 the moderators' reports.
ROLES = {
    "member": Role(id="-99", name="", permissions="0", highlighted=False),
    "moderator": Role(id="2", name="Moderator", permissions="16"),
    "admin": Role(id="3", name="Admin", permissions="1"),
}


class NewField(Struct, kw_only=True):
    """One line of the table on a profile."""

    name: str = ""
    value: str = ""


class NewSource(Struct, kw_only=True):
    """What posts shall start from."""

    privacy: Literal["public", "unlisted", "private", "direct"] | None = None
    sensitive: bool | None = None
    language: str | None = None


class ChangedAccount(Struct, kw_only=True):
    """What shall be different; pictures come as the files `avatar` and `header`."""

    display_name: str | None = None
    note: str | None = None
    locked: bool | None = None
    bot: bool | None = None
    discoverable: bool | None = None
    fields_attributes: list[NewField] | None = None
    source: NewSource | None = None


@endpoints.add("GET", "/api/v1/accounts/verify_credentials", "read:accounts", "profile")
def verify_credentials(call: Call) -> CredentialAccount:
    """One's own account, with what apps need to know to post for it."""
    return _own(call)


@endpoints.add("PATCH", "/api/v1/accounts/update_credentials", "write:accounts", files=("avatar", "header"))
def update_credentials(call: Call, given: ChangedAccount) -> CredentialAccount:
    """Change one's profile, its pictures, and what posts start from."""
    source, fields = given.source or NewSource(), given.fields_attributes
    changes = ProfileChanges(
        display_name=given.display_name,
        bio=given.note,
        fields=None if fields is None else [(field.name, field.value) for field in fields],
        locked=given.locked,
        bot=given.bot,
        discoverable=given.discoverable,
        language=source.language,
        default_visibility=None if source.privacy is None else VISIBILITIES[source.privacy],
        default_sensitive=source.sensitive,
    )
    profiles = call.site.profiles
    profiles.edit(call.me, changes)
    for name, put in (("avatar", profiles.set_avatar), ("header", profiles.set_header)):
        sent = call.files.get(name)
        if sent is not None:
            call.site.limits.upload(call.me.account_id)
            put(call.me, sent.stream)
    return _own(call)


@endpoints.add("DELETE", "/api/v1/profile/avatar", "write:accounts", who=Who.PERSON)
def remove_avatar(call: Call) -> CredentialAccount:
    """Take one's picture away."""
    call.site.profiles.set_avatar(call.me, None)
    return _own(call)


@endpoints.add("DELETE", "/api/v1/profile/header", "write:accounts", who=Who.PERSON)
def remove_header(call: Call) -> CredentialAccount:
    """Take the picture above one's profile away."""
    call.site.profiles.set_header(call.me, None)
    return _own(call)


def _own(call: Call) -> CredentialAccount:
    own = call.site.cards.own(call.me)
    shown = call.shaper.shown(own.card)
    return CredentialAccount(
        **{name: getattr(shown, name) for name in shown.__struct_fields__},
        source=AccountSource(
            privacy=VISIBILITY_NAMES[Visibility(own.default_visibility)],
            sensitive=own.default_sensitive,
            language=own.language or None,
            note=own.card.bio,
            fields=[Field(name=name, value=value) for name, value in own.card.fields],
            follow_requests_count=own.follow_requests,
        ),
        role=ROLES[call.me.role],
    )
