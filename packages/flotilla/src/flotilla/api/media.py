"""Pictures for posts: sent, worked on, described."""

from typing import IO

from msgspec import Struct

from flotilla.api.calls import Call, IdParameter, OfId
from flotilla.api.endpoints import Endpoints, Nothing
from flotilla.api.entities import MediaAttachment
from flotilla.errors import InvalidInputError
from flotilla.social.uploads import Upload

__all__ = ["endpoints", "focus_of"]

endpoints = Endpoints()

ACCEPTED = 202
NOT_YET = 206


class NewMedia(Struct, kw_only=True):
    """What is said about the picture in `file`; `focus` is two numbers with a comma between them."""

    description: str = ""
    focus: str = ""


class ChangedMedia(Struct, kw_only=True):
    """What is said about a picture now."""

    id: IdParameter
    description: str | None = None
    focus: str | None = None


def focus_of(text: str) -> tuple[float, float]:
    """The point to keep in view. Raises InvalidInputError (field `focus`)."""
    try:
        x, y = (float(part) for part in text.split(","))
    except ValueError:
        raise InvalidInputError({"focus": "A focus is two numbers from -1 to 1."}) from None
    return x, y


@endpoints.add("POST", "/api/v2/media", "write:media", files=("file",), statuses=(200, 202))
def send(call: Call, given: NewMedia) -> MediaAttachment:
    """Send a picture; it is worked on in the background, and has an address once that is done."""
    focus = focus_of(given.focus) if given.focus else (0.0, 0.0)
    media_id = call.site.media.take(call.me, _stream(call), alt=given.description, focus=focus)
    return _entity(call, call.site.media.find(call.me, media_id), status=ACCEPTED)


@endpoints.add("POST", "/api/v1/media", "write:media", files=("file",))
def send_and_wait(call: Call, given: NewMedia) -> MediaAttachment:
    """Send a picture, and wait until it has an address."""
    focus = focus_of(given.focus) if given.focus else None
    media_id = call.site.media.take_now(call.me, _stream(call), alt=given.description).id
    if focus is not None:
        call.site.media.describe(call.me, media_id, focus=focus)
    return _entity(call, call.site.media.find(call.me, media_id))


@endpoints.add("GET", "/api/v1/media/<id>", "write:media", statuses=(200, 206))
def one(call: Call, given: OfId) -> MediaAttachment:
    """One's own picture; 206 while it is being worked on."""
    return _entity(call, call.site.media.find(call.me, given.id), status=NOT_YET)


@endpoints.add("PUT", "/api/v1/media/<id>", "write:media", statuses=(200, 206))
def describe(call: Call, given: ChangedMedia) -> MediaAttachment:
    """Say what one's own picture shows, and where to look."""
    focus = None if given.focus is None else focus_of(given.focus)
    upload = call.site.media.describe(call.me, given.id, alt=given.description, focus=focus)
    return _entity(call, upload, status=NOT_YET)


@endpoints.add("DELETE", "/api/v1/media/<id>", "write:media")
def discard(call: Call, given: OfId) -> Nothing:
    """Remove one's own picture that no post has."""
    call.site.media.discard(call.me, given.id)
    return Nothing()


def _stream(call: Call) -> IO[bytes]:
    sent = call.files.get("file")
    if sent is None:
        raise InvalidInputError({"file": "File can't be blank"})
    call.site.limits.upload(call.me.account_id)
    stream: IO[bytes] = sent.stream
    return stream


def _entity(call: Call, upload: Upload, *, status: int = 200) -> MediaAttachment:
    """The picture; until it is ready without an address, and with that status."""
    if upload.media is not None:
        return call.shaper.media(upload.media)
    if upload.state == "failed":
        raise InvalidInputError({"file": upload.problem or "This picture could not be read."})
    call.status = status
    return MediaAttachment(
        id=str(upload.id),
        type="image",
        url=None,
        preview_url=None,
        meta={"focus": {"x": upload.focus[0], "y": upload.focus[1]}},
        description=upload.alt or None,
    )
