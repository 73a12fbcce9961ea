"""What a person says of themselves and starts their posts from, as they edit it."""

from typing import LiteralString, NamedTuple

from psycopg.types.json import Jsonb

from flotilla.store.database import Work

__all__ = ["OwnProfileRow", "find", "replace_avatar", "replace_header", "update"]


class OwnProfileRow(NamedTuple):
    """One's own profile; `fields` has a name and a value each; `avatar` and `header` are files."""

    display_name: str
    bio: str
    fields: list[dict[str, str]]
    avatar: str | None
    header: str | None
    locked: bool
    bot: bool
    discoverable: bool
    language: str
    default_visibility: int
    default_sensitive: bool


def find(work: Work, account_id: int, *, hold: bool = False) -> OwnProfileRow:
    """The profile of an account that exists; with `hold` nobody else changes it until the transaction ends."""
    statement: LiteralString = """
        SELECT display_name, bio, fields, avatar, header, locked, bot, discoverable, language, default_visibility,
            default_sensitive
        FROM {shard}.profile WHERE account_id = %(account_id)s
        """
    if hold:
        statement += "FOR NO KEY UPDATE"
    row = work.one(statement, {"account_id": account_id}, shard=work.shards.schema_of(account_id))
    assert row is not None, "an account always has its profile"
    return OwnProfileRow._make(row)


def update(work: Work, account_id: int, row: OwnProfileRow) -> None:
    """Store everything of the profile but its pictures and whether it is locked."""
    work.count(
        """
        UPDATE {shard}.profile SET display_name = %(display_name)s, bio = %(bio)s, fields = %(fields)s, bot = %(bot)s,
            discoverable = %(discoverable)s, language = %(language)s, default_visibility = %(default_visibility)s,
            default_sensitive = %(default_sensitive)s
        WHERE account_id = %(account_id)s
        """,
        {**row._asdict(), "fields": Jsonb(row.fields), "account_id": account_id},
        shard=work.shards.schema_of(account_id),
    )


def replace_avatar(work: Work, account_id: int, file: str | None) -> bool:
    """Store another avatar, or none; whether the account is still there. The former one's files may go."""
    return bool(
        work.count(
            "UPDATE {shard}.profile SET avatar = %(file)s WHERE account_id = %(account_id)s",
            {"account_id": account_id, "file": file},
            shard=work.shards.schema_of(account_id),
        )
    )


def replace_header(work: Work, account_id: int, file: str | None) -> bool:
    """Store another header, or none; whether the account is still there. The former one's files may go."""
    return bool(
        work.count(
            "UPDATE {shard}.profile SET header = %(file)s WHERE account_id = %(account_id)s",
            {"account_id": account_id, "file": file},
            shard=work.shards.schema_of(account_id),
        )
    )
