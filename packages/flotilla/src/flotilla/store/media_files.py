"""Which files rows know, and the names of those that no row knows any more.

A trigger writes these down whenever a row that knew of files goes; see the migration.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from flotilla.store.database import Work

__all__ = ["OwnerRow", "forget_gone", "gone", "known", "known_page", "of_account", "owners"]


@dataclass(frozen=True, slots=True)
class OwnerRow:
    """Whose a file is, and whether they are suspended."""

    account_id: int
    suspended: bool


def gone(work: Work, shard: str, *, limit: int) -> list[str]:
    """Names of files to be removed from the disk, held until the transaction ends; others' sweeps skip them."""
    rows = work.all(
        "SELECT file FROM {shard}.media_gone ORDER BY gone_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED",
        {"limit": limit},
        shard=shard,
    )
    return [file for (file,) in rows]


def forget_gone(work: Work, shard: str, files: Sequence[str]) -> None:
    """These files are removed from the disk."""
    work.count("DELETE FROM {shard}.media_gone WHERE file = ANY(%(files)s)", {"files": list(files)}, shard=shard)


def known(work: Work, files: Sequence[str]) -> frozenset[str]:
    """Which of these files a row knows: of a picture, an avatar, a header, or of what is to be removed."""
    found: set[str] = set()
    for shard in work.shards.schemas:
        rows = work.all(
            """
            SELECT file FROM {shard}.media WHERE file = ANY(%(files)s)
            UNION ALL SELECT source FROM {shard}.media WHERE source = ANY(%(files)s)
            UNION ALL SELECT file FROM {shard}.media_gone WHERE file = ANY(%(files)s)
            UNION ALL SELECT avatar FROM {shard}.profile WHERE avatar = ANY(%(files)s)
            UNION ALL SELECT header FROM {shard}.profile WHERE header = ANY(%(files)s)
            """,
            {"files": list(files)},
            shard=shard,
        )
        found |= {file for (file,) in rows}
    return frozenset(found)


def known_page(work: Work, shard: str, *, after: str, limit: int) -> list[str]:
    """Files that rows of a shard know, in order of their names, from behind `after` on."""
    rows = work.all(
        """
        SELECT file FROM (
            (SELECT file FROM {shard}.media WHERE file > %(after)s ORDER BY file LIMIT %(limit)s)
            UNION ALL
            (SELECT avatar FROM {shard}.profile WHERE avatar > %(after)s ORDER BY avatar LIMIT %(limit)s)
            UNION ALL
            (SELECT header FROM {shard}.profile WHERE header > %(after)s ORDER BY header LIMIT %(limit)s)
        ) known ORDER BY file LIMIT %(limit)s
        """,
        {"after": after, "limit": limit},
        shard=shard,
    )
    return [file for (file,) in rows]


def of_account(work: Work, account_id: int, *, after: str, limit: int) -> list[str]:
    """Files of an account's pictures, avatar and header, in order of their names, from behind `after` on."""
    rows = work.all(
        """
        SELECT file FROM (
            SELECT file FROM {shard}.media WHERE account_id = %(account_id)s
            UNION ALL SELECT avatar FROM {shard}.profile WHERE account_id = %(account_id)s
            UNION ALL SELECT header FROM {shard}.profile WHERE account_id = %(account_id)s
        ) own WHERE file > %(after)s ORDER BY file LIMIT %(limit)s
        """,
        {"account_id": account_id, "after": after, "limit": limit},
        shard=work.shards.schema_of(account_id),
    )
    return [file for (file,) in rows]


def owners(work: Work, files: Sequence[str]) -> dict[str, OwnerRow]:
    """Whose these files are; of those that no row knows, nothing."""
    found: dict[str, OwnerRow] = {}
    for shard in work.shards.schemas:
        rows = work.all(
            """
            SELECT own.file, own.account_id, a.state = 'suspended' FROM (
                SELECT file, account_id FROM {shard}.media WHERE file = ANY(%(files)s)
                UNION ALL SELECT avatar, account_id FROM {shard}.profile WHERE avatar = ANY(%(files)s)
                UNION ALL SELECT header, account_id FROM {shard}.profile WHERE header = ANY(%(files)s)
            ) own JOIN g.account a ON a.id = own.account_id
            """,
            {"files": list(files)},
            shard=shard,
        )
        found |= {file: OwnerRow(account_id, suspended) for file, account_id, suspended in rows}
    return found
