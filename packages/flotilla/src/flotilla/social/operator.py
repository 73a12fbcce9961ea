"""What whoever runs commands on the server may do to an account, beside its role."""

from flotilla.errors import InvalidInputError, NotFoundError
from flotilla.social.audit import Action, note
from flotilla.social.events import Kind, publish
from flotilla.social.passwords import Passwords, password_problem
from flotilla.social.withholding import Withholding
from flotilla.store import credentials as credential_rows
from flotilla.store import moderating as account_rows
from flotilla.store import sanctions as sanction_rows
from flotilla.store import sessions as session_rows
from flotilla.store.database import Database, Work
from flotilla.store.moderating import StandingRow

__all__ = ["Operator"]

THE_OPERATOR = 0


class Operator:
    """An account is named by its handle. Everything here raises NotFoundError when there is none."""

    def __init__(self, database: Database, passwords: Passwords, withholding: Withholding) -> None:
        self._database = database
        self._passwords = passwords
        self._withholding = withholding

    def replace_password(self, handle: str, new: str) -> None:
        """Give a person another password, which ends all their sessions. Raises InvalidInputError (password)."""
        problem = password_problem(new)
        if problem is not None:
            raise InvalidInputError({"password": problem})
        new_hash = self._passwords.hashed(new)
        with self._database.write() as work:
            person = _held(work, handle)
            credential_rows.replace(work, account_id=person.account_id, new_hash=new_hash)
            _sign_out(work, person.account_id)

    def confirm(self, handle: str) -> bool:
        """Let in whoever has not proven their address or waits for approval; whether they did."""
        return self._put(handle, ("unconfirmed", "waiting"), "active", Action.APPROVAL)

    def suspend(self, handle: str) -> bool:
        """Keep a person out and hide what they wrote, as a measure that moderators see; whether they were in."""
        return self._put(handle, ("active",), "suspended", Action.SANCTION)

    def restore(self, handle: str) -> bool:
        """Let a suspended person in again; whether they were suspended."""
        return self._put(handle, ("suspended",), "active", Action.UNDO)

    def _put(self, handle: str, before: tuple[str, ...], after: str, action: Action) -> bool:
        with self._database.write() as work:
            person = _held(work, handle)
            if person.state not in before:
                return False
            account_rows.set_state(work, person.account_id, after)
            if action is Action.SANCTION:
                sanction_rows.insert(
                    work,
                    account_id=person.account_id,
                    kind="suspend",
                    text="",
                    report_id=None,
                    state_before=person.state,
                    made_by=THE_OPERATOR,
                )
            elif action is Action.UNDO:
                sanction_rows.all_undone(work, person.account_id, kind="suspend", by=THE_OPERATOR)
            if "suspended" in {after, person.state}:
                self._withholding.settle_later(work, person.account_id)
            if after != "active":
                _sign_out(work, person.account_id)
            note(
                work,
                None,
                action,
                f"@{person.handle}",
                account_id=person.account_id,
                before={"state": person.state},
                after={"state": after},
            )
        return True


def _held(work: Work, handle: str) -> StandingRow:
    found = account_rows.standing(work, handle.strip().removeprefix("@").lower())
    held = None if found is None else account_rows.standings_locked(work, [found.account_id]).get(found.account_id)
    if held is None or held.state == "deleted":
        raise NotFoundError("There is nobody with this handle.")
    return held


def _sign_out(work: Work, account_id: int) -> None:
    session_rows.delete_all(work, account_id)
    publish(work, Kind.SIGNED_OUT, account_id=account_id)
