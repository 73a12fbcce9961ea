"""Rows of the audit log. The application may add and read them; it has no right to change or delete one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from psycopg.types.json import Jsonb

from flotilla.store.database import Work

__all__ = ["AuditRow", "insert", "newest"]


@dataclass(frozen=True, slots=True)
class AuditRow:
    """Who did what about whom or what, with how it was before and after; `account_id` None: it was about nobody."""

    id: int
    made_at: datetime
    actor_id: int
    actor: str
    action: str
    account_id: int | None
    subject: str
    before: Mapping[str, object]
    after: Mapping[str, object]


def insert(
    work: Work,
    *,
    actor_id: int,
    actor: str,
    action: str,
    account_id: int | None,
    subject: str,
    before: Mapping[str, object],
    after: Mapping[str, object],
) -> None:
    """Add what was done."""
    work.count(
        """
        INSERT INTO g.audit_log (actor_id, actor, action, account_id, subject, before, after)
        VALUES (%(actor_id)s, %(actor)s, %(action)s, %(account_id)s, %(subject)s, %(before)s, %(after)s)
        """,
        {
            "actor_id": actor_id,
            "actor": actor,
            "action": action,
            "account_id": account_id,
            "subject": subject,
            "before": Jsonb(before),
            "after": Jsonb(after),
        },
    )


def newest(
    work: Work, *, before: int, limit: int, actor_id: int | None, account_id: int | None, action: str
) -> list[AuditRow]:
    """The newest entries before `before`, of that actor, about that account, of that kind ("": any)."""
    # Only the conditions asked for are in the statement, so that each filter is answered by the index made for it.
    statement = """
        SELECT id, made_at, actor_id, actor, action, account_id, subject, before, after
        FROM g.audit_log WHERE id < %(before)s
        """
    if actor_id is not None:
        statement += " AND actor_id = %(actor_id)s"
    if account_id is not None:
        statement += " AND account_id = %(account_id)s"
    if action:
        statement += " AND action = %(action)s"
    rows = work.all(
        statement + " ORDER BY id DESC LIMIT %(limit)s",
        {"before": before, "limit": limit, "actor_id": actor_id, "account_id": account_id, "action": action},
    )
    return [AuditRow(*row) for row in rows]
