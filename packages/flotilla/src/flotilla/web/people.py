"""People around one: who follows whom, requests, blocks and mutes, and everything one can decide about one person."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, request
from werkzeug.wrappers import Response

from flotilla.errors import InvalidInputError
from flotilla.social import Author, Circle, PeoplePage, Viewer
from flotilla.web.deeds import back
from flotilla.web.rendering import page
from flotilla.web.sessions import signed_in_only, site, viewer
from flotilla.web.timelines import before, here
from flotilla.web.translating import _, mark

__all__ = ["blueprint"]

# How long a mute lasts, in seconds; "": until it is taken back.
MUTE_TIMES = (
    ("", mark("until I take it back")),
    ("3600", mark("an hour")),
    ("86400", mark("a day")),
    ("604800", mark("a week")),
    ("2592000", mark("30 days")),
)

blueprint = Blueprint("people", __name__)


def people_page(name: str, people: PeoplePage, *, me: Viewer | None, heading: str, path: str, **values: Any) -> str:
    """One page of a list of people, each with the buttons that this list has."""
    # Nothing is between the viewer and those who are suggested.
    ids = [person.account_id for person in people.items] if name != "suggestions" else []
    relations = {found.account_id: found for found in site().relations.between(me, ids)} if me and ids else {}
    return page(
        "people.html",
        name,
        me=me,
        heading=heading,
        path=path,
        here=here(),
        people=people.items,
        relations=relations,
        older=people.next_before,
        before=before(),
        **values,
    )


def circle_page(name: str, circle: Circle, *, me: Viewer | None, heading: str) -> str:
    """A page of somebody's followers, or of whom they follow."""
    path = f"/@{circle.person.handle}/{name}"
    return people_page(
        name, circle.people, me=me, heading=heading, path=path, person=circle.person, hidden=circle.hidden
    )


@blueprint.get("/@<handle>/followers")
def followers(handle: str) -> str:
    """Who follows a person."""
    me = viewer()
    circle = site().relations.followers(me, handle, before=before())
    heading = _("Followers of %(name)s", name=circle.person.display_name)
    return circle_page("followers", circle, me=me, heading=heading)


@blueprint.get("/@<handle>/following")
def following(handle: str) -> str:
    """Whom a person follows."""
    me = viewer()
    circle = site().relations.following(me, handle, before=before())
    heading = _("Followed by %(name)s", name=circle.person.display_name)
    return circle_page("following", circle, me=me, heading=heading)


@blueprint.get("/follow-requests")
@signed_in_only
def follow_requests(me: Viewer) -> str:
    """Who asks to follow."""
    found = site().relations.requests(me, before=before())
    return people_page("follow-requests", found, me=me, heading=_("Follow requests"), path="/follow-requests")


@blueprint.get("/blocked")
@signed_in_only
def blocked(me: Viewer) -> str:
    """Whom one blocks."""
    found = site().relations.blocked(me, before=before())
    return people_page("blocked", found, me=me, heading=_("People you block"), path="/blocked")


@blueprint.get("/muted")
@signed_in_only
def muted(me: Viewer) -> str:
    """Whom one mutes."""
    found = site().relations.muted(me, before=before())
    return people_page("muted", found, me=me, heading=_("People you mute"), path="/muted")


@blueprint.get("/people")
@signed_in_only
def suggestions(me: Viewer) -> str:
    """Whom one might like to follow."""
    found = PeoplePage(site().suggestions.people(me), None)
    return people_page("suggestions", found, me=me, heading=_("People to follow"), path="/people")


def options_page(me: Viewer, person: Author, problems: dict[str, str] | None = None) -> str:
    """Everything one can decide about one person."""
    (relation,) = site().relations.between(me, [person.account_id])
    on = {found.id for found in site().lists.containing(me, person.account_id)} if relation.following else set()
    return page(
        "options.html",
        "options",
        me=me,
        here=here(),
        person=person,
        relation=relation,
        lists=site().lists.all(me) if relation.following else (),
        on_lists=on,
        mute_times=[(seconds, _(words)) for seconds, words in MUTE_TIMES],
        problems=problems or {},
    )


@blueprint.get("/@<handle>/options")
@signed_in_only
def options(me: Viewer, handle: str) -> str:
    """Follow, lists, mute, block: about one person."""
    return options_page(me, site().relations.person(me, handle))


@blueprint.post("/@<handle>/reposts")
@signed_in_only
def reposts(me: Viewer, handle: str) -> Response:
    """Show or hide at home what a person reposts."""
    site().follows.follow(me, handle, show_reposts=request.form.get("show") == "yes")
    return back(f"/@{handle}")


@blueprint.post("/@<handle>/lists")
@signed_in_only
def choose_lists(me: Viewer, handle: str) -> Response:
    """Put a person on exactly the lists that were ticked."""
    person = site().relations.person(me, handle)
    ticked = {int(text) for text in request.form.getlist("list") if text.isascii() and text.isdigit()}
    on = {found.id for found in site().lists.containing(me, person.account_id)}
    for list_id in sorted(on - ticked):
        site().lists.remove(me, list_id, [person.account_id])
    for list_id in sorted(ticked - on):
        site().lists.add(me, list_id, [person.account_id])
    return back(f"/@{handle}")


@blueprint.post("/@<handle>/mute")
@signed_in_only
def mute(me: Viewer, handle: str) -> Response | tuple[str, int]:
    """Mute a person, for a while or for good."""
    seconds = request.form.get("lifetime", "")
    try:
        if seconds not in dict(MUTE_TIMES):
            raise InvalidInputError({"lifetime": "A mute lasts up to a year, or until you take it back."})
        lifetime = timedelta(seconds=int(seconds)) if seconds else None
        site().blocks.mute(me, handle, lifetime=lifetime, notifications=request.form.get("notifications") == "yes")
    except InvalidInputError as error:
        return options_page(me, site().relations.person(me, handle), error.problems), 400
    return back(f"/@{handle}")


@blueprint.post("/@<handle>/unmute")
@signed_in_only
def unmute(me: Viewer, handle: str) -> Response:
    """Take a mute back."""
    site().blocks.unmute(me, handle)
    return back(f"/@{handle}")


@blueprint.post("/@<handle>/block")
@signed_in_only
def block(me: Viewer, handle: str) -> Response:
    """Block a person."""
    site().blocks.block(me, handle)
    return back(f"/@{handle}")


@blueprint.post("/@<handle>/unblock")
@signed_in_only
def unblock(me: Viewer, handle: str) -> Response:
    """Take a block back."""
    site().blocks.unblock(me, handle)
    return back(f"/@{handle}")


@blueprint.post("/@<handle>/remove-follower")
@signed_in_only
def remove_follower(me: Viewer, handle: str) -> Response:
    """Make a person stop following oneself."""
    site().follows.remove_follower(me, handle)
    return back(f"/@{handle}")


@blueprint.post("/@<handle>/authorize")
@signed_in_only
def authorize(me: Viewer, handle: str) -> Response:
    """Let a person follow who asked to."""
    site().follows.authorize(me, handle)
    return back("/follow-requests")


@blueprint.post("/@<handle>/reject")
@signed_in_only
def reject(me: Viewer, handle: str) -> Response:
    """Do not let a person follow who asked to."""
    site().follows.reject(me, handle)
    return back("/follow-requests")
