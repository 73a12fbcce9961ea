"""Pictures as posts have them: given to one, and shown with it."""

from collections.abc import Sequence

from flotilla.errors import InvalidInputError
from flotilla.social.pages import Media, Viewer
from flotilla.store import media as media_rows
from flotilla.store.database import Work
from flotilla.store.files import small_of
from flotilla.store.ids import MAX_ID
from flotilla.store.media import MediaRow

__all__ = ["MEDIA_URL", "PICTURES_MAX", "attach", "media_of", "media_of_posts", "picture_url", "served_at"]

MEDIA_URL = "/media/"
PICTURES_MAX = 4


def attach(work: Work, viewer: Viewer, *, post_id: int, media_ids: Sequence[int]) -> int:
    """Make these the pictures of one's own post, in that order, and no others; how many there are.

    For use in the transaction that writes the post. Raises InvalidInputError (field `media`) for more than four, for
    somebody else's, for one that another post has, and for one that is not ready.
    """
    ids = list(dict.fromkeys(media_ids))
    if len(ids) > PICTURES_MAX:
        raise InvalidInputError({"media": f"A post has at most {PICTURES_MAX} pictures."})
    known = [media_id for media_id in ids if 0 < media_id <= MAX_ID]
    media_rows.detach_others(work, post_id=post_id, media_ids=known)
    if ids and media_rows.attach(work, post_id=post_id, account_id=viewer.account_id, media_ids=known) != len(ids):
        raise InvalidInputError({"media": "One of the pictures is not ready, or is not yours to post, or is gone."})
    return len(ids)


def media_of_posts(work: Work, post_ids: Sequence[int]) -> dict[int, tuple[Media, ...]]:
    """The pictures of each of the posts that has some; one statement for each shard of the posts."""
    found = media_rows.of_posts(work, post_ids) if post_ids else {}
    return {post_id: tuple(media_of(row) for row in rows if row.file) for post_id, rows in found.items()}


def picture_url(file: str, *, small: bool = False) -> str:
    """The path of a picture's address, from the name of its file (an avatar's, for instance)."""
    return MEDIA_URL + (small_of(file) if small else file)


def served_at(path: str, public_url: str) -> str:
    """Where browsers find a picture: its path on this site, or the same under `public_url` if there is one."""
    if public_url and path.startswith(MEDIA_URL):
        return f"{public_url.rstrip('/')}/{path.removeprefix(MEDIA_URL)}"
    return path


def media_of(row: MediaRow) -> Media:
    """A picture that is ready, as it is shown."""
    assert row.file is not None, "a picture that is ready has a file"
    assert row.width is not None, "and a size"
    assert row.height is not None, "and a size"
    return Media(
        id=row.media_id,
        kind="image",
        url=picture_url(row.file),
        preview_url=picture_url(row.file, small=True),
        alt=row.alt,
        width=row.width,
        height=row.height,
        focus=(row.focus_x / 1000, row.focus_y / 1000),
    )
