"""Rows of blocks: the edge in the shard of whoever blocks, its mirror in the shard of whoever is blocked.

Each function that changes something expects both people to be held by `people.lock`.
"""

from flotilla.store.database import Work

__all__ = ["delete", "exists", "exists_against", "insert"]


def exists(work: Work, *, account_id: int, target_id: int) -> bool:
    """Whether the one blocks the other."""
    row = work.one(
        "SELECT 1 FROM {shard}.blocks WHERE account_id = %(account_id)s AND target_id = %(target_id)s",
        {"account_id": account_id, "target_id": target_id},
        shard=work.shards.schema_of(account_id),
    )
    return row is not None


def exists_against(work: Work, *, account_id: int, by_id: int) -> bool:
    """Whether that account is blocked by the other; asked on the side of whoever is blocked."""
    row = work.one(
        "SELECT 1 FROM {shard}.blocked_by WHERE account_id = %(account_id)s AND by_id = %(by_id)s",
        {"account_id": account_id, "by_id": by_id},
        shard=work.shards.schema_of(account_id),
    )
    return row is not None


def insert(work: Work, *, account_id: int, target_id: int) -> bool:
    """Store a block with its mirror; whether it was new."""
    keys: dict[str, object] = {"account_id": account_id, "target_id": target_id}
    edge = """
        INSERT INTO {shard}.blocks (account_id, target_id) VALUES (%(account_id)s, %(target_id)s)
        ON CONFLICT DO NOTHING
        """
    if not work.count(edge, keys, shard=work.shards.schema_of(account_id)):
        return False
    work.count(
        "INSERT INTO {shard}.blocked_by (account_id, by_id) VALUES (%(target_id)s, %(account_id)s)",
        keys,
        shard=work.shards.schema_of(target_id),
    )
    return True


def delete(work: Work, *, account_id: int, target_id: int) -> bool:
    """Remove a block with its mirror; whether there was one."""
    keys: dict[str, object] = {"account_id": account_id, "target_id": target_id}
    edge = "DELETE FROM {shard}.blocks WHERE account_id = %(account_id)s AND target_id = %(target_id)s"
    if not work.count(edge, keys, shard=work.shards.schema_of(account_id)):
        return False
    work.count(
        "DELETE FROM {shard}.blocked_by WHERE account_id = %(target_id)s AND by_id = %(account_id)s",
        keys,
        shard=work.shards.schema_of(target_id),
    )
    return True
