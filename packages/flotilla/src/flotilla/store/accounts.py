"""Rows of people: the directory of accounts in the global schema `g`, the rest in each person's own shard."""

from collections.abc import Iterable
from dataclasses import dataclass

from flotilla.store.account_states import State
from flotilla.store.database import Work

__all__ = ["PersonRow", "active", "id_of", "insert", "is_active", "is_locked", "person", "set_locked"]


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A profile with its counts; `followed` to `muted`: what is between the asking account and it."""

    account_id: int
    handle: str
    display_name: str
    bio: str
    posts: int
    followers: int
    following: int
    followed: bool
    avatar: str | None
    header: str | None
    fields: list[dict[str, str]]
    locked: bool
    bot: bool
    discoverable: bool
    follows_reader: bool
    requested: bool
    blocked: bool
    muted: bool


def insert(
    work: Work,
    *,
    handle: str,
    bucket: int,
    display_name: str,
    password_hash: str,
    state: State = "active",
    invited_by: int | None = None,
    reason: str = "",
    accepts_rules: bool = False,
) -> int | None:
    """Make an account with everything it owns from the start; its id, None when the handle is taken."""
    shard = work.shards.schema_of_bucket(bucket)
    row = work.one(
        """
        INSERT INTO g.account (id, handle, bucket, state, invited_by, reason, rules_accepted_at)
        VALUES ({shard}.next_id(%(bucket)s), %(handle)s, %(bucket)s, %(state)s, %(invited_by)s, %(reason)s,
            CASE WHEN %(accepts_rules)s THEN now() END)
        ON CONFLICT DO NOTHING RETURNING id
        """,
        {
            "handle": handle,
            "bucket": bucket,
            "state": state,
            "invited_by": invited_by,
            "reason": reason,
            "accepts_rules": accepts_rules,
        },
        shard=shard,
    )
    if row is None:
        return None
    account_id: int = row[0]
    work.count(
        """
        WITH owner AS (
            INSERT INTO {shard}.profile (account_id, handle, display_name)
            VALUES (%(account_id)s, %(handle)s, %(display_name)s)
        ), stats AS (
            INSERT INTO {shard}.author_stats (author_id) VALUES (%(account_id)s)
        )
        INSERT INTO {shard}.credential (account_id, password_hash) VALUES (%(account_id)s, %(password_hash)s)
        """,
        {"account_id": account_id, "handle": handle, "display_name": display_name, "password_hash": password_hash},
        shard=shard,
    )
    return account_id


def id_of(work: Work, handle: str) -> int | None:
    """The id of an active account."""
    row = work.one("SELECT id FROM g.account WHERE handle = %(handle)s AND state = 'active'", {"handle": handle})
    return None if row is None else row[0]


def active(work: Work, names: Iterable[str | int]) -> dict[str | int, int]:
    """Of handles and ids those that are active accounts', with the id of each."""
    asked = set(names)
    rows = work.all(
        "SELECT id, handle FROM g.account WHERE (handle = ANY(%(handles)s) OR id = ANY(%(ids)s)) AND state = 'active'",
        {
            "handles": [name for name in asked if isinstance(name, str)],
            "ids": [name for name in asked if isinstance(name, int)],
        },
    )
    found: dict[str | int, int] = {}
    for account_id, handle in rows:
        found |= {name: account_id for name in (account_id, handle) if name in asked}
    return found


def is_active(work: Work, account_id: int) -> bool:
    """Whether there is an active account of that id."""
    row = work.one("SELECT 1 FROM g.account WHERE id = %(id)s AND state = 'active'", {"id": account_id})
    return row is not None


def is_locked(work: Work, account_id: int) -> bool:
    """Whether that person wants to be asked before somebody follows them."""
    row = work.one(
        "SELECT locked FROM {shard}.profile WHERE account_id = %(account_id)s",
        {"account_id": account_id},
        shard=work.shards.schema_of(account_id),
    )
    return row is not None and bool(row[0])


def set_locked(work: Work, account_id: int, *, locked: bool) -> None:
    """Whether that person wants to be asked; expects `people.lock`, so that nobody asks and follows at once."""
    work.count(
        "UPDATE {shard}.profile SET locked = %(locked)s WHERE account_id = %(account_id)s",
        {"account_id": account_id, "locked": locked},
        shard=work.shards.schema_of(account_id),
    )


def person(work: Work, handle: str, *, reader_id: int) -> PersonRow | None:
    """The profile and counts of an active person, as `reader_id` (0: a visitor) sees them; None if they block it."""
    for shard in work.shards.schemas:
        row = work.one(
            """
            SELECT a.id, p.handle, p.display_name, p.bio, s.posts, s.followers, s.following,
                EXISTS (SELECT FROM {reader}.following f
                        WHERE f.follower_id = %(reader_id)s AND f.followee_id = a.id),
                p.avatar, p.header, p.fields, p.locked, p.bot, p.discoverable,
                EXISTS (SELECT FROM {reader}.followers f
                        WHERE f.followee_id = %(reader_id)s AND f.follower_id = a.id),
                EXISTS (SELECT FROM {reader}.follow_requests r
                        WHERE r.requester_id = %(reader_id)s AND r.target_id = a.id),
                EXISTS (SELECT FROM {reader}.blocks b
                        WHERE b.account_id = %(reader_id)s AND b.target_id = a.id),
                EXISTS (SELECT FROM {reader}.mutes m
                        WHERE m.account_id = %(reader_id)s AND m.target_id = a.id
                        AND (m.expires_at IS NULL OR m.expires_at > now()))
            FROM g.account a
            JOIN {shard}.profile p ON p.account_id = a.id
            JOIN {shard}.author_stats s ON s.author_id = a.id
            WHERE a.handle = %(handle)s AND a.state = 'active'
            AND NOT EXISTS (SELECT FROM {reader}.blocked_by b
                            WHERE b.account_id = %(reader_id)s AND b.by_id = a.id)
            """,
            {"handle": handle, "reader_id": reader_id},
            shard=shard,
            reader=work.shards.schema_of(reader_id),
        )
        if row is not None:
            return PersonRow(*row)
    return None
