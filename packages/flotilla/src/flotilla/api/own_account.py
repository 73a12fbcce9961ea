"""One's own account as apps need it: with what was entered, and what posts start from."""

from flotilla.api.calls import Call
from flotilla.api.entities import AccountSource, CredentialAccount, Field, Role
from flotilla.api.shaping import VISIBILITY_NAMES
from flotilla.social import Visibility

__all__ = ["credential_account"]

# Apps know the permissions of Mastodon's roles as bits; 1 is everything, 16 the moderators' reports.
ROLES = {
    "member": Role(id="-99", name="", permissions="0", highlighted=False),
    "moderator": Role(id="2", name="Moderator", permissions="16"),
    "admin": Role(id="3", name="Admin", permissions="1"),
}


def credential_account(call: Call) -> CredentialAccount:
    """The caller's account."""
    card = call.site.cards.own(call.me)
    shown = call.shaper.shown(card.card)
    return CredentialAccount(
        **{name: getattr(shown, name) for name in shown.__struct_fields__},
        source=AccountSource(
            privacy=VISIBILITY_NAMES[Visibility(card.default_visibility)],
            sensitive=card.default_sensitive,
            language=card.language or None,
            note=card.card.bio,
            fields=[Field(name=name, value=value) for name, value in card.card.fields],
            follow_requests_count=card.follow_requests,
        ),
        role=ROLES[call.me.role],
    )
