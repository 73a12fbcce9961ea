"""Pictures: taken in, worked on, described, given to a post, and removed when no row knows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import IO

import structlog

from flotilla.errors import InvalidInputError, NotFoundError, UnavailableError
from flotilla.settings import Settings
from flotilla.social.background import Background, Task
from flotilla.social.media import PICTURES_MAX, media_of
from flotilla.social.pages import Media, Viewer
from flotilla.social.pictures import IN_A_POST, Make, Picture, PictureWorkshop, RefusedError, format_of
from flotilla.social.text import tidied
from flotilla.store import media as media_rows
from flotilla.store import media_files as file_rows
from flotilla.store.database import Database, Work
from flotilla.store.files import Files, FileTooLargeError
from flotilla.store.ids import MAX_ID
from flotilla.store.media import MediaRow

__all__ = [
    "ALT_MAX_CHARACTERS",
    "Upload",
    "Uploads",
]

ALT_MAX_CHARACTERS = 1500
UNATTACHED_MAX = 20
UNATTACHED_KEPT = timedelta(hours=24)
LATE = timedelta(minutes=10)
SWEPT_AT_ONCE = 200
SWEEP_EVERY_S = 3600
PROCESS = Task("process_picture", queue="media", attempts=4, lease_s=120)
SWEEP = Task("sweep_pictures", queue="cleanup")
_NO_SUCH_PICTURE = "There is no such picture."
_NOT_A_PICTURE = "This is not a picture that this site takes: JPEG, PNG, WebP or GIF."

_log = structlog.get_logger("flotilla.media")


@dataclass(frozen=True, slots=True)
class Upload:
    """One's own picture on its way into a post. `media` once it is `ready`; `problem` tells why it `failed`."""

    id: int
    state: str
    alt: str
    focus: tuple[float, float]
    media: Media | None
    problem: str
    post_id: int | None


