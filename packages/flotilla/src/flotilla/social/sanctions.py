"""What moderators do about a person: warn, cover or remove posts, silence, suspend; and taking it back."""

from collections.abc import Sequence
from enum import StrEnum

from flotilla.errors import ConflictError, InvalidInputError, NotFoundError
from flotilla.social.audit import Action, note
from flotilla.social.decisions import Decisions
from flotilla.social.events import Kind as EventKind
from flotilla.social.events import publish
from flotilla.social.pages import Viewer
from flotilla.social.publishing import remove
from flotilla.social.reports import hold_open, settle
from flotilla.social.standing import held_below, require_moderator
from flotilla.social.text import tidied
from flotilla.social.uploads import Uploads
from flotilla.social.withholding import Withholding
from flotilla.store import credentials as credential_rows
from flotilla.store import moderating as account_rows
from flotilla.store import posts as post_rows
from flotilla.store import sanctions as sanction_rows
from flotilla.store import sessions as session_rows
from flotilla.store.database import Database, Work
from flotilla.store.ids import MAX_ID
from flotilla.store.moderating import StandingRow
from flotilla.store.sanctions import SanctionRow

__all__ = ["TEXT_MAX_CHARACTERS", "Kind", "Sanctions"]

TEXT_MAX_CHARACTERS = 2000
POSTS_MAX = 40
SHOWN_MAX = 100


class Kind(StrEnum):
    """The measures, from the mildest."""

    WARN = "warn"
    SENSITIVE = "sensitive"
    REMOVE = "remove"
    FORCE_SENSITIVE = "force_sensitive"
    SILENCE = "silence"
    SUSPEND = "suspend"


# What is in force until it is taken back, and by which words it is refused a second time.
_IN_FORCE = {
    Kind.FORCE_SENSITIVE: "has all pictures covered already",
    Kind.SILENCE: "is silenced already",
    Kind.SUSPEND: "is suspended already",
}


class Sanctions:
    """Measures against people."""

    def __init__(self, database: Database, media: Uploads, decisions: Decisions, withholding: Withholding) -> None:
        self._database = database
        self._media = media
        self._withholding = withholding
        self._decisions = decisions

    def impose(
        self,
        viewer: Viewer,
        account_id: int,
        kind: Kind,
        *,
        text: str = "",
        post_ids: Sequence[int] = (),
        report_id: int | None = None,
    ) -> int:
        """Take a measure; `text` is told to the person. With `report_id` that report is thereby resolved. Its id.

        Raises ForbiddenError, NotFoundError, InvalidInputError (fields `text`, `post_ids`), ConflictError: the report
        was resolved by somebody else, or the measure is in force already.
        """
        require_moderator(viewer)
        words = _accepted(kind, text, post_ids)
        with self._database.write() as work:
            if report_id is not None:
                hold_open(work, report_id, account_id)
            person = held_below(work, viewer, account_id)
            if kind in _IN_FORCE and _is_in_force(kind, person):
                raise ConflictError(f"@{person.handle} {_IN_FORCE[kind]}.")
            sanction_id = sanction_rows.insert(
                work,
                account_id=account_id,
                kind=kind,
                text=words,
                report_id=report_id,
                state_before=person.state,
                made_by=viewer.account_id,
            )
            changed = _carry_out(work, kind, person, post_ids)
            self._media.remove_gone_after(work, account_id)
            if kind == Kind.SUSPEND:
                self._withholding.settle_later(work, account_id)
            sanction_rows.set_posts(work, sanction_id, changed)
            note(
                work,
                viewer,
                Action.SANCTION,
                f"@{person.handle}",
                account_id=account_id,
                before=_told(person),
                after={"sanction": kind, "text": words, "posts": changed, "report": report_id},
            )
            self._decisions.made(work, account_id=account_id, sanction_id=sanction_id, kind=kind, text=words)
            if report_id is not None:
                settle(work, viewer, report_id, account_id=account_id, subject=f"@{person.handle}")
        return sanction_id

    def undo(self, viewer: Viewer, sanction_id: int) -> None:
        """Take a measure back; removed posts stay removed. Undoing twice is undoing once.

        Raises ForbiddenError, NotFoundError, InvalidInputError (field `kind`: it cannot be undone).
        """
        require_moderator(viewer)
        with self._database.write() as work:
            sanction = sanction_rows.find_locked(work, sanction_id)
            if sanction is None:
                raise NotFoundError("There is no such measure.")
            if sanction.kind == Kind.REMOVE:
                raise InvalidInputError({"kind": "What was removed is gone and cannot be brought back."})
            person = held_below(work, viewer, sanction.account_id)
            if sanction.undone_at is not None:
                return
            sanction_rows.undone(work, sanction_id, by=viewer.account_id)
            _take_back(work, sanction, person)
            if sanction.kind == Kind.SUSPEND:
                self._withholding.settle_later(work, person.account_id)
            self._decisions.undone(work, account_id=person.account_id, sanction_id=sanction_id, kind=sanction.kind)
            note(
                work,
                viewer,
                Action.UNDO,
                f"@{person.handle}",
                account_id=person.account_id,
                before={"sanction": sanction.kind, "text": sanction.text, "posts": sanction.post_ids},
                after={"sanction": None},
            )

    def of(self, viewer: Viewer, account_id: int) -> tuple[SanctionRow, ...]:
        """The measures against a person, newest first. Raises ForbiddenError."""
        require_moderator(viewer)
        with self._database.read() as work:
            return tuple(sanction_rows.newest_of(work, account_id, limit=SHOWN_MAX))


