"""The form in which a post is written: what it holds when it is fresh, and what it keeps when it comes back."""

import secrets
from dataclasses import dataclass

from flask import g, request

from flotilla.social import Post, Upload, Viewer, Visibility
from flotilla.web.navigation import LARGEST_ID

__all__ = ["Writing", "empty_form", "entered_form", "keys_given", "new_key", "reply_form"]


# A reply begins with at most so many handles: they take room from what it says.
ADDRESSED_MAX = 5


@dataclass(frozen=True, slots=True)
class Writing:
    """What stands in the form. `key` makes sending it twice publish once.

    `kept` are pictures that came with an earlier try; `to` is for whom a message is.
    """

    key: str
    text: str = ""
    warning: str = ""
    sensitive: bool = False
    visibility: Visibility = Visibility.PUBLIC
    parent_id: int | None = None
    to: str = ""
    kept: tuple[Upload, ...] = ()


def empty_form(me: Viewer) -> Writing:
    """A fresh form, as this person's posts start."""
    return Writing(new_key(), visibility=me.default_visibility, sensitive=me.default_sensitive)


def reply_form(me: Viewer, post: Post) -> Writing:
    """A fresh form for a reply: to everyone in the talk, behind the same warning, no more public than the post."""
    handles = [post.author.handle, *(other.handle for other in post.mentions)]
    others = [handle for handle in dict.fromkeys(handles) if handle != me.handle]
    mentioned = " ".join(f"@{handle}" for handle in others[:ADDRESSED_MAX])
    return Writing(
        new_key(),
        text=f"{mentioned} " if mentioned else "",
        warning=post.warning,
        sensitive=me.default_sensitive,
        visibility=max(post.visibility, me.default_visibility),
        parent_id=post.id,
    )


def entered_form() -> Writing:
    """What the request's form holds; where it makes no sense, what a fresh one would hold."""
    form = request.form
    visibility, parent_id = form.get("visibility", ""), form.get("parent_id", "")
    return Writing(
        key=form.get("key", "")[:100],
        text=form.get("text", ""),
        warning=form.get("warning", ""),
        sensitive="sensitive" in form,
        visibility=Visibility(int(visibility)) if visibility in {"0", "1", "2", "3"} else Visibility.PUBLIC,
        parent_id=_id_in(parent_id),
        to=form.get("to", ""),
    )


def _id_in(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text[:20]) <= LARGEST_ID else None


def new_key() -> str:
    """A key for one form. `keys_given` are those of this request, so that a page kept for later can be given others."""
    key = secrets.token_urlsafe(12)
    g.form_keys = [*keys_given(), key]
    return key


def keys_given() -> tuple[str, ...]:
    """The keys of the forms on the page being made."""
    return tuple(g.get("form_keys", ()))