class Uploads:
    """Pictures of posts."""

    def __init__(self, database: Database, settings: Settings, files: Files, background: Background) -> None:
        self._database = database
        self._files = files
        self._workshop = PictureWorkshop(settings, files)
        self._background = background
        self._most_bytes = settings.media_upload_max_mib << 20
        background.does(PROCESS, self.process)
        background.does(SWEEP, self.sweep, every_s=SWEEP_EVERY_S)

    def take(self, viewer: Viewer, stream: IO[bytes], *, alt: str = "", focus: tuple[float, float] = (0.0, 0.0)) -> int:
        """Store a picture that somebody sends, and have it worked on in the background; its id.

        It waits 24 hours for a post. Raises InvalidInputError (fields `file`, `description`, `focus`).
        """
        return self._taken(viewer, stream, alt, focus, in_background=True)

    def take_now(self, viewer: Viewer, stream: IO[bytes], *, alt: str = "") -> Media:
        """Take a picture and work on it at once. Raises InvalidInputError (as `take`; `file` when it is refused)."""
        media_id = self._taken(viewer, stream, alt, (0.0, 0.0), in_background=False)
        try:
            self.process(media_id)
        except UnavailableError:
            # Nobody was told of it, so nobody will come back for it.
            self.discard(viewer, media_id)
            raise
        upload = self.find(viewer, media_id)
        if upload.media is None:
            self.discard(viewer, media_id)
            raise InvalidInputError({"file": upload.problem or _NOT_A_PICTURE})
        return upload.media

    def _taken(
        self, viewer: Viewer, stream: IO[bytes], alt: str, focus: tuple[float, float], *, in_background: bool
    ) -> int:
        description, point = _accepted_alt(alt), _accepted_focus(focus)
        with self._database.read() as work:
            if media_rows.count_unattached(work, viewer.account_id) >= UNATTACHED_MAX:
                raise InvalidInputError(
                    {"file": f"You have {UNATTACHED_MAX} pictures that wait for a post: post or remove some first."}
                )
        source = self._received(stream)
        try:
            if in_background:
                # Whoever comes to it may be another machine.
                self._files.share(source)
            with self._database.write(hides=False) as work:
                media_id = media_rows.insert(
                    work, account_id=viewer.account_id, source=source, alt=description, focus=point
                )
                if in_background:
                    self._background.later(work, PROCESS, media_id=media_id)
        except BaseException:
            self._files.remove(source)
            raise
        return media_id

    def process(self, media_id: int) -> None:
        """Make the pictures that are shown from what was sent. Doing it again changes nothing; nor does a lost row."""
        with self._database.read() as work:
            rows = media_rows.find(work, [media_id])
        if not rows or rows[0].state != "processing" or rows[0].source is None:
            return
        source = rows[0].source
        # No connection is held while the picture is worked on, which takes longer than any statement.
        try:
            made = self._workshop.make(source, IN_A_POST)
        except RefusedError as refused:
            with self._database.write() as work:
                media_rows.fail(work, media_id, source=source, problem=str(refused))
                self.remove_gone_after(work, media_id)
            self._files.drop(source)
            return
        with self._database.write() as work:
            kept = media_rows.finish(
                work, media_id, source=source, file=made.file, width=made.width, height=made.height
            )
            self.remove_gone_after(work, media_id)
        # Another machine may have been quicker to find it gone, and have looked for it on its own disk.
        self._files.drop(source)
        if not kept:
            self._files.remove(made.file)

    def find(self, viewer: Viewer, media_id: int) -> Upload:
        """One's own picture. Raises NotFoundError, for somebody else's too."""
        with self._database.read() as work:
            return _upload(_own(work, viewer, [media_id])[0])

    def waiting(self, viewer: Viewer, media_ids: Sequence[int]) -> tuple[Upload, ...]:
        """Those of the pictures that are one's own, ready, and no post's yet, in that order; others are left out."""
        ids = [media_id for media_id in dict.fromkeys(media_ids) if 0 < media_id <= MAX_ID][:PICTURES_MAX]
        if not ids:
            return ()
        with self._database.read() as work:
            rows = media_rows.find(work, ids)
        own = [row for row in rows if row.account_id == viewer.account_id and row.post_id is None]
        return tuple(_upload(row) for row in own if row.state == "ready")

    def describe(
        self, viewer: Viewer, media_id: int, *, alt: str | None = None, focus: tuple[float, float] | None = None
    ) -> Upload:
        """Say what one's own picture shows, where to look; None leaves it. Raises NotFoundError, InvalidInputError."""
        description = None if alt is None else _accepted_alt(alt)
        point = None if focus is None else _accepted_focus(focus)
        with self._database.write() as work:
            _own(work, viewer, [media_id])
            media_rows.describe(work, media_id, account_id=viewer.account_id, alt=description, focus=point)
            return _upload(_own(work, viewer, [media_id])[0])

    def discard(self, viewer: Viewer, media_id: int) -> None:
        """Remove one's own picture that no post has. Raises NotFoundError."""
        with self._database.write() as work:
            if not (0 < media_id <= MAX_ID and media_rows.delete(work, media_id, account_id=viewer.account_id)):
                raise NotFoundError(_NO_SUCH_PICTURE)
            self.remove_gone_after(work, media_id)

    def make(self, stream: IO[bytes], makes: tuple[Make, Make]) -> Picture:
        """Make a picture that is no post's; its files are the caller's. Raises InvalidInputError (field `file`)."""
        source = self._received(stream)
        try:
            return self._workshop.make(source, makes)
        except RefusedError as refused:
            raise InvalidInputError({"file": str(refused)}) from None
        finally:
            self._files.drop(source)

    def forget(self, picture: Picture) -> None:
        """Remove the files of a picture that was made, and that no row knows after all."""
        self._files.remove(picture.file)

    def remove_gone_after(self, work: Work, row_id: int) -> None:
        """Once `work` is kept, remove the files that rows of that id's shard know no more: for every deletion."""
        work.after(partial(self._try_to_remove_gone, work.shards.schema_of(row_id)))

    def _try_to_remove_gone(self, shard: str) -> None:
        try:
            with self._database.write() as work:
                self._remove_gone(work, shard)
        except UnavailableError as error:
            # The names are written down: the next sweep finds them.
            _log.warning("files not removed yet", reason=str(error))

    def sweep(self, now: datetime | None = None) -> int:
        """Remove pictures that waited a day for a post, and files no row knows any more; how many files went.

        And do what nobody came to: a process may have died between taking a picture and working on it.
        """
        now = now or datetime.now(UTC)
        with self._database.write() as work:
            media_rows.delete_unattached_before(work, moment=now - UNATTACHED_KEPT, limit=SWEPT_AT_ONCE)
            shards = work.shards.schemas
            late = media_rows.unfinished_before(work, moment=now - LATE, limit=SWEPT_AT_ONCE)
        for media_id in late:
            self.process(media_id)
        removed = 0
        for shard in shards:
            with self._database.write() as work:
                removed += self._remove_gone(work, shard)
        return removed

    def _received(self, stream: IO[bytes]) -> str:
        """Store what the stream holds, if it begins as a picture does; its name. Raises InvalidInputError (`file`)."""
        try:
            source = self._files.receive(stream, most_bytes=self._most_bytes)
        except FileTooLargeError:
            raise InvalidInputError({"file": f"This file is larger than {self._most_bytes >> 20} MiB."}) from None
        with self._files.at_hand(source) as path, path.open("rb") as file:
            kind = format_of(file.read(12))
        if kind is None:
            self._files.drop(source)
            raise InvalidInputError({"file": _NOT_A_PICTURE})
        return source

    def _remove_gone(self, work: Work, shard: str) -> int:
        # First the file and then its name: a name is only forgotten when its file is gone for certain.
        names = file_rows.gone(work, shard, limit=SWEPT_AT_ONCE)
        if names:
            self._files.remove(*names)
            file_rows.forget_gone(work, shard, names)
        return len(names)


def _own(work: Work, viewer: Viewer, media_ids: Sequence[int]) -> list[MediaRow]:
    rows = media_rows.find(work, [media_id for media_id in media_ids if 0 < media_id <= MAX_ID])
    if len(rows) != len(media_ids) or any(row.account_id != viewer.account_id for row in rows):
        raise NotFoundError(_NO_SUCH_PICTURE)
    return rows


def _upload(row: MediaRow) -> Upload:
    return Upload(
        id=row.media_id,
        state=row.state,
        alt=row.alt,
        focus=(row.focus_x / 1000, row.focus_y / 1000),
        media=media_of(row) if row.state == "ready" else None,
        problem=row.problem,
        post_id=row.post_id,
    )


def _accepted_alt(text: str) -> str:
    tidy = tidied(text)
    if len(tidy) > ALT_MAX_CHARACTERS:
        raise InvalidInputError({"description": f"A description has at most {ALT_MAX_CHARACTERS} characters."})
    return tidy


def _accepted_focus(focus: tuple[float, float]) -> tuple[int, int]:
    # Written so that what is no number at all is refused too.
    if not all(-1 <= part <= 1 for part in focus):
        raise InvalidInputError({"focus": "A focus is two numbers from -1 to 1."})
    return round(focus[0] * 1000), round(focus[1] * 1000)
