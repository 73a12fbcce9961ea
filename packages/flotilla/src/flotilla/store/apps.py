"""Rows of apps, in the global schema: there are few, and everyone's shard needs them."""

from collections.abc import Sequence
from dataclasses import dataclass

from flotilla.store.database import Work

__all__ = ["AppRow", "by_client_id", "delete_token", "find", "forget_unused", "insert", "insert_token", "with_token"]

APP_TOKENS_MAX = 20


@dataclass(frozen=True, slots=True)
class AppRow:
    """An app as it was registered; `secret_hash` is the SHA-256 of its secret."""

    app_id: int
    client_id: str
    secret_hash: bytes
    name: str
    website: str
    redirect_uris: list[str]
    scopes: str


def insert(
    work: Work,
    *,
    client_id: str,
    secret_hash: bytes,
    name: str,
    website: str,
    redirect_uris: Sequence[str],
    scopes: str,
) -> int:
    """Register an app; its id."""
    row = work.one(
        """
        INSERT INTO g.app (client_id, secret_hash, name, website, redirect_uris, scopes)
        VALUES (%(client_id)s, %(secret_hash)s, %(name)s, %(website)s, %(redirect_uris)s, %(scopes)s) RETURNING id
        """,
        {
            "client_id": client_id,
            "secret_hash": secret_hash,
            "name": name,
            "website": website,
            "redirect_uris": list(redirect_uris),
            "scopes": scopes,
        },
    )
    assert row is not None
    app_id: int = row[0]
    return app_id


def by_client_id(work: Work, client_id: str) -> AppRow | None:
    """The app of that client id."""
    row = work.one(
        """
        SELECT id, client_id, secret_hash, name, website, redirect_uris, scopes FROM g.app
        WHERE client_id = %(client_id)s
        """,
        {"client_id": client_id},
    )
    return None if row is None else AppRow(*row)


def find(work: Work, app_ids: Sequence[int]) -> dict[int, AppRow]:
    """Those of the apps that exist."""
    rows = work.all(
        """
        SELECT id, client_id, secret_hash, name, website, redirect_uris, scopes FROM g.app
        WHERE id = ANY(%(app_ids)s)
        """,
        {"app_ids": list(app_ids)},
    )
    return {row[0]: AppRow(*row) for row in rows}


def insert_token(work: Work, *, app_id: int, token_hash: bytes, scopes: str) -> None:
    """Store a token of the app itself. It has a bounded number of them: the oldest goes."""
    work.count(
        """
        WITH too_many AS (
            DELETE FROM g.app_token WHERE token_hash IN (
                SELECT token_hash FROM g.app_token WHERE app_id = %(app_id)s
                ORDER BY created_at DESC OFFSET %(kept)s
            )
        )
        INSERT INTO g.app_token (token_hash, app_id, scopes) VALUES (%(token_hash)s, %(app_id)s, %(scopes)s)
        """,
        {"app_id": app_id, "token_hash": token_hash, "scopes": scopes, "kept": APP_TOKENS_MAX - 1},
    )


def with_token(work: Work, token_hash: bytes) -> tuple[int, str] | None:
    """The app's id and the scopes of that token of an app."""
    row = work.one(
        "SELECT app_id, scopes FROM g.app_token WHERE token_hash = %(token_hash)s", {"token_hash": token_hash}
    )
    return None if row is None else (row[0], row[1])


def delete_token(work: Work, *, app_id: int, token_hash: bytes) -> bool:
    """End a token of an app; whether there was one."""
    return bool(
        work.count(
            "DELETE FROM g.app_token WHERE token_hash = %(token_hash)s AND app_id = %(app_id)s",
            {"app_id": app_id, "token_hash": token_hash},
        )
    )


def forget_unused(work: Work, *, days: int, most: int) -> int:
    """Delete apps that nobody let in within so many days of registering, and that hold no token; how many.

    Looked at once, at that age: a few hours' worth of apps at most, however many there are.
    """
    aged = work.all(
        """
        SELECT id FROM g.app a
        WHERE created_at BETWEEN now() - make_interval(days => %(days)s + 2) AND now() - make_interval(days => %(days)s)
            AND NOT EXISTS (SELECT FROM g.app_token t WHERE t.app_id = a.id)
        """,
        {"days": days},
    )
    unused = {app_id for (app_id,) in aged}
    for shard in work.shards.schemas:
        used = work.all(
            "SELECT DISTINCT app_id FROM {shard}.access_token WHERE app_id = ANY(%(ids)s)",
            {"ids": list(unused)},
            shard=shard,
        )
        unused.difference_update(app_id for (app_id,) in used)
    return work.count("DELETE FROM g.app WHERE id = ANY(%(ids)s)", {"ids": sorted(unused)[:most]}) if unused else 0
