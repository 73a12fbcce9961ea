"""Taking one's data away: one zip with everything, made beside the requests, to be fetched for a week.

It is written page by page, so that memory stays the same however much there is. The tables are in the form in which
Mastodon exports and imports them: a person can take whom they follow along.
"""

import csv
import io
import json
import secrets
import shutil
import time
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from flotilla.errors import InvalidInputError, NotFoundError
from flotilla.settings import Settings
from flotilla.social.background import Background, Task
from flotilla.social.pages import Viewer
from flotilla.social.visibility import Visibility
from flotilla.store import exports as rows
from flotilla.store.database import Database, Row, Work
from flotilla.store.exports import Kind
from flotilla.store.files import Files
from flotilla.store.ids import made_at

__all__ = ["Export", "Exports"]

PAGE = 500
AGAIN_AFTER = timedelta(hours=1)
KEPT_FOR = timedelta(days=7)
MAKE_EXPORT = Task("make_export", queue="default", attempts=3, lease_s=1800)
SWEEP_EXPORTS = Task("sweep_exports", queue="cleanup")
SWEEP_EVERY_S = 3600
SWEPT_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Export:
    """A copy of a person's data, times in UTC; `is_ready` once it can be fetched."""

    asked_at: datetime
    is_ready: bool
    size_bytes: int
    expires_at: datetime | None