def _accepted(kind: Kind, text: str, post_ids: Sequence[int]) -> str:
    words = tidied(text).strip()
    problems = {}
    if kind == Kind.WARN and not words:
        problems["text"] = "A warning says what it is about."
    if len(words) > TEXT_MAX_CHARACTERS:
        problems["text"] = f"That is too long: at most {TEXT_MAX_CHARACTERS} characters."
    if kind in {Kind.SENSITIVE, Kind.REMOVE} and not post_ids:
        problems["post_ids"] = "Choose at least one post."
    if len(post_ids) > POSTS_MAX:
        problems["post_ids"] = f"At most {POSTS_MAX} posts at once."
    if problems:
        raise InvalidInputError(problems)
    return words


def _is_in_force(kind: Kind, person: StandingRow) -> bool:
    match kind:
        case Kind.FORCE_SENSITIVE:
            return person.force_sensitive
        case Kind.SILENCE:
            return person.silenced
        case _:
            return person.state == "suspended"


def _carry_out(work: Work, kind: Kind, person: StandingRow, post_ids: Sequence[int]) -> list[int]:
    """Do it; the posts that were changed by it."""
    match kind:
        case Kind.SENSITIVE:
            return sanction_rows.cover(work, author_id=person.account_id, post_ids=post_ids)
        case Kind.REMOVE:
            return _removed(work, person.account_id, post_ids)
        case Kind.FORCE_SENSITIVE:
            account_rows.set_force_sensitive(work, person.account_id, True)
        case Kind.SILENCE:
            account_rows.set_silenced(work, person.account_id, True)
        case Kind.SUSPEND:
            account_rows.set_state(work, person.account_id, "suspended")
            session_rows.delete_all(work, person.account_id)
            credential_rows.revoke_apps(work, person.account_id)
            publish(work, EventKind.SIGNED_OUT, account_id=person.account_id)
    return []


def _removed(work: Work, author_id: int, post_ids: Sequence[int]) -> list[int]:
    """Delete those of the posts that exist and that account wrote; which."""
    wanted = sorted({post_id for post_id in post_ids if 0 < post_id <= MAX_ID})
    rows = [row for row in post_rows.find(work, wanted, reader_id=author_id) if row.author_id == author_id]
    older = {other for row in rows for other in (row.parent_id, row.repost_of) if other is not None}
    held = post_rows.lock(work, [*older, *(row.post_id for row in rows)])
    removed = []
    for post_id in sorted((row.post_id for row in rows if row.post_id in held), reverse=True):
        # Found anew: with the lock comes what was changed meanwhile, and one may have been a repost of another.
        for row in post_rows.find(work, [post_id], reader_id=author_id):
            remove(work, row)
            removed.append(post_id)
    return sorted(removed)


def _take_back(work: Work, sanction: SanctionRow, person: StandingRow) -> None:
    match sanction.kind:
        case Kind.SENSITIVE:
            sanction_rows.uncover(work, author_id=person.account_id, post_ids=sanction.post_ids)
        case Kind.FORCE_SENSITIVE:
            account_rows.set_force_sensitive(work, person.account_id, False)
        case Kind.SILENCE:
            account_rows.set_silenced(work, person.account_id, False)
        case Kind.SUSPEND if person.state == "suspended":
            account_rows.set_state(work, person.account_id, sanction.state_before)


def _told(person: StandingRow) -> dict[str, object]:
    return {"state": person.state, "silenced": person.silenced, "force_sensitive": person.force_sensitive}
