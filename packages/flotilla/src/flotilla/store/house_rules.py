"""Rows of the rules that the people of this site accept. A retired one stays, for the reports that name it."""

from dataclasses import dataclass

from flotilla.store.database import Work

__all__ = ["RuleRow", "change", "ever", "in_force", "insert", "lock", "place", "retire"]


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule in a sentence, with an explanation of it that may be empty."""

    id: int
    position: int
    text: str
    hint: str


def in_force(work: Work) -> list[RuleRow]:
    """The rules as they stand, in their order."""
    rows = work.all("SELECT id, position, text, hint FROM g.rule WHERE retired_at IS NULL ORDER BY position, id", {})
    return [RuleRow(*row) for row in rows]


def ever(work: Work) -> list[RuleRow]:
    """Every rule there ever was, in their order."""
    return [RuleRow(*row) for row in work.all("SELECT id, position, text, hint FROM g.rule ORDER BY position, id", {})]


def lock(work: Work) -> list[RuleRow]:
    """The rules as they stand, for whoever changes them alone: another who wants to waits until `work` ends."""
    work.count("LOCK TABLE g.rule IN SHARE ROW EXCLUSIVE MODE", {})
    return in_force(work)


def insert(work: Work, *, position: int, text: str, hint: str) -> int:
    """Add a rule; its id."""
    row = work.one(
        "INSERT INTO g.rule (position, text, hint) VALUES (%(position)s, %(text)s, %(hint)s) RETURNING id",
        {"position": position, "text": text, "hint": hint},
    )
    assert row is not None
    rule_id: int = row[0]
    return rule_id


def change(work: Work, rule_id: int, *, text: str, hint: str) -> None:
    """Give a rule other words."""
    work.count(
        "UPDATE g.rule SET text = %(text)s, hint = %(hint)s WHERE id = %(id)s",
        {"id": rule_id, "text": text, "hint": hint},
    )


def place(work: Work, rule_id: int, position: int) -> None:
    """Put a rule at another place."""
    work.count("UPDATE g.rule SET position = %(position)s WHERE id = %(id)s", {"id": rule_id, "position": position})


def retire(work: Work, rule_id: int) -> None:
    """Let a rule be one no longer."""
    work.count("UPDATE g.rule SET retired_at = now() WHERE id = %(id)s", {"id": rule_id})
