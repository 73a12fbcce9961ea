"""The rules that people accept when they sign up, and that reports name."""

from flotilla.errors import InvalidInputError, NotFoundError
from flotilla.social.audit import Action, note
from flotilla.social.keeping import KeptFor
from flotilla.social.pages import Viewer
from flotilla.social.standing import require_admin
from flotilla.social.text import tidied
from flotilla.store import house_rules as rule_rows
from flotilla.store.database import Database
from flotilla.store.house_rules import RuleRow

__all__ = ["HouseRules"]

RULES_KEPT_S = 10.0
RULES_MAX = 20
TEXT_MAX_CHARACTERS = 300
HINT_MAX_CHARACTERS = 1000


class HouseRules:
    """What is asked of everyone here."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept = KeptFor(RULES_KEPT_S, self._read)

    def all(self) -> tuple[RuleRow, ...]:
        """The rules in their order, as they were at most RULES_KEPT_S ago."""
        return self._kept.get()

    def add(self, viewer: Viewer, *, text: str, hint: str = "") -> int:
        """Add a rule at the end; its id. Raises ForbiddenError, InvalidInputError (fields `text`, `hint`)."""
        require_admin(viewer)
        text, hint = _accepted(text, hint)
        with self._database.write() as work:
            rules = rule_rows.lock(work)
            if len(rules) >= RULES_MAX:
                raise InvalidInputError({"text": f"Nobody remembers more than {RULES_MAX} rules."})
            position = rules[-1].position + 1 if rules else 1
            rule_id = rule_rows.insert(work, position=position, text=text, hint=hint)
            note(work, viewer, Action.RULE, f"rule {rule_id}", after={"text": text, "hint": hint})
        self._kept.forget()
        return rule_id

    def change(self, viewer: Viewer, rule_id: int, *, text: str, hint: str = "") -> None:
        """Give a rule other words. Raises ForbiddenError, NotFoundError, InvalidInputError (fields `text`, `hint`)."""
        require_admin(viewer)
        text, hint = _accepted(text, hint)
        with self._database.write() as work:
            old = _found(rule_rows.lock(work), rule_id)
            if (old.text, old.hint) == (text, hint):
                return
            rule_rows.change(work, rule_id, text=text, hint=hint)
            before, after = {"text": old.text, "hint": old.hint}, {"text": text, "hint": hint}
            note(work, viewer, Action.RULE, f"rule {rule_id}", before=before, after=after)
        self._kept.forget()

    def move(self, viewer: Viewer, rule_id: int, *, down: bool) -> None:
        """Change places with the rule above or below, if there is one. Raises ForbiddenError, NotFoundError."""
        require_admin(viewer)
        with self._database.write() as work:
            rules = rule_rows.lock(work)
            moved = _found(rules, rule_id)
            other = rules.index(moved) + (1 if down else -1)
            if not 0 <= other < len(rules):
                return
            rule_rows.place(work, moved.id, rules[other].position)
            rule_rows.place(work, rules[other].id, moved.position)
            after = {"below" if down else "above": f"rule {rules[other].id}"}
            note(work, viewer, Action.RULE, f"rule {rule_id}", after=after)
        self._kept.forget()

    def retire(self, viewer: Viewer, rule_id: int) -> None:
        """Take a rule out. Raises ForbiddenError, NotFoundError."""
        require_admin(viewer)
        with self._database.write() as work:
            old = _found(rule_rows.lock(work), rule_id)
            rule_rows.retire(work, rule_id)
            note(work, viewer, Action.RULE, f"rule {rule_id}", before={"text": old.text, "hint": old.hint})
        self._kept.forget()

    def _read(self) -> tuple[RuleRow, ...]:
        with self._database.read() as work:
            return tuple(rule_rows.in_force(work))


def _found(rules: list[RuleRow], rule_id: int) -> RuleRow:
    for rule in rules:
        if rule.id == rule_id:
            return rule
    raise NotFoundError("There is no such rule (any more).")


def _accepted(text: str, hint: str) -> tuple[str, str]:
    text, hint = " ".join(tidied(text).split()), tidied(hint).strip()
    problems = {}
    if not 0 < len(text) <= TEXT_MAX_CHARACTERS:
        problems["text"] = f"A rule has 1 to {TEXT_MAX_CHARACTERS} characters."
    if len(hint) > HINT_MAX_CHARACTERS:
        problems["hint"] = f"An explanation has at most {HINT_MAX_CHARACTERS} characters."
    if problems:
        raise InvalidInputError(problems)
    return text, hint
