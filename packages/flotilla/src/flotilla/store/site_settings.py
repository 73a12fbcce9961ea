"""Rows of settings that were changed in the page; one that never was has no row."""

from psycopg.types.json import Jsonb

from flotilla.store.database import Work

__all__ = ["all_stored", "forget", "keep"]


def all_stored(work: Work) -> dict[str, object]:
    """Every stored value, by the setting's name."""
    return dict(work.all("SELECT name, value FROM g.site_setting", {}))


def keep(work: Work, name: str, value: object) -> None:
    """Store a value in place of the one before, if any."""
    work.count(
        """
        INSERT INTO g.site_setting (name, value) VALUES (%(name)s, %(value)s)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value
        """,
        {"name": name, "value": Jsonb(value)},
    )


def forget(work: Work, name: str) -> None:
    """Let the environment's value count again."""
    work.count("DELETE FROM g.site_setting WHERE name = %(name)s", {"name": name})
