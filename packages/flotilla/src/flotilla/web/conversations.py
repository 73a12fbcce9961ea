"""Direct messages: one's conversations, and each of them with a box to write in."""

from flask import Blueprint, request
from werkzeug.wrappers import Response

from flotilla.errors import InvalidInputError
from flotilla.social import Paging, Viewer
from flotilla.web.deeds import back
from flotilla.web.drafting import Writing, empty_form, entered_form
from flotilla.web.rendering import page
from flotilla.web.sessions import signed_in_only, site
from flotilla.web.timelines import before

__all__ = ["blueprint"]

blueprint = Blueprint("conversations", __name__)


@blueprint.get("/messages")
@signed_in_only
def conversations(me: Viewer) -> str:
    """One's conversations; `?to=` begins a new one."""
    fresh = empty_form(me)
    return conversations_page(me, Writing(fresh.key, to=request.args.get("to", "")[:500]))


@blueprint.post("/messages")
@signed_in_only
def start(me: Viewer) -> Response | tuple[str, int]:
    """Write to people."""
    entered = entered_form()
    try:
        conversation_id = site().conversations.start(me, entered.to, entered.text, key=entered.key)
    except InvalidInputError as error:
        return conversations_page(me, entered, error.problems), 400
    return back(f"/messages/{conversation_id}")


def conversations_page(me: Viewer, writing: Writing, problems: dict[str, str] | None = None) -> str:
    """One's conversations with the form for a new one."""
    start_at = before() if request.method == "GET" else None
    found = site().conversations.page(me, Paging(before=start_at))
    return page(
        "messages.html",
        "messages",
        me=me,
        conversations=found.items,
        older=found.next_before,
        before=start_at,
        writing=writing,
        problems=problems,
    )


@blueprint.get("/messages/<id:conversation_id>")
@signed_in_only
def conversation(me: Viewer, conversation_id: int) -> str:
    """One conversation; opening it is reading it."""
    return conversation_page(me, conversation_id, empty_form(me), start=before())


@blueprint.post("/messages/<id:conversation_id>")
@signed_in_only
def write(me: Viewer, conversation_id: int) -> Response | tuple[str, int]:
    """Write to everyone in a conversation."""
    entered = entered_form()
    try:
        site().conversations.write(me, conversation_id, entered.text, key=entered.key)
    except InvalidInputError as error:
        return conversation_page(me, conversation_id, entered, start=None, problems=error.problems), 400
    return back(f"/messages/{conversation_id}")


def conversation_page(
    me: Viewer, conversation_id: int, writing: Writing, *, start: int | None, problems: dict[str, str] | None = None
) -> str:
    """A conversation, the newest message first, with the form to write in it."""
    found, posts = site().conversations.opened(me, conversation_id, Paging(before=start))
    return page(
        "conversation.html",
        "messages",
        me=me,
        here=f"/messages/{conversation_id}",
        conversation=found,
        posts=posts.items,
        older=posts.next_before,
        before=start,
        writing=writing,
        problems=problems,
    )


@blueprint.post("/messages/<id:conversation_id>/delete")
@signed_in_only
def delete(me: Viewer, conversation_id: int) -> Response:
    """Take a conversation off one's own list."""
    site().conversations.delete(me, conversation_id)
    return back("/messages")
