"""Handles: what can be one, and which the site keeps for itself. Pure."""

import re

__all__ = ["HANDLE_MAX_CHARACTERS", "RESERVED_HANDLES", "handle_of"]

HANDLE_MAX_CHARACTERS = 30
_HANDLE = re.compile(rf"[a-z0-9_]{{1,{HANDLE_MAX_CHARACTERS}}}", re.ASCII)

# Whoever has one of these would be taken for the site itself, for its staff, or for everybody.
RESERVED_HANDLES = frozenset({
    "abuse", "account", "accounts", "admin", "administrator", "administrators", "admins", "all", "announcements",
    "anonymous", "api", "billing", "bot", "captain", "channel", "contact", "crew", "deleted", "everybody",
    "everyone", "flotilla", "follow", "followers", "harbourmaster", "help", "here", "hostmaster", "info", "legal",
    "live", "local", "mail", "mailer_daemon", "me", "mod", "moderation", "moderator", "moderators", "mods",
    "news", "no_reply", "nobody", "noreply", "null", "official", "operator", "owner", "postmaster", "press",
    "privacy", "public", "root", "rules", "safety", "security", "service", "settings", "sign_in", "sign_up",
    "site", "staff", "status", "support", "sysadmin", "system", "team", "trust", "undefined", "verified",
    "webmaster", "www",
})  # fmt: skip


def handle_of(text: str) -> str | None:
    """The handle in its one spelling, from `Ada`, ` ada ` or `@ada`; None when it cannot be a handle."""
    handle = text.strip().removeprefix("@").lower()
    return handle if _HANDLE.fullmatch(handle) else None
