"""Writing posts: publishing, changing, deleting."""

from dataclasses import replace

from flask import Blueprint, request
from werkzeug.wrappers import Response

from flotilla.errors import ForbiddenError, InvalidInputError, NotFoundError, TooManyError
from flotilla.social import PICTURES_MAX, Post, Viewer
from flotilla.web.deeds import back
from flotilla.web.drafting import Writing, entered_form
from flotilla.web.navigation import local_path
from flotilla.web.pictures import pictures_of_form
from flotilla.web.posts import address_of, thread_page
from flotilla.web.rendering import page
from flotilla.web.sessions import signed_in_only, site
from flotilla.web.sizes import takes_files
from flotilla.web.timelines import home_page

__all__ = ["blueprint"]

blueprint = Blueprint("composing", __name__)


@blueprint.post("/posts")
@takes_files(PICTURES_MAX)
@signed_in_only
def publish(me: Viewer) -> Response | tuple[str, int]:
    """Publish a post; the same form sent twice publishes it once."""
    pictures = pictures_of_form(me)
    entered = replace(entered_form(), kept=pictures.uploads)
    if pictures.problems:
        return again(me, entered, pictures.problems), 400
    try:
        site().limits.post(me.account_id)
        site().posts.publish(
            me,
            entered.text,
            warning=entered.warning,
            sensitive=entered.sensitive and bool(pictures.media_ids),
            visibility=entered.visibility,
            parent_id=entered.parent_id,
            media_ids=pictures.media_ids,
            key=entered.key,
        )
    except InvalidInputError as error:
        return again(me, entered, error.problems), 400
    except TooManyError as error:
        return again(me, entered, {"text": str(error)}), 429
    return back("/home")


def again(me: Viewer, entered: Writing, problems: dict[str, str]) -> str:
    """The page the form was on, with what is wrong, and nothing that was entered lost."""
    if entered.parent_id is not None:
        try:
            return thread_page(me, site().posts.thread(me, entered.parent_id), writing=entered, problems=problems)
        except NotFoundError:
            pass
    return home_page(me, start=None, writing=entered, problems=problems)


@blueprint.get("/posts/<id:post_id>/edit")
@signed_in_only
def edit_form(me: Viewer, post_id: int) -> str:
    """The words of one's own post, to be changed."""
    post = own(me, post_id)
    return edit_page(me, post, Writing("", text=post.text, warning=post.warning, sensitive=post.sensitive))


@blueprint.post("/posts/<id:post_id>/edit")
@signed_in_only
def edit(me: Viewer, post_id: int) -> Response | tuple[str, int]:
    """Give one's own post other words."""
    entered = entered_form()
    try:
        site().posts.edit(me, post_id, entered.text, warning=entered.warning, sensitive=entered.sensitive)
    except InvalidInputError as error:
        return edit_page(me, own(me, post_id), entered, error.problems), 400
    return back(f"/@{me.handle}/{post_id}")


def edit_page(me: Viewer, post: Post, writing: Writing, problems: dict[str, str] | None = None) -> str:
    """The form with a post's words."""
    return page("edit.html", "edit", me=me, post=post, writing=writing, problems=problems, next=address_of(post))


@blueprint.get("/posts/<id:post_id>/delete")
@signed_in_only
def ask_before_delete(me: Viewer, post_id: int) -> str:
    """The question before a post is deleted."""
    post = own(me, post_id)
    after = local_path(request.args.get("next"), f"/@{me.handle}")
    return page("delete.html", "delete", me=me, post=post, next=after)


@blueprint.post("/posts/<id:post_id>/delete")
@signed_in_only
def delete(me: Viewer, post_id: int) -> Response:
    """Delete one's own post."""
    site().posts.delete(me, post_id)
    return back(f"/@{me.handle}")


def own(me: Viewer, post_id: int) -> Post:
    """One's own post. Raises NotFoundError, ForbiddenError."""
    post = site().posts.read(me, post_id)
    if not post.written_by_viewer:
        raise ForbiddenError("That post is somebody else's.")
    return post
