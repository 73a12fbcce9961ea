"""OAuth scopes: what a person lets an app do. Pure.

`read` and `write` are made of finer scopes (`read:statuses`); `follow` is an old name for what has to do with people.
"""

from collections.abc import Iterable

from flotilla.errors import OAuthError

__all__ = ["DEFAULT_SCOPE", "SCOPES", "accepted_scopes", "allows", "within"]

READ = ("accounts", "blocks", "bookmarks", "favourites", "filters", "follows", "lists", "mutes", "notifications",
        "search", "statuses")  # fmt: skip
WRITE = ("accounts", "blocks", "bookmarks", "conversations", "favourites", "filters", "follows", "lists", "media",
         "mutes", "notifications", "reports", "statuses")  # fmt: skip
FOLLOW = frozenset(f"{verb}:{noun}" for verb in ("read", "write") for noun in ("blocks", "follows", "mutes"))
DEFAULT_SCOPE = "read"
SCOPES = (
    "read",
    "write",
    *(f"read:{noun}" for noun in READ),
    *(f"write:{noun}" for noun in WRITE),
    "follow",
    "push",
    "profile",
)
_KNOWN = frozenset(SCOPES)


def accepted_scopes(text: str) -> tuple[str, ...]:
    """The scopes in `text` (between them spaces or pluses), each once; none: `read`. Raises OAuthError."""
    asked = tuple(dict.fromkeys(text.replace("+", " ").split())) or (DEFAULT_SCOPE,)
    if not _KNOWN.issuperset(asked):
        raise OAuthError("invalid_scope", "The requested scope is invalid, unknown, or malformed.")
    return asked


def allows(granted: Iterable[str], wanted: str) -> bool:
    """Whether what was granted covers the scope that is wanted."""
    verb = wanted.partition(":")[0]
    return any(scope in (wanted, verb) or (scope == "follow" and wanted in FOLLOW) for scope in granted)


def within(granted: Iterable[str], wanted: Iterable[str]) -> bool:
    """Whether all that is wanted is covered."""
    granted = tuple(granted)
    return all(allows(granted, scope) for scope in wanted)
