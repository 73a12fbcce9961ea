"""What a person wants to publish: checked, before anything is stored."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from flotilla.errors import InvalidInputError
from flotilla.social.text import accepted_text, hashtags_in, mentions_in, tidied
from flotilla.social.visibility import Visibility

__all__ = ["INDEXED_MAX", "WARNING_MAX_CHARACTERS", "Draft", "draft_of", "key_digest"]

# Of each post's hashtags and mentions, how many lead to it: a post cannot put itself everywhere.
INDEXED_MAX = 20
WARNING_MAX_CHARACTERS = 200
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A post as it will be stored; `recipients`: people it is for beside those it mentions."""

    body: str
    warning: str = ""
    sensitive: bool = False
    visibility: Visibility = Visibility.PUBLIC
    language: str = ""
    parent_id: int | None = None
    media_ids: tuple[int, ...] = ()
    recipients: tuple[int, ...] = ()

    @property
    def hashtags(self) -> tuple[str, ...]:
        """The hashtags that lead to it: those of a post for everyone."""
        return hashtags_in(self.body)[:INDEXED_MAX] if self.visibility == Visibility.PUBLIC else ()

    @property
    def handles(self) -> tuple[str, ...]:
        """The handles it mentions, as many as lead to it."""
        return mentions_in(self.body)[:INDEXED_MAX]


def draft_of(
    text: str,
    *,
    warning: str = "",
    sensitive: bool = False,
    visibility: Visibility = Visibility.PUBLIC,
    language: str = "",
    parent_id: int | None = None,
    media_ids: Sequence[int] = (),
    recipients: Sequence[int] = (),
) -> Draft:
    """The draft, when it can be accepted. Raises InvalidInputError (fields `text`, `warning`)."""
    line = " ".join(tidied(warning).split())
    if len(line) > WARNING_MAX_CHARACTERS:
        raise InvalidInputError({"warning": f"A warning has at most {WARNING_MAX_CHARACTERS} characters."})
    return Draft(
        body=accepted_text(text, may_be_empty=bool(media_ids)),
        warning=line,
        # What is behind a warning is not shown unasked, so neither are its pictures.
        sensitive=sensitive or bool(line),
        visibility=visibility,
        language=language if _LANGUAGE.fullmatch(language) else "",
        parent_id=parent_id,
        media_ids=tuple(dict.fromkeys(media_ids)),
        recipients=tuple(dict.fromkeys(recipients))[:INDEXED_MAX],
    )


def key_digest(key: str) -> bytes:
    """A key of whatever length as the database keeps it."""
    return sha256(key.encode("utf-8", "surrogatepass")).digest()
