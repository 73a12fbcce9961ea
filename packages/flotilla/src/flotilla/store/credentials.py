"""Rows of passwords' hashes, in the shard of the person."""

from dataclasses import dataclass
from typing import LiteralString

from flotilla.store.account_states import State
from flotilla.store.database import Work

__all__ = ["CredentialRow", "find", "held", "lock", "password_hash", "renew", "replace", "revoke_apps"]


@dataclass(frozen=True, slots=True)
class CredentialRow:
    """What signing in needs of an account that was not deleted."""

    account_id: int
    handle: str
    display_name: str
    password_hash: str
    state: State


def find(work: Work, handle: str) -> CredentialRow | None:
    """What signing in as that person needs; None for nobody."""
    for shard in work.shards.schemas:
        row = work.one(
            """
            SELECT a.id, p.handle, p.display_name, c.password_hash, a.state
            FROM g.account a
            JOIN {shard}.profile p ON p.account_id = a.id
            JOIN {shard}.credential c ON c.account_id = a.id
            WHERE a.handle = %(handle)s AND a.state <> 'deleted'
            """,
            {"handle": handle},
            shard=shard,
        )
        if row is not None:
            return CredentialRow(*row)
    return None


def password_hash(work: Work, account_id: int) -> str | None:
    """The hash of an account's password."""
    row = work.one(
        "SELECT password_hash FROM {shard}.credential WHERE account_id = %(account_id)s",
        {"account_id": account_id},
        shard=work.shards.schema_of(account_id),
    )
    return None if row is None else row[0]


def held(work: Work, *, account_id: int, password_hash: str) -> bool:
    """Whether the hash is still this one; if so, nobody changes it until the transaction ends."""
    row = work.one(
        """
        SELECT FROM {shard}.credential
        WHERE account_id = %(account_id)s AND password_hash = %(password_hash)s FOR SHARE
        """,
        {"account_id": account_id, "password_hash": password_hash},
        shard=work.shards.schema_of(account_id),
    )
    return row is not None


def lock(work: Work, account_id: int, *, to_change: bool = False) -> None:
    """Let nobody change the password until the transaction ends; `to_change`: but this transaction.

    Taken before any other lock on the account's rows, by whoever signs somebody in, changes a password or closes an
    account, so that none of them waits for another in a circle.
    """
    statement: LiteralString = "SELECT FROM {shard}.credential WHERE account_id = %(account_id)s FOR "
    work.one(
        statement + ("UPDATE" if to_change else "SHARE"),
        {"account_id": account_id},
        shard=work.shards.schema_of(account_id),
    )


def renew(work: Work, *, account_id: int, old_hash: str, new_hash: str) -> bool:
    """Store the hash of the same password made with today's cost; False when the password was changed in between."""
    return bool(
        work.count(
            """
            UPDATE {shard}.credential SET password_hash = %(new_hash)s
            WHERE account_id = %(account_id)s AND password_hash = %(old_hash)s
            """,
            {"account_id": account_id, "old_hash": old_hash, "new_hash": new_hash},
            shard=work.shards.schema_of(account_id),
        )
    )


def revoke_apps(work: Work, account_id: int) -> None:
    """Make every token and code worthless by which apps act for the account."""
    for statement in (
        "DELETE FROM {shard}.authorization_code WHERE account_id = %(account_id)s",
        "DELETE FROM {shard}.access_token WHERE account_id = %(account_id)s",
    ):
        work.count(statement, {"account_id": account_id}, shard=work.shards.schema_of(account_id))


def replace(work: Work, *, account_id: int, new_hash: str) -> None:
    """Store the hash of another password."""
    work.count(
        "UPDATE {shard}.credential SET password_hash = %(new_hash)s WHERE account_id = %(account_id)s",
        {"account_id": account_id, "new_hash": new_hash},
        shard=work.shards.schema_of(account_id),
    )
