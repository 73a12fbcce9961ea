"""The keys of seatrial.toml that declare levers of the app's own."""

from collections.abc import Mapping
from typing import Any

from seatrial.spec.key import TABLE, TEXT, TEXT_BY_NAME, Key, Section
from seatrial.spec.lever import Lever

__all__ = ["LEVERS", "LEVER_TABLES", "own_lever"]

LEVERS = Section(
    "levers",
    "Changes of your own that `seatrial levers` is to try on the app, beside those it knows by itself: each is "
    "measured against the file as it stands, and all that help are tried together. A lever changes what it names and "
    "leaves everything else as it is. One with the name of a built-in lever takes its place.",
    (
        Key(
            "levers.name",
            TEXT,
            "What the lever is called in the answer and after `--only`.",
            'name = "cache"',
            required=True,
        ),
        Key(
            "levers.about",
            TEXT,
            "One plain sentence: what it is.",
            'about = "Keeps pages that were made a moment ago, and sends them again."',
            default="",
            default_words="none",
        ),
        Key(
            "levers.costs",
            TEXT,
            "What must be paid for it: money, another server to look after. Memory need not be said, it is measured.",
            'costs = "One more server to look after."',
            default="",
            default_words="none",
        ),
        Key(
            "levers.risk",
            TEXT,
            "What may go wrong with it.",
            'risk = "A page may be 5 s old."',
            default="",
            default_words="none",
        ),
        Key(
            "levers.environment",
            TEXT_BY_NAME,
            "Environment variables that are set in it, beside `subject.environment` or in place of what is said there; "
            "with the same placeholders.",
            'environment = { SHOP_CACHE = "{cache_url}" }',
            default={},
            default_words="none",
        ),
        Key(
            "levers.server",
            TABLE,
            "Keys of [`[server]`](#server), such as `workers`.",
            "server = { workers = 2 }",
            default={},
            default_words="none",
        ),
        Key(
            "levers.services",
            TABLE,
            "Keys of [`[services]`](#services), such as `cache`.",
            'services = { cache = "valkey" }',
            default={},
            default_words="none",
        ),
        Key(
            "levers.database",
            TABLE,
            "Keys of [`[database]`](#database), such as `pool`.",
            "database = { pool = 10 }",
            default={},
            default_words="none",
        ),
    ),
    repeated=True,
)

LEVER_TABLES: Mapping[str, tuple[str, ...]] = {
    "environment": ("subject", "environment"),
    "server": ("server",),
    "services": ("services",),
    "database": ("database",),
}
"""Each table of a lever -> where the same keys stand in the file."""


def own_lever(row: Mapping[str, Any]) -> Lever:
    """The lever of one `[[levers]]` table, as checked."""
    changes: dict[str, dict[str, Any]] = {}
    for name, (section, *inside) in LEVER_TABLES.items():
        if row[name]:
            changes.setdefault(section, {}).update({inside[0]: row[name]} if inside else row[name])
    return Lever(row["name"], row["about"], row["costs"], row["risk"], changes, is_own=True)
