"""The pictures of a form: those just sent, and those of an earlier try, which came back with the form."""

from dataclasses import dataclass

from flask import request

from flotilla.errors import InvalidInputError, NotFoundError, StorageUnavailableError, TooManyError, UnavailableError
from flotilla.social import PICTURES_MAX, Upload, Viewer
from flotilla.web.sessions import site
from flotilla.web.translating import mark

__all__ = ["FormPictures", "no_picture_now", "pictures_of_form"]

BUSY = mark("The site is busy with other pictures. Choose this one again in a moment.")
NO_STORAGE = mark("The site cannot store pictures at the moment. Choose this one again in a few minutes.")


@dataclass(frozen=True, slots=True)
class FormPictures:
    """What came with a form. `problems`: a sentence for each input that could not be taken, by the input's name."""

    uploads: tuple[Upload, ...]
    problems: dict[str, str]

    @property
    def media_ids(self) -> tuple[int, ...]:
        """The pictures, in their order."""
        return tuple(upload.id for upload in self.uploads)


def pictures_of_form(me: Viewer) -> FormPictures:
    """Take the form's pictures and work on them at once, so that what is wrong with one is said beside it.

    A picture that was taken is not lost with a form that is refused: it waits, and the form that comes back has its
    number (`media_id`), its description (`alt_NUMBER`), and a box to leave it out (`drop_NUMBER`).
    """
    media_ids = _kept(me)
    problems: dict[str, str] = {}
    for number in range(1, PICTURES_MAX + 1):
        name = f"picture_{number}"
        sent = request.files.get(name)
        if sent is None or not sent.filename:
            continue
        if len(media_ids) >= PICTURES_MAX:
            problems[name] = f"A post has at most {PICTURES_MAX} pictures."
            continue
        try:
            site().limits.upload(me.account_id)
            media = site().media.take_now(me, sent.stream, alt=request.form.get(f"{name}_alt", ""))
        except InvalidInputError as error:
            if "description" in error.problems:
                problems[f"{name}_alt"] = error.problems["description"]
            else:
                problems[name] = str(error)
        except TooManyError as error:
            problems[name] = str(error)
        except UnavailableError as error:
            # Were it the database, the page that comes now could not be made either.
            problems[name] = no_picture_now(error)
        else:
            media_ids.append(media.id)
    return FormPictures(site().media.waiting(me, media_ids), problems)


def no_picture_now(error: UnavailableError) -> str:
    """Why a picture was not taken, for whoever chose it."""
    return NO_STORAGE if isinstance(error, StorageUnavailableError) else BUSY


def _kept(me: Viewer) -> list[int]:
    kept: list[int] = []
    for text in request.form.getlist("media_id")[:PICTURES_MAX]:
        if not (text.isascii() and text.isdigit() and len(text) <= 19):
            continue
        media_id = int(text)
        try:
            if request.form.get(f"drop_{text}"):
                site().media.discard(me, media_id)
            else:
                site().media.describe(me, media_id, alt=request.form.get(f"alt_{text}", ""))
                kept.append(media_id)
        except NotFoundError:
            # Gone by now, or never theirs; the form does without.
            continue
        except InvalidInputError:
            # A description that is too long: the one from before stays.
            kept.append(media_id)
    return kept
