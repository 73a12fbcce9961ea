"""Rows of mutes, in the shard of whoever mutes; there is no mirror, for nobody else ever asks."""

from datetime import timedelta

from flotilla.store.database import Work

__all__ = ["delete", "forget_expired", "insert"]


def insert(work: Work, *, account_id: int, target_id: int, lifetime: timedelta | None, notifications: bool) -> None:
    """Mute a person for `lifetime`, None: until it is taken back; a mute there is already is replaced."""
    work.count(
        """
        INSERT INTO {shard}.mutes AS m (account_id, target_id, expires_at, notifications)
        VALUES (%(account_id)s, %(target_id)s, now() + %(lifetime)s::interval, %(notifications)s)
        ON CONFLICT (account_id, target_id)
        DO UPDATE SET expires_at = excluded.expires_at, notifications = excluded.notifications
        """,
        {
            "account_id": account_id,
            "target_id": target_id,
            "lifetime": lifetime,
            "notifications": notifications,
        },
        shard=work.shards.schema_of(account_id),
    )


def delete(work: Work, *, account_id: int, target_id: int) -> None:
    """Remove a mute, if there is one."""
    work.count(
        "DELETE FROM {shard}.mutes WHERE account_id = %(account_id)s AND target_id = %(target_id)s",
        {"account_id": account_id, "target_id": target_id},
        shard=work.shards.schema_of(account_id),
    )


def forget_expired(work: Work, *, most: int) -> int:
    """Remove at most so many mutes in each shard that have run out; how many."""
    removed = 0
    for shard in work.shards.schemas:
        removed += work.count(
            """
            DELETE FROM {shard}.mutes WHERE (account_id, target_id) IN (
                SELECT account_id, target_id FROM {shard}.mutes WHERE expires_at <= now() LIMIT %(most)s
            ) AND expires_at <= now()
            """,
            {"most": most},
            shard=shard,
        )
    return removed
