"""Reports: what people tell the moderators about others, and what the moderators do with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from flotilla.errors import ConflictError, InvalidInputError, NotFoundError
from flotilla.social.audit import Action, note
from flotilla.social.media import media_of_posts
from flotilla.social.pages import Viewer
from flotilla.social.standing import require_moderator
from flotilla.social.text import tidied
from flotilla.social.visibility import may_see
from flotilla.store import house_rules as rule_rows
from flotilla.store import moderating as account_rows
from flotilla.store import posts as post_rows
from flotilla.store import reports as report_rows
from flotilla.store import sanctions as sanction_rows
from flotilla.store.database import Database, Work
from flotilla.store.house_rules import RuleRow
from flotilla.store.ids import MAX_ID, made_at
from flotilla.store.moderating import StandingRow
from flotilla.store.reports import NoteRow, ReportRow
from flotilla.store.sanctions import SanctionRow

__all__ = [
    "COMMENT_MAX_CHARACTERS",
    "NOTE_MAX_CHARACTERS",
    "Category",
    "Queue",
    "Report",
    "ReportPage",
    "Reports",
    "hold_open",
    "settle",
]

COMMENT_MAX_CHARACTERS = 1000
NOTE_MAX_CHARACTERS = 2000
POSTS_MAX = 20
RULES_MAX = 20
PER_DAY_MAX = 30
PAGE_SIZE = 30
NOTES_MAX = 200
SANCTIONS_SHOWN = 10
COUNTED_MAX = 100


class Category(StrEnum):
    """What a report says somebody did."""

    SPAM = "spam"
    LEGAL = "legal"
    VIOLATION = "violation"
    OTHER = "other"


class Queue(StrEnum):
    """Which reports a moderator looks at: the open ones, the open ones they took on, the resolved ones."""

    OPEN = "open"
    MINE = "mine"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class ReportPage:
    """Reports, newest first. `next_before` asks for the page after this one; None: there is none."""

    items: tuple[ReportRow, ...]
    next_before: int | None


@dataclass(frozen=True, slots=True)
class Report:
    """A report with all a moderator needs to decide: the rules it names, the notes, and how the person stands."""

    row: ReportRow
    rules: tuple[RuleRow, ...]
    notes: tuple[NoteRow, ...]
    person: StandingRow | None
    sanctions: tuple[SanctionRow, ...]


class Reports:
    """Making reports, and the moderators' queue."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def make(
        self,
        viewer: Viewer,
        handle: str,
        *,
        category: str,
        comment: str = "",
        post_ids: Sequence[int] = (),
        rule_ids: Sequence[int] = (),
    ) -> int:
        """Report a person, and posts of theirs, which are copied as they are now; the report's id.

        Posts of others, or that the viewer cannot see, are left out. Raises NotFoundError, InvalidInputError (fields
        `handle`, `category`, `comment`, `post_ids`, `rules`).
        """
        words = tidied(comment).strip()
        problems = _problems(category, words, post_ids, rule_ids)
        if problems:
            raise InvalidInputError(problems)
        with self._database.write() as work:
            person = account_rows.standing(work, handle.strip().removeprefix("@").lower())
            if person is None or person.state != "active":
                raise NotFoundError("There is nobody with this handle.")
            if person.account_id == viewer.account_id:
                raise InvalidInputError({"handle": "Nobody can report themselves."})
            day = timedelta(days=1)
            made = report_rows.count_since(work, reporter_id=viewer.account_id, period=day, limit=PER_DAY_MAX)
            if made >= PER_DAY_MAX:
                raise InvalidInputError({"comment": f"You have made {PER_DAY_MAX} reports today: that is the most."})
            rules = {rule.id for rule in rule_rows.in_force(work)} & set(rule_ids)
            if category == Category.VIOLATION and not rules:
                raise InvalidInputError({"rules": "Choose the rule that was broken."})
            return report_rows.insert(
                work,
                reporter_id=viewer.account_id,
                account_id=person.account_id,
                category=category,
                comment=words,
                rule_ids=sorted(rules) if category == Category.VIOLATION else [],
                posts=_copies(work, viewer, person, post_ids),
            )

    def queue(self, viewer: Viewer, queue: Queue, *, before: int | None = None) -> ReportPage:
        """A page of reports. Raises ForbiddenError."""
        require_moderator(viewer)
        with self._database.read() as work:
            rows = report_rows.newest(
                work,
                queue=queue,
                moderator_id=viewer.account_id,
                before=MAX_ID if before is None else before,
                limit=PAGE_SIZE + 1,
            )
        return ReportPage(tuple(rows[:PAGE_SIZE]), rows[PAGE_SIZE - 1].id if len(rows) > PAGE_SIZE else None)

    def open_count(self, viewer: Viewer) -> int:
        """How many reports are open; more than COUNTED_MAX count as that. Raises ForbiddenError."""
        require_moderator(viewer)
        with self._database.read() as work:
            return report_rows.open_at_most(work, COUNTED_MAX)

    def read(self, viewer: Viewer, report_id: int) -> Report:
        """One report with what belongs to it. Raises ForbiddenError, NotFoundError."""
        require_moderator(viewer)
        with self._database.read() as work:
            row = _for_others(viewer, report_rows.find(work, report_id))
            named = set(row.rule_ids)
            return Report(
                row=row,
                rules=tuple(rule for rule in rule_rows.ever(work) if rule.id in named) if named else (),
                notes=tuple(report_rows.notes(work, report_id, limit=NOTES_MAX)),
                person=account_rows.standing(work, row.account) if row.account else None,
                sanctions=tuple(sanction_rows.newest_of(work, row.account_id, limit=SANCTIONS_SHOWN)),
            )

    def take(self, viewer: Viewer, report_id: int) -> None:
        """Take an open report on. Raises ForbiddenError, NotFoundError, ConflictError: somebody else has it."""
        require_moderator(viewer)
        with self._database.write() as work:
            row = _for_others(viewer, hold_open(work, report_id))
            if row.assigned_id == viewer.account_id:
                return
            if row.assigned_id is not None:
                raise ConflictError(f"@{row.assigned} has taken this report on already.")
            report_rows.assign(work, report_id, viewer.account_id)
            note(work, viewer, Action.ASSIGN, f"report {report_id}", account_id=row.account_id, after=_to(viewer))

    def give_back(self, viewer: Viewer, report_id: int) -> None:
        """Let others take an open report on, whoever had it. Raises ForbiddenError, NotFoundError, ConflictError."""
        require_moderator(viewer)
        with self._database.write() as work:
            row = _for_others(viewer, hold_open(work, report_id))
            if row.assigned_id is None:
                return
            report_rows.assign(work, report_id, None)
            before = {"assigned": f"@{row.assigned}"}
            note(work, viewer, Action.ASSIGN, f"report {report_id}", account_id=row.account_id, before=before)

    def add_note(self, viewer: Viewer, report_id: int, text: str) -> None:
        """Note something for the other moderators. Raises ForbiddenError, NotFoundError, InvalidInputError (`note`)."""
        require_moderator(viewer)
        words = tidied(text).strip()
        if not 0 < len(words) <= NOTE_MAX_CHARACTERS:
            raise InvalidInputError({"note": f"A note has 1 to {NOTE_MAX_CHARACTERS} characters."})
        with self._database.write() as work:
            row = _for_others(viewer, _held(work, report_id))
            report_rows.add_note(work, report_id=report_id, author_id=viewer.account_id, text=words)
            note(work, viewer, Action.NOTE, f"report {report_id}", account_id=row.account_id, after={"note": words})

    def resolve(self, viewer: Viewer, report_id: int) -> None:
        """Close a report without any measure. Raises ForbiddenError, NotFoundError, ConflictError: it is closed."""
        require_moderator(viewer)
        with self._database.write() as work:
            row = _for_others(viewer, hold_open(work, report_id))
            settle(work, viewer, report_id, account_id=row.account_id, subject=f"@{row.account}")

    def reopen(self, viewer: Viewer, report_id: int) -> None:
        """Open a report again. Raises ForbiddenError, NotFoundError."""
        require_moderator(viewer)
        with self._database.write() as work:
            row = _for_others(viewer, _held(work, report_id))
            if row.resolved_at is None:
                return
            report_rows.set_resolved(work, report_id, by=None)
            before = {"resolved by": f"@{row.resolved_by}"}
            note(work, viewer, Action.REOPEN, f"report {report_id}", account_id=row.account_id, before=before)


