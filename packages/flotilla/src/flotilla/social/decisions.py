"""What moderators decided about a person, told to that person: as a notification, and by mail to a proven address."""

from flotilla.social import letters
from flotilla.social.background import Background, Task
from flotilla.social.correspondence import Correspondence
from flotilla.social.notifying import NotificationKind, take_back, tell
from flotilla.store import account_states as state_rows
from flotilla.store import sanctions as sanction_rows
from flotilla.store.database import Database, Work

__all__ = ["Decisions"]

TELL_DECISION = Task("tell_decision", queue="mail")
THE_SITE = 0
HEADLINES = {
    "warn": "The moderators warn you.",
    "sensitive": "The moderators covered the pictures of a post of yours.",
    "remove": "The moderators removed a post of yours.",
    "force_sensitive": "The moderators cover the pictures of all your posts.",
    "silence": "The moderators silenced you: only your followers come across what you write.",
    "suspend": "The moderators suspended your account.",
}
TAKEN_BACK = {
    "warn": "The moderators took a warning back.",
    "sensitive": "The moderators uncovered the pictures of your posts again.",
    "force_sensitive": "The moderators do not cover your pictures any more.",
    "silence": "The moderators silence you no longer: everyone comes across what you write.",
    "suspend": "The moderators took the suspension of your account back.",
}


class Decisions:
    """Telling people."""

    def __init__(self, database: Database, *, mail: Correspondence, background: Background) -> None:
        self._database = database
        self._mail = mail
        self._background = background
        background.does(TELL_DECISION, self._send)

    def made(self, work: Work, *, account_id: int, sanction_id: int, kind: str, text: str) -> None:
        """Tell them of a measure, in the moderator's words."""
        self._tell(work, account_id, sanction_id, f"{HEADLINES[kind]}\n{text}" if text else HEADLINES[kind])
        self._background.later(work, TELL_DECISION, sanction_id=sanction_id, undone=0)

    def undone(self, work: Work, *, account_id: int, sanction_id: int, kind: str) -> None:
        """Tell them that a measure was taken back, in place of what they were told when it was taken."""
        take_back(work, NotificationKind.MODERATION, account_id, actor_id=THE_SITE, target=sanction_id)
        self._tell(work, account_id, sanction_id, TAKEN_BACK[kind])
        self._background.later(work, TELL_DECISION, sanction_id=sanction_id, undone=1)

    def _tell(self, work: Work, account_id: int, sanction_id: int, message: str) -> None:
        tell(work, NotificationKind.MODERATION, [account_id], actor_id=THE_SITE, target=sanction_id, message=message)

    def _send(self, sanction_id: int, undone: int) -> None:
        with self._database.read() as work:
            sanction = sanction_rows.find(work, sanction_id)
            person = None if sanction is None else state_rows.address(work, sanction.account_id)
        if sanction is None or person is None or person.email is None:
            return
        self._mail.send(
            letters.decided,
            email=person.email,
            handle=person.handle,
            languages=(person.language,),
            headline=TAKEN_BACK[sanction.kind] if undone else HEADLINES[sanction.kind],
            text="" if undone else sanction.text,
        )
