"""Rows of sessions, in the shard of whoever signed in. A token is never stored, only its SHA-256."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flotilla.store.database import Work

__all__ = [
    "OpenRow",
    "SessionRow",
    "delete",
    "delete_all",
    "find",
    "forget_expired",
    "insert",
    "of_account",
    "person",
    "seen",
]


@dataclass(frozen=True, slots=True)
class SessionRow:
    """The person of a session, as each request needs them."""

    handle: str
    display_name: str
    role: str
    announcements_dismissed: list[int]
    unread_notifications: int
    seen_today: bool
    language: str
    avatar: str | None
    default_visibility: int
    default_sensitive: bool
    unread_messages: int
    visibility_epoch: int


@dataclass(frozen=True, slots=True)
class OpenRow:
    """A session as its owner sees it; `token_hash` names it."""

    token_hash: bytes
    device: str
    made_at: datetime
    last_seen: date


def insert(
    work: Work, *, account_id: int, token_hash: bytes, lifetime: timedelta, device: str, most: int
) -> tuple[datetime, int]:
    """Open a session; when it expires, by the database's clock, and how many others went to make room.

    The account's expired ones go, and of the others those seen longest ago, so that it has no more than `most`.
    """
    row = work.one(
        """
        WITH gone AS (
            DELETE FROM {shard}.sessions WHERE account_id = %(account_id)s AND token_hash NOT IN (
                SELECT token_hash FROM {shard}.sessions WHERE account_id = %(account_id)s AND expires_at > now()
                ORDER BY last_seen DESC, made_at DESC LIMIT %(others)s
            ) RETURNING expires_at > now() AS was_open
        )
        INSERT INTO {shard}.sessions (account_id, token_hash, expires_at, device)
        VALUES (%(account_id)s, %(token_hash)s, now() + %(lifetime)s, %(device)s)
        RETURNING expires_at, (SELECT count(*) FILTER (WHERE was_open) FROM gone)
        """,
        {
            "account_id": account_id,
            "token_hash": token_hash,
            "lifetime": lifetime,
            "device": device,
            "others": most - 1,
        },
        shard=work.shards.schema_of(account_id),
    )
    assert row is not None
    expires_at, ended = row
    return expires_at, ended


def find(work: Work, *, account_id: int, token_hash: bytes) -> SessionRow | None:
    """Whose unexpired session this is; None too when that account is not active any more."""
    row = work.one(
        """
        SELECT p.handle, p.display_name, a.role, p.announcements_dismissed,
            (SELECT count(*) FROM (
                SELECT FROM {shard}.notification_groups n
                WHERE n.account_id = s.account_id AND n.last_id > coalesce((SELECT m.last_read_id FROM {shard}.markers m
                    WHERE m.account_id = s.account_id AND m.timeline = 'notifications'), 0)
                LIMIT 100
            ) new), s.last_seen >= current_date,
            p.language, p.avatar, p.default_visibility, p.default_sensitive,
            (SELECT count(*) FROM (
                SELECT FROM {shard}.conversations c
                WHERE c.account_id = s.account_id AND c.last_post_id > c.last_read_id
                LIMIT 100
            ) new), (SELECT last_value FROM g.visibility_epoch)
        FROM {shard}.sessions s
        JOIN {shard}.profile p ON p.account_id = s.account_id
        JOIN g.account a ON a.id = s.account_id
        WHERE s.account_id = %(account_id)s AND s.token_hash = %(token_hash)s AND s.expires_at > now()
            AND a.state = 'active'
        """,
        {"account_id": account_id, "token_hash": token_hash},
        shard=work.shards.schema_of(account_id),
    )
    return None if row is None else SessionRow(*row)


def person(work: Work, account_id: int) -> tuple[str, str] | None:
    """Handle and display name of whom a session is opened for."""
    row = work.one(
        "SELECT handle, display_name FROM {shard}.profile WHERE account_id = %(account_id)s",
        {"account_id": account_id},
        shard=work.shards.schema_of(account_id),
    )
    return None if row is None else (row[0], row[1])


def seen(work: Work, *, account_id: int, token_hash: bytes) -> None:
    """Note that the session is used today."""
    work.count(
        """
        UPDATE {shard}.sessions SET last_seen = current_date
        WHERE account_id = %(account_id)s AND token_hash = %(token_hash)s AND last_seen < current_date
        """,
        {"account_id": account_id, "token_hash": token_hash},
        shard=work.shards.schema_of(account_id),
    )


def of_account(work: Work, account_id: int, *, limit: int) -> list[OpenRow]:
    """An account's sessions, the one seen last first."""
    rows = work.all(
        """
        SELECT token_hash, device, made_at, last_seen FROM {shard}.sessions
        WHERE account_id = %(account_id)s AND expires_at > now() ORDER BY last_seen DESC, made_at DESC LIMIT %(limit)s
        """,
        {"account_id": account_id, "limit": limit},
        shard=work.shards.schema_of(account_id),
    )
    return [OpenRow(bytes(row[0]), *row[1:]) for row in rows]


def delete(work: Work, *, account_id: int, token_hash: bytes) -> None:
    """End a session, if there is one."""
    work.count(
        "DELETE FROM {shard}.sessions WHERE account_id = %(account_id)s AND token_hash = %(token_hash)s",
        {"account_id": account_id, "token_hash": token_hash},
        shard=work.shards.schema_of(account_id),
    )


def delete_all(work: Work, account_id: int, *, but: bytes | None = None) -> None:
    """End every session of an account, but for the one with that token's hash."""
    work.count(
        """
        DELETE FROM {shard}.sessions
        WHERE account_id = %(account_id)s AND token_hash IS DISTINCT FROM %(but)s
        """,
        {"account_id": account_id, "but": but},
        shard=work.shards.schema_of(account_id),
    )


def forget_expired(work: Work, *, most: int) -> int:
    """Remove at most so many expired sessions in each shard; how many."""
    return sum(
        work.count(
            """
            DELETE FROM {shard}.sessions WHERE ctid = ANY(ARRAY(
                SELECT ctid FROM {shard}.sessions WHERE expires_at <= now() LIMIT %(most)s
            ))
            """,
            {"most": most},
            shard=shard,
        )
        for shard in work.shards.schemas
    )
