"""Rows of single-use tokens, in the shard of whoever they were made for. A token is never stored, only its SHA-256."""

from datetime import timedelta
from typing import Literal

from flotilla.store.database import Work

__all__ = ["Purpose", "delete_all", "find", "insert", "newest_email", "take"]

Purpose = Literal["confirm", "reset", "second_step"]


def insert(
    work: Work, *, account_id: int, token_hash: bytes, purpose: Purpose, lifetime: timedelta, email: str | None = None
) -> None:
    """Store a token; the account's expired ones go."""
    work.count(
        """
        WITH expired AS (
            DELETE FROM {shard}.account_token WHERE account_id = %(account_id)s AND expires_at <= now()
        )
        INSERT INTO {shard}.account_token (account_id, token_hash, purpose, email, expires_at)
        VALUES (%(account_id)s, %(token_hash)s, %(purpose)s, %(email)s, now() + %(lifetime)s)
        """,
        {
            "account_id": account_id,
            "token_hash": token_hash,
            "purpose": purpose,
            "email": email,
            "lifetime": lifetime,
        },
        shard=work.shards.schema_of(account_id),
    )


def find(work: Work, *, account_id: int, token_hash: bytes, purpose: Purpose) -> bool:
    """Whether there is such an unexpired token."""
    row = work.one(
        """
        SELECT FROM {shard}.account_token WHERE account_id = %(account_id)s AND token_hash = %(token_hash)s
            AND purpose = %(purpose)s AND expires_at > now()
        """,
        {"account_id": account_id, "token_hash": token_hash, "purpose": purpose},
        shard=work.shards.schema_of(account_id),
    )
    return row is not None


def take(work: Work, *, account_id: int, token_hash: bytes, purpose: Purpose) -> tuple[str | None] | None:
    """Use an unexpired token up: its address in a tuple, None without such a token."""
    row = work.one(
        """
        DELETE FROM {shard}.account_token WHERE account_id = %(account_id)s AND token_hash = %(token_hash)s
            AND purpose = %(purpose)s AND expires_at > now()
        RETURNING email
        """,
        {"account_id": account_id, "token_hash": token_hash, "purpose": purpose},
        shard=work.shards.schema_of(account_id),
    )
    return None if row is None else (row[0],)


def delete_all(work: Work, *, account_id: int, purposes: tuple[Purpose, ...]) -> None:
    """Make every token of these purposes worthless."""
    work.count(
        "DELETE FROM {shard}.account_token WHERE account_id = %(account_id)s AND purpose = ANY(%(purposes)s)",
        {"account_id": account_id, "purposes": list(purposes)},
        shard=work.shards.schema_of(account_id),
    )


def newest_email(work: Work, account_id: int, *, unless_left: timedelta) -> str | None:
    """The address that was last to be confirmed, whether or not its link still works.

    None, too, when that link is good for `unless_left` or longer, for then it was sent just now.
    """
    row = work.one(
        """
        SELECT CASE WHEN expires_at < now() + %(unless_left)s THEN email END FROM {shard}.account_token
        WHERE account_id = %(account_id)s AND purpose = 'confirm' ORDER BY expires_at DESC LIMIT 1
        """,
        {"account_id": account_id, "unless_left": unless_left},
        shard=work.shards.schema_of(account_id),
    )
    return None if row is None else row[0]
