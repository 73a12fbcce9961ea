"""The row of buttons under a post: reply, repost, like, bookmark.

Made here and not in a template because a page has twenty such rows: fourteen expressions each, all escaped one by
one, took a third of what showing a home page costs. All that goes in is numbers, words of our own and an address.
"""

from functools import lru_cache

from markupsafe import Markup, escape

from flotilla.social import Post
from flotilla.social.visibility import Visibility
from flotilla.web.translating import mark, words_of

__all__ = ["deed_buttons"]

LABELS_MAX = 4096


def deed_buttons(language: str, post: Post, post_id: int, address: str) -> Markup:
    """The buttons for `post`, whose page is at `address`; `post_id` is the one its row stands for, perhaps a repost."""
    row = [
        f'<a href="{address}#reply" aria-label="{_label(language, "reply", post.replies)}">'
        f"{_inside(language, 'speech', post.replies)}</a>"
    ]
    if post.visibility < Visibility.FOLLOWERS:
        kind = "unrepost" if post.reposted_by_viewer else "repost"
        row.append(_button(language, post_id, kind, "again", post.reposts, pressed=post.reposted_by_viewer))
    kind = "unlike" if post.liked_by_viewer else "like"
    row.append(_button(language, post_id, kind, "heart", post.likes, pressed=post.liked_by_viewer))
    kind = "unbookmark" if post.bookmarked_by_viewer else "bookmark"
    row.append(_button(language, post_id, kind, "keep", 0, pressed=post.bookmarked_by_viewer))
    return Markup("".join(row))  # noqa: S704 (numbers and our own words)


def _button(language: str, post_id: int, kind: str, icon: str, n: int, *, pressed: bool) -> str:
    on = 'class="on" ' if pressed else ""
    return (
        f'<button {on}form="deeds" formaction="/posts/{post_id}/{kind}" aria-label="{_label(language, kind, n)}">'
        f"{_inside(language, icon, n)}</button>"
    )


@lru_cache(maxsize=LABELS_MAX)
def _inside(language: str, icon: str, n: int) -> str:
    return f'<svg aria-hidden="true"><use href="#{icon}"/></svg>{words_of(language).number(n) if n else ""}'


@lru_cache(maxsize=LABELS_MAX)
def _label(language: str, kind: str, n: int) -> str:
    words = words_of(language)
    match kind:
        case "reply":
            text = words.counted("Reply, %(num)s reply", "Reply, %(num)s replies", n)
        case "repost":
            text = words.counted("Repost, %(num)s repost", "Repost, %(num)s reposts", n)
        case "unrepost":
            text = words.counted("Take repost back, %(num)s repost", "Take repost back, %(num)s reposts", n)
        case "like":
            text = words.counted("Like, %(num)s like", "Like, %(num)s likes", n)
        case "unlike":
            text = words.counted("Unlike, %(num)s like", "Unlike, %(num)s likes", n)
        case "unbookmark":
            text = words.text(mark("Remove bookmark"))
        case _:
            text = words.text(mark("Bookmark"))
    return str(escape(text))