class Exports:
    """Copies of people's data."""

    def __init__(self, database: Database, settings: Settings, *, files: Files, background: Background) -> None:
        self._database = database
        self._folder = Path(settings.export_folder).absolute()
        self._site_url = settings.site_url
        self._domain = urlsplit(settings.site_url).netloc
        self._files = files
        self._background = background
        background.does(MAKE_EXPORT, self._make)
        background.does(SWEEP_EXPORTS, self._sweep, every_s=SWEEP_EVERY_S)

    def ask(self, viewer: Viewer) -> None:
        """Have a copy made. Raises InvalidInputError (export) within an hour of the last time."""
        with self._database.write() as work:
            if not rows.ask(work, account_id=viewer.account_id, again_after=AGAIN_AFTER):
                raise InvalidInputError({"export": "You asked for a copy less than an hour ago."})
            self._background.later(work, MAKE_EXPORT, account_id=viewer.account_id)

    def of(self, viewer: Viewer) -> Export | None:
        """The viewer's copy, if one was asked for and is not too old."""
        with self._database.read() as work:
            row = rows.find(work, viewer.account_id)
        if row is None:
            return None
        return Export(row.asked_at, row.file_name is not None, row.size_bytes or 0, row.expires_at)

    def file(self, viewer: Viewer) -> Path:
        """The zip of the viewer's copy. Raises NotFoundError when there is none, or none any more."""
        with self._database.read() as work:
            row = rows.find(work, viewer.account_id)
        path = None if row is None or row.file_name is None else self._folder / row.file_name
        if path is None or not path.is_file():
            raise NotFoundError("There is no copy to fetch.")
        return path

    def drop(self, work: Work, account_id: int) -> None:
        """Remove an account's copy, once `work` is kept."""
        name = rows.drop(work, account_id)
        if name is not None:
            work.after(partial((self._folder / name).unlink, missing_ok=True))

    def _make(self, account_id: int) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{secrets.token_hex(16)}.zip"
        part = self._folder / f"{name}.part"
        try:
            with part.open("xb") as file:
                part.chmod(0o600)
                with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                    if not self._write_all(archive, account_id):
                        return
            size_bytes = part.stat().st_size
            part.rename(self._folder / name)
            with self._database.write() as work:
                unwanted = rows.finish(
                    work, account_id=account_id, file_name=name, size_bytes=size_bytes, lifetime=KEPT_FOR
                )
            if unwanted is not None:
                (self._folder / unwanted).unlink(missing_ok=True)
        finally:
            part.unlink(missing_ok=True)

    def _write_all(self, archive: zipfile.ZipFile, account_id: int) -> bool:
        with self._database.read() as work:
            profile = rows.profile(work, account_id)
        if profile is None:
            return False
        archive.writestr("profile.json", _json(self._profile(account_id, profile)))
        _write_list(archive, "posts.json", self._posts(account_id))
        _write_list(archive, "likes.json", self._marks(account_id, "likes"))
        _write_list(archive, "bookmarks.json", self._marks(account_id, "bookmarks"))
        _write_table(archive, "bookmarks.csv", None, ([url] for url in self._marks(account_id, "bookmarks")))
        following = ([acct, shown, False, ""] for acct, shown in self._people(account_id, "following"))
        _write_table(
            archive,
            "following_accounts.csv",
            ["Account address", "Show boosts", "Notify on new posts", "Languages"],
            following,
        )
        mutes = ([acct, hidden] for acct, hidden in self._people(account_id, "mutes"))
        _write_table(archive, "muted_accounts.csv", ["Account address", "Hide notifications"], mutes)
        _write_list(archive, "muted_threads.json", self._marks(account_id, "thread_mutes"))
        _write_table(archive, "followers.csv", ["Account address"], self._people(account_id, "followers"))
        _write_table(archive, "blocked_accounts.csv", None, self._people(account_id, "blocks"))
        _write_table(archive, "lists.csv", None, self._lists(account_id))
        self._add_media(archive, account_id, profile)
        return True

    def _profile(self, account_id: int, row: Row) -> dict[str, object]:
        names = (
            "handle", "display_name", "bio", "fields", "avatar", "header", "locked", "bot", "discoverable", "language",
            "email",
        )  # fmt: skip
        return dict(zip(names, row, strict=True)) | {"joined_at": made_at(account_id), "site": self._site_url}

    def _posts(self, account_id: int) -> Iterator[dict[str, object]]:
        for in_timelines in (True, False):
            for row in self._pages("posts", account_id, in_timelines=in_timelines):
                post_id, text, warning, sensitive, language, visibility, parent_id, repost_of, edited_at, pinned = row
                yield {
                    "id": str(post_id),
                    "posted_at": made_at(post_id),
                    "edited_at": edited_at,
                    "text": text,
                    "warning": warning,
                    "sensitive": sensitive,
                    "language": language,
                    "visibility": Visibility(visibility).name.lower(),
                    "in_reply_to": parent_id and str(parent_id),
                    "repost_of": repost_of and str(repost_of),
                    "pinned": pinned,
                }

    def _marks(self, account_id: int, kind: Kind) -> Iterator[str]:
        for page in self._in_pages(kind, account_id):
            with self._database.read() as work:
                authors = rows.authors(work, [post_id for (post_id,) in page])
            for (post_id,) in page:
                if post_id in authors:
                    yield f"{self._site_url}/@{authors[post_id]}/{post_id}"

    def _people(self, account_id: int, kind: Kind) -> Iterator[list[object]]:
        for page in self._in_pages(kind, account_id):
            with self._database.read() as work:
                handles = rows.handles(work, [row[0] for row in page])
            for other_id, *rest in page:
                if other_id in handles:
                    yield [f"{handles[other_id]}@{self._domain}", *rest]

    def _lists(self, account_id: int) -> Iterator[list[object]]:
        for list_id, title in self._pages("lists", account_id):
            for member in self._people(list_id, "list_members"):
                yield [title, *member]

    def _add_media(self, archive: zipfile.ZipFile, account_id: int, profile: Row) -> None:
        def one(name: str) -> None:
            opened = self._files.open(name)
            if opened is None:
                # A picture may be removed while the copy is made.
                return
            entry = zipfile.ZipInfo(f"media/{name.replace('/', '-')}", time.localtime(opened.written_s)[:6])
            with opened.stream, archive.open(entry, "w") as file:
                shutil.copyfileobj(opened.stream, file)

        for name in (profile[4], profile[5]):
            if name:
                one(name)
        for _media_id, name, _post_id, _alt in self._pages("media", account_id):
            one(name)

        def told() -> Iterator[dict[str, object]]:
            for media_id, name, post_id, alt in self._pages("media", account_id):
                file = f"media/{name.replace('/', '-')}"
                yield {"id": str(media_id), "file": file, "post": post_id and str(post_id), "description": alt}

        _write_list(archive, "media.json", told())

    def _pages(self, kind: Kind, owner_id: int, *, in_timelines: bool = True) -> Iterator[Row]:
        for page in self._in_pages(kind, owner_id, in_timelines=in_timelines):
            yield from page

    def _in_pages(self, kind: Kind, owner_id: int, *, in_timelines: bool = True) -> Iterator[list[Row]]:
        after = 0
        while True:
            with self._database.read() as work:
                page = rows.page(work, kind, owner_id, after=after, limit=PAGE, in_timelines=in_timelines)
            if page:
                yield page
            if len(page) < PAGE:
                return
            after = page[-1][0]

    def _sweep(self) -> None:
        """Remove copies that are too old, and what was left half made or belongs to nobody any more."""
        with self._database.read() as work:
            found = rows.expired(work, most=SWEPT_AT_ONCE)
        for account_id, file_name in found:
            (self._folder / file_name).unlink(missing_ok=True)
            with self._database.write() as work:
                rows.forget(work, account_id=account_id, file_name=file_name)
        too_old_s = KEPT_FOR.total_seconds() + 3600
        now_s = datetime.now(UTC).timestamp()
        for path in self._folder.glob("*.zip*") if self._folder.is_dir() else ():
            with suppress(FileNotFoundError):
                if now_s - path.stat().st_mtime > too_old_s:
                    path.unlink()


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, default=_as_text)


def _as_text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _write_list(archive: zipfile.ZipFile, name: str, items: Iterator[object]) -> None:
    """A JSON array, item by item."""
    with archive.open(name, "w", force_zip64=True) as file:
        file.write(b"[")
        for number, item in enumerate(items):
            file.write(((",\n" if number else "\n") + _json(item)).encode())
        file.write(b"\n]\n")


def _write_table(archive: zipfile.ZipFile, name: str, heads: list[str] | None, lines: Iterator[list[object]]) -> None:
    with archive.open(name, "w", force_zip64=True) as file, io.TextIOWrapper(file, "utf-8", newline="") as text:
        writer = csv.writer(text, lineterminator="\n")
        if heads:
            writer.writerow(heads)
        for line in lines:
            writer.writerow(["true" if cell is True else "false" if cell is False else cell for cell in line])
