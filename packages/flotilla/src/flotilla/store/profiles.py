"""Names and faces of people: one statement a shard, however many they are."""

from collections.abc import Collection
from typing import LiteralString, NamedTuple

from flotilla.store.database import Work

__all__ = ["ProfileRow", "find", "find_by_handle", "read", "read_all"]

_COLUMNS: LiteralString = """
    SELECT p.account_id, p.handle, p.display_name, p.avatar, p.locked
    FROM {shard}.profile p JOIN g.account a ON a.id = p.account_id
    WHERE a.state = 'active'"""
_NOT_BLOCKED_BY: LiteralString = """
    AND NOT EXISTS (SELECT FROM {reader}.blocked_by b WHERE b.account_id = %(reader_id)s AND b.by_id = p.account_id)"""
_NOT_BLOCKED: LiteralString = """
    AND NOT EXISTS (SELECT FROM {reader}.blocks b WHERE b.account_id = %(reader_id)s AND b.target_id = p.account_id)"""
_NOT_MUTED: LiteralString = """
    AND NOT EXISTS (SELECT FROM {reader}.mutes m WHERE m.account_id = %(reader_id)s AND m.target_id = p.account_id
        AND m.notifications AND (m.expires_at IS NULL OR m.expires_at > now()))"""
_AMONG: LiteralString = " AND p.account_id = ANY(%(ids)s)"


class ProfileRow(NamedTuple):
    """What stands beside a person's every mention; the fields of an Author, in their order."""

    account_id: int
    handle: str
    display_name: str
    avatar: str | None
    locked: bool


def find(work: Work, account_id: int, *, reader_id: int) -> ProfileRow | None:
    """The active person of that id, unless they block the reader (0: a visitor)."""
    return _read(work, _COLUMNS + _AMONG + _NOT_BLOCKED_BY, [account_id], reader_id=reader_id).get(account_id)


def find_by_handle(work: Work, handle: str, *, reader_id: int) -> ProfileRow | None:
    """The active person of that handle, unless they block the reader (0: a visitor)."""
    for shard in work.shards.schemas:
        row = work.one(
            _COLUMNS + " AND a.handle = %(handle)s" + _NOT_BLOCKED_BY,
            {"handle": handle, "reader_id": reader_id},
            shard=shard,
            reader=work.shards.schema_of(reader_id),
        )
        if row is not None:
            return ProfileRow(*row)
    return None


def read(
    work: Work,
    account_ids: Collection[int],
    *,
    reader_id: int,
    but_muted: bool = False,
    but_blocked: bool = True,
    only_discoverable: bool = False,
) -> dict[int, ProfileRow]:
    """Those of the people who are active and do not block the reader (0: a visitor), by id.

    With `but_blocked` also without those whom the reader blocks, with `but_muted` without those whose notifications the
    reader mutes, with `only_discoverable` without those who do not want to be suggested to others
    or are silenced.
    """
    # Which tables are asked is decided here, not in the statement: most lists need one or two probes of an index each.
    statement = _COLUMNS + _AMONG + _NOT_BLOCKED_BY
    if but_blocked:
        statement += _NOT_BLOCKED
    if but_muted:
        statement += _NOT_MUTED
    if only_discoverable:
        statement += " AND p.discoverable AND NOT a.silenced"
    return _read(work, statement, account_ids, reader_id=reader_id)


def read_all(work: Work, account_ids: Collection[int]) -> dict[int, ProfileRow]:
    """Those of the people who are active, whatever is between them and whoever asks, by id."""
    return _read(work, _COLUMNS + _AMONG, account_ids, reader_id=0)


def _read(
    work: Work, statement: LiteralString, account_ids: Collection[int], *, reader_id: int
) -> dict[int, ProfileRow]:
    found: dict[int, ProfileRow] = {}
    for shard, ids in work.shards.by_schema(account_ids).items():
        rows = work.all(
            statement, {"ids": ids, "reader_id": reader_id}, shard=shard, reader=work.shards.schema_of(reader_id)
        )
        found.update((row[0], ProfileRow(*row)) for row in rows)
    return found
