"""What a person says of themselves, the pictures they are known by, and what their posts start from."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO

from flotilla.errors import InvalidInputError, NotFoundError
from flotilla.social.follows import Follows
from flotilla.social.newcomers import DISPLAY_NAME_MAX_CHARACTERS
from flotilla.social.pages import ProfileField, Viewer
from flotilla.social.people import NOBODY
from flotilla.social.pictures import AVATAR, HEADER, Make
from flotilla.social.text import parse, tidied
from flotilla.social.uploads import Uploads
from flotilla.social.visibility import Visibility
from flotilla.store import own_profiles as profile_rows
from flotilla.store.database import Database, Work
from flotilla.store.own_profiles import OwnProfileRow

__all__ = [
    "BIO_MAX_CHARACTERS",
    "FIELDS_MAX",
    "FIELD_NAME_MAX_CHARACTERS",
    "FIELD_VALUE_MAX_CHARACTERS",
    "OwnProfile",
    "ProfileChanges",
    "Profiles",
    "shown_fields",
]

BIO_MAX_CHARACTERS = 500
FIELDS_MAX = 4
FIELD_NAME_MAX_CHARACTERS = 50
FIELD_VALUE_MAX_CHARACTERS = 200
# What needs no checking.
_PLAIN = ("bot", "discoverable", "default_visibility", "default_sensitive")
_LANGUAGE = re.compile(r"(?:[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})?)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class OwnProfile:
    """One's own profile, as one edits it; `avatar` and `header` are files (`picture_url`), None without one."""

    display_name: str
    bio: str
    fields: tuple[tuple[str, str], ...]
    avatar: str | None
    header: str | None
    locked: bool
    bot: bool
    discoverable: bool
    language: str
    default_visibility: Visibility
    default_sensitive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileChanges:
    """What shall be different; None leaves a thing as it is. `fields`: names with their values, at most four."""

    display_name: str | None = None
    bio: str | None = None
    fields: Sequence[tuple[str, str]] | None = None
    locked: bool | None = None
    bot: bool | None = None
    discoverable: bool | None = None
    language: str | None = None
    default_visibility: Visibility | None = None
    default_sensitive: bool | None = None


class Profiles:
    """One's own profile."""

    def __init__(self, database: Database, media: Uploads, follows: Follows) -> None:
        self._database = database
        self._media = media
        self._follows = follows

    def own(self, viewer: Viewer) -> OwnProfile:
        """The viewer's profile."""
        with self._database.read() as work:
            return _own(profile_rows.find(work, viewer.account_id))

    def edit(self, viewer: Viewer, changes: ProfileChanges) -> OwnProfile:
        """Change the profile. Raises InvalidInputError (fields `display_name`, `bio`, `fields`, `language`)."""
        with self._database.write() as work:
            row = profile_rows.find(work, viewer.account_id, hold=True)
            changed = _changed(row, changes, handle=viewer.handle)
            if changed != row:
                profile_rows.update(work, viewer.account_id, changed)
        if changes.locked is not None and changes.locked != row.locked:
            self._follows.set_locked(viewer, locked=changes.locked)
        return self.own(viewer)

    def set_avatar(self, viewer: Viewer, stream: IO[bytes] | None) -> str | None:
        """Take the picture a person is known by, of which the middle square stays; None: none. Its file.

        Raises InvalidInputError (field `avatar`).
        """
        return self._replace(viewer, stream, "avatar", AVATAR, profile_rows.replace_avatar)

    def set_header(self, viewer: Viewer, stream: IO[bytes] | None) -> str | None:
        """Take the picture above a profile, of which a band from the middle stays; None: none. Its file.

        Raises InvalidInputError (field `header`).
        """
        return self._replace(viewer, stream, "header", HEADER, profile_rows.replace_header)

    def _replace(
        self,
        viewer: Viewer,
        stream: IO[bytes] | None,
        field: str,
        makes: tuple[Make, Make],
        replace: Callable[[Work, int, str | None], bool],
    ) -> str | None:
        try:
            made = None if stream is None else self._media.make(stream, makes)
        except InvalidInputError as error:
            raise InvalidInputError({field: str(error)}) from None
        file = None if made is None else made.file
        try:
            with self._database.write() as work:
                if not replace(work, viewer.account_id, file):
                    raise NotFoundError(NOBODY)
                self._media.remove_gone_after(work, viewer.account_id)
        except BaseException:
            if made is not None:
                self._media.forget(made)
            raise
        return file


def shown_fields(fields: Sequence[dict[str, str]]) -> tuple[ProfileField, ...]:
    """The fields as everyone sees them, with what their values link to."""
    return tuple(ProfileField(field["name"], field["value"], parse(field["value"])) for field in fields)


def _own(row: OwnProfileRow) -> OwnProfile:
    return OwnProfile(
        display_name=row.display_name,
        bio=row.bio,
        fields=tuple((field["name"], field["value"]) for field in row.fields),
        avatar=row.avatar,
        header=row.header,
        locked=row.locked,
        bot=row.bot,
        discoverable=row.discoverable,
        language=row.language,
        default_visibility=Visibility(row.default_visibility),
        default_sensitive=row.default_sensitive,
    )


def _changed(row: OwnProfileRow, changes: ProfileChanges, *, handle: str) -> OwnProfileRow:
    problems: dict[str, str] = {}
    if changes.display_name is not None:
        name = " ".join(tidied(changes.display_name).split())
        if len(name) > DISPLAY_NAME_MAX_CHARACTERS:
            problems["display_name"] = f"A name has at most {DISPLAY_NAME_MAX_CHARACTERS} characters."
        row = row._replace(display_name=name or handle)
    if changes.bio is not None:
        bio = tidied(changes.bio)
        if len(bio) > BIO_MAX_CHARACTERS:
            over = len(bio) - BIO_MAX_CHARACTERS
            problems["bio"] = f"That is {len(bio)} characters long, {over} more than it may have."
        row = row._replace(bio=bio)
    if changes.fields is not None:
        fields = [(" ".join(tidied(name).split()), " ".join(tidied(value).split())) for name, value in changes.fields]
        fields = [field for field in fields if field != ("", "")]
        problem = _problem_of_fields(fields)
        if problem:
            problems["fields"] = problem
        row = row._replace(fields=[{"name": name, "value": value} for name, value in fields])
    if changes.language is not None:
        if not _LANGUAGE.fullmatch(changes.language):
            problems["language"] = "This is not the code of a language."
        row = row._replace(language=changes.language)
    if problems:
        raise InvalidInputError(problems)
    plain = {name: value for name in _PLAIN if (value := getattr(changes, name)) is not None}
    return row._replace(**plain)


def _problem_of_fields(fields: Sequence[tuple[str, str]]) -> str:
    if len(fields) > FIELDS_MAX:
        return f"A profile has at most {FIELDS_MAX} fields."
    if any(not name or not value for name, value in fields):
        return "A field needs a name and a value."
    if any(len(name) > FIELD_NAME_MAX_CHARACTERS for name, _ in fields):
        return f"The name of a field has at most {FIELD_NAME_MAX_CHARACTERS} characters."
    if any(len(value) > FIELD_VALUE_MAX_CHARACTERS for _, value in fields):
        return f"The value of a field has at most {FIELD_VALUE_MAX_CHARACTERS} characters."
    return ""
