"""Rows of follow requests: the edge in the requester's shard, its mirror in the shard of whoever is asked.

Each function that changes something expects both people to be held by `people.lock`.
"""

from flotilla.store.database import Work

__all__ = ["delete", "insert"]


def insert(work: Work, *, requester_id: int, target_id: int) -> bool:
    """Store a request with its mirror; whether it was new."""
    keys: dict[str, object] = {"requester_id": requester_id, "target_id": target_id}
    edge = """
        INSERT INTO {shard}.follow_requests (requester_id, target_id) VALUES (%(requester_id)s, %(target_id)s)
        ON CONFLICT DO NOTHING
        """
    if not work.count(edge, keys, shard=work.shards.schema_of(requester_id)):
        return False
    work.count(
        """
        INSERT INTO {shard}.follow_requests_received (target_id, requester_id)
        VALUES (%(target_id)s, %(requester_id)s)
        """,
        keys,
        shard=work.shards.schema_of(target_id),
    )
    return True


def delete(work: Work, *, requester_id: int, target_id: int) -> bool:
    """Remove a request with its mirror; whether there was one."""
    keys: dict[str, object] = {"requester_id": requester_id, "target_id": target_id}
    edge = "DELETE FROM {shard}.follow_requests WHERE requester_id = %(requester_id)s AND target_id = %(target_id)s"
    if not work.count(edge, keys, shard=work.shards.schema_of(requester_id)):
        return False
    work.count(
        """
        DELETE FROM {shard}.follow_requests_received
        WHERE target_id = %(target_id)s AND requester_id = %(requester_id)s
        """,
        keys,
        shard=work.shards.schema_of(target_id),
    )
    return True
