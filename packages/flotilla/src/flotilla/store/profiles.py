"""Names and faces of many people at once: one statement a shard, however many they are."""

from collections.abc import Sequence
from typing import LiteralString, NamedTuple

from flotilla.store.database import Work

__all__ = ["ProfileRow", "read"]


class ProfileRow(NamedTuple):
    """What stands beside a person's every mention; the fields of an Author, in their order."""

    account_id: int
    handle: str
    display_name: str
    avatar: str | None
    locked: bool


def read(
    work: Work, account_ids: Sequence[int], *, reader_id: int, but_muted: bool = False, but_blocked: bool = True
) -> dict[int, ProfileRow]:
    """Those of the people who are active and whom the reader (0: a visitor) may meet, by id.

    Who blocks the reader is left out; with `but_blocked` whom the reader blocks, and with `but_muted` whose
    notifications the reader mutes.
    """
    # Which of the three tables are asked is decided here, not in the statement: most lists need two index probes.
    statement: LiteralString = """
        SELECT p.account_id, p.handle, p.display_name, p.avatar, p.locked
        FROM {shard}.profile p JOIN g.account a ON a.id = p.account_id
        WHERE p.account_id = ANY(%(ids)s) AND a.state = 'active'
        AND NOT EXISTS (SELECT FROM {reader}.blocked_by b
            WHERE b.account_id = %(reader_id)s AND b.by_id = p.account_id)
        """
    if but_blocked:
        statement += """
        AND NOT EXISTS (SELECT FROM {reader}.blocks b
            WHERE b.account_id = %(reader_id)s AND b.target_id = p.account_id)
        """
    if but_muted:
        statement += """
        AND NOT EXISTS (SELECT FROM {reader}.mutes m
            WHERE m.account_id = %(reader_id)s AND m.target_id = p.account_id
            AND m.notifications AND (m.expires_at IS NULL OR m.expires_at > now()))
        """
    found: dict[int, ProfileRow] = {}
    for shard, ids in work.shards.by_schema(set(account_ids)).items():
        rows = work.all(
            statement, {"ids": ids, "reader_id": reader_id}, shard=shard, reader=work.shards.schema_of(reader_id)
        )
        found.update((row[0], ProfileRow(*row)) for row in rows)
    return found
