"""Rows of what a person lets apps do: access tokens, and the codes they are exchanged for; in the person's shard."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flotilla.store.account_states import State
from flotilla.store.database import Work

__all__ = [
    "BearerRow",
    "CodeRow",
    "GrantRow",
    "bearer",
    "delete_of_app",
    "delete_token",
    "granted",
    "insert_code",
    "insert_token",
    "lock_code",
    "mark_used",
    "newcomer",
]


@dataclass(frozen=True, slots=True)
class BearerRow:
    """Who acts by a token, through which app, and how far."""

    handle: str
    display_name: str
    avatar: str | None
    role: str
    state: State
    announcements_dismissed: list[int]
    app_id: int
    scopes: str


@dataclass(frozen=True, slots=True)
class CodeRow:
    """A code as it was given out; `fresh`: not expired; `token_hash`: of the token it was exchanged for."""

    app_id: int
    redirect_uri: str
    scopes: str
    challenge: str
    fresh: bool
    token_hash: bytes | None


@dataclass(frozen=True, slots=True)
class GrantRow:
    """One app that may act for a person: since when, and the scopes of all its tokens, one after the other."""

    app_id: int
    scopes: str
    since: datetime


def bearer(work: Work, *, account_id: int, token_hash: bytes) -> BearerRow | None:
    """Whose token this is; None too when they deleted their account."""
    row = work.one(
        """
        SELECT p.handle, p.display_name, p.avatar, a.role, a.state, p.announcements_dismissed, t.app_id, t.scopes
        FROM {shard}.access_token t
        JOIN {shard}.profile p ON p.account_id = t.account_id
        JOIN g.account a ON a.id = t.account_id AND a.state <> 'deleted'
        WHERE t.account_id = %(account_id)s AND t.token_hash = %(token_hash)s
        """,
        {"account_id": account_id, "token_hash": token_hash},
        shard=work.shards.schema_of(account_id),
    )
    return None if row is None else BearerRow(*row)


def newcomer(work: Work, handle: str) -> int | None:
    """The id of an account that may still have to be confirmed."""
    row = work.one(
        "SELECT id FROM g.account WHERE handle = %(handle)s AND state IN ('active', 'unconfirmed', 'waiting')",
        {"handle": handle},
    )
    return None if row is None else row[0]


def insert_token(work: Work, *, account_id: int, token_hash: bytes, app_id: int, scopes: str) -> datetime:
    """Store a token; when, by the database's clock."""
    row = work.one(
        """
        INSERT INTO {shard}.access_token (account_id, token_hash, app_id, scopes)
        VALUES (%(account_id)s, %(token_hash)s, %(app_id)s, %(scopes)s) RETURNING created_at
        """,
        {"account_id": account_id, "token_hash": token_hash, "app_id": app_id, "scopes": scopes},
        shard=work.shards.schema_of(account_id),
    )
    assert row is not None
    created_at: datetime = row[0]
    return created_at


def delete_token(work: Work, *, account_id: int, token_hash: bytes, app_id: int) -> bool:
    """End a token that the app holds; whether there was one."""
    return bool(
        work.count(
            """
            DELETE FROM {shard}.access_token
            WHERE account_id = %(account_id)s AND token_hash = %(token_hash)s AND app_id = %(app_id)s
            """,
            {"account_id": account_id, "token_hash": token_hash, "app_id": app_id},
            shard=work.shards.schema_of(account_id),
        )
    )


def insert_code(
    work: Work,
    *,
    account_id: int,
    code_hash: bytes,
    app_id: int,
    redirect_uri: str,
    scopes: str,
    challenge: str,
    lifetime: timedelta,
) -> None:
    """Store a code. The account's codes that expired a day ago go: until then, showing one again ends its token."""
    work.count(
        """
        WITH expired AS (
            DELETE FROM {shard}.authorization_code
            WHERE account_id = %(account_id)s AND expires_at < now() - interval '1 day'
        )
        INSERT INTO {shard}.authorization_code
            (account_id, code_hash, app_id, redirect_uri, scopes, challenge, expires_at)
        VALUES (%(account_id)s, %(code_hash)s, %(app_id)s, %(redirect_uri)s, %(scopes)s, %(challenge)s,
            now() + %(lifetime)s)
        """,
        {
            "account_id": account_id,
            "code_hash": code_hash,
            "app_id": app_id,
            "redirect_uri": redirect_uri,
            "scopes": scopes,
            "challenge": challenge,
            "lifetime": lifetime,
        },
        shard=work.shards.schema_of(account_id),
    )


def lock_code(work: Work, *, account_id: int, code_hash: bytes) -> CodeRow | None:
    """The code, held until the transaction ends: of two who show it at the same moment one comes second."""
    row = work.one(
        """
        SELECT app_id, redirect_uri, scopes, challenge, expires_at > now(), token_hash
        FROM {shard}.authorization_code
        WHERE account_id = %(account_id)s AND code_hash = %(code_hash)s FOR UPDATE
        """,
        {"account_id": account_id, "code_hash": code_hash},
        shard=work.shards.schema_of(account_id),
    )
    return None if row is None else CodeRow(*row)


def mark_used(work: Work, *, account_id: int, code_hash: bytes, token_hash: bytes) -> None:
    """Remember which token the code became."""
    work.count(
        """
        UPDATE {shard}.authorization_code SET token_hash = %(token_hash)s
        WHERE account_id = %(account_id)s AND code_hash = %(code_hash)s
        """,
        {"account_id": account_id, "code_hash": code_hash, "token_hash": token_hash},
        shard=work.shards.schema_of(account_id),
    )


def granted(work: Work, account_id: int) -> list[GrantRow]:
    """The apps that may act for the person, newest first."""
    rows = work.all(
        """
        SELECT app_id, string_agg(scopes, ' '), min(created_at) FROM {shard}.access_token
        WHERE account_id = %(account_id)s GROUP BY app_id ORDER BY 3 DESC
        """,
        {"account_id": account_id},
        shard=work.shards.schema_of(account_id),
    )
    return [GrantRow(*row) for row in rows]


def delete_of_app(work: Work, *, account_id: int, app_id: int) -> None:
    """End every token and code that the app holds of the person."""
    work.count(
        """
        WITH codes AS (
            DELETE FROM {shard}.authorization_code WHERE account_id = %(account_id)s AND app_id = %(app_id)s
        )
        DELETE FROM {shard}.access_token WHERE account_id = %(account_id)s AND app_id = %(app_id)s
        """,
        {"account_id": account_id, "app_id": app_id},
        shard=work.shards.schema_of(account_id),
    )