def hold_open(work: Work, report_id: int, account_id: int | None = None) -> ReportRow:
    """An open report, held still; about `account_id`, if given. Raises NotFoundError, ConflictError: it is closed."""
    row = _held(work, report_id)
    if account_id not in {None, row.account_id}:
        raise NotFoundError("That report is about somebody else.")
    if row.resolved_at is not None:
        raise ConflictError(f"@{row.resolved_by} has resolved this report already.")
    return row


def settle(work: Work, viewer: Viewer, report_id: int, *, account_id: int, subject: str) -> None:
    """Close a report that `hold_open` holds."""
    report_rows.set_resolved(work, report_id, by=viewer.account_id)
    after = {"report": report_id, "about": subject}
    note(work, viewer, Action.RESOLVE, f"report {report_id}", account_id=account_id, after=after)


def _held(work: Work, report_id: int) -> ReportRow:
    row = report_rows.lock(work, report_id)
    if row is None:
        raise NotFoundError("There is no such report.")
    return row


def _for_others(viewer: Viewer, row: ReportRow | None) -> ReportRow:
    # Who reported a moderator, and what the others note about it, is none of that moderator's business.
    if row is None or row.account_id == viewer.account_id:
        raise NotFoundError("There is no such report.")
    return row


def _to(viewer: Viewer) -> dict[str, object]:
    return {"assigned": f"@{viewer.handle}"}


def _problems(category: str, comment: str, post_ids: Sequence[int], rule_ids: Sequence[int]) -> dict[str, str]:
    problems = {}
    if category not in set(Category):
        problems["category"] = "Choose what it is about."
    if len(comment) > COMMENT_MAX_CHARACTERS:
        problems["comment"] = f"That is too long: at most {COMMENT_MAX_CHARACTERS} characters."
    if len(post_ids) > POSTS_MAX:
        problems["post_ids"] = f"At most {POSTS_MAX} posts at once."
    if len(rule_ids) > RULES_MAX:
        problems["rules"] = f"At most {RULES_MAX} rules at once."
    return problems


def _copies(work: Work, viewer: Viewer, person: StandingRow, post_ids: Sequence[int]) -> list[Mapping[str, object]]:
    wanted = sorted({post_id for post_id in post_ids if 0 < post_id <= MAX_ID})
    found = post_rows.find(work, wanted, reader_id=viewer.account_id) if wanted else []
    rows = [row for row in found if row.author_id == person.account_id and may_see(row, viewer.account_id)]
    pictures = media_of_posts(work, [row.post_id for row in rows if row.media_count])
    return [
        {
            "id": str(row.post_id),
            "text": row.body,
            "warning": row.warning,
            "posted_at": made_at(row.post_id).isoformat(),
            # Not copies: a picture that its author deletes is gone, and its description stays.
            "pictures": [{"url": picture.url, "alt": picture.alt} for picture in pictures.get(row.post_id, ())],
        }
        for row in rows
    ]
