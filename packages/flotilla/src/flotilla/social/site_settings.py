"""Settings that admins change in the page; the environment gives what counts until they do."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flotilla.declaring import Declaration, parsed
from flotilla.errors import InvalidInputError, StartError
from flotilla.settings import Settings, declarations
from flotilla.social.audit import Action, note
from flotilla.social.keeping import KeptFor
from flotilla.social.mail import NOT_AN_ADDRESS, email_of
from flotilla.social.pages import Viewer
from flotilla.social.standing import require_admin
from flotilla.social.text import tidied
from flotilla.store import site_settings as setting_rows
from flotilla.store.database import Database

__all__ = ["SiteSettings"]

SETTINGS_KEPT_S = 10.0


class SiteSettings:
    """The settings declared with `in_page`, as they are now."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._from_environment = settings
        self._declared = {declared.field_name: declared for declared in declarations() if declared.in_page}
        self._kept = KeptFor(SETTINGS_KEPT_S, self._read)

    @property
    def declared(self) -> tuple[Declaration, ...]:
        """The settings there are in the page, in the order of their declaration."""
        return tuple(self._declared.values())

    def now(self) -> Settings:
        """All settings of the site, with what admins chose; at most SETTINGS_KEPT_S old."""
        return self._kept.get()

    def change(self, viewer: Viewer, texts: Mapping[str, str]) -> None:
        """Store those of the settings whose text differs from what counts now; "": as in the environment again.

        Raises ForbiddenError, InvalidInputError (a sentence for each field).
        """
        require_admin(viewer)
        wanted, problems = {}, {}
        for name, declared in self._declared.items():
            text = tidied(texts.get(name, "")).strip()
            try:
                wanted[name] = parsed(declared, text) if text else getattr(self._from_environment, name)
            except StartError as error:
                problems[name] = error.what.replace(declared.name, "This", 1)
            if name == "contact_email" and text and email_of(text) is None:
                problems[name] = NOT_AN_ADDRESS
        if problems:
            raise InvalidInputError(problems)
        with self._database.write() as work:
            old = self._with(setting_rows.all_stored(work))
            changed = {name: value for name, value in wanted.items() if value != getattr(old, name)}
            for name, value in changed.items():
                if value == getattr(self._from_environment, name):
                    setting_rows.forget(work, name)
                else:
                    setting_rows.keep(work, name, value)
            if changed:
                before = {name: getattr(old, name) for name in changed}
                note(work, viewer, Action.SETTING, ", ".join(changed), before=before, after=changed)
        self._kept.forget()

    def _read(self) -> Settings:
        with self._database.read() as work:
            return self._with(setting_rows.all_stored(work))

    def _with(self, stored: Mapping[str, object]) -> Settings:
        # What an older or newer program stored and this one would refuse does not count.
        values: dict[str, Any] = {}
        for name, declared in self._declared.items():
            if name in stored:
                try:
                    values[name] = parsed(declared, _text(stored[name]))
                except StartError:
                    continue
        return replace(self._from_environment, **values)


def _text(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
