"""The page on which people say who they are, and what their posts start from."""

from collections.abc import Callable
from typing import IO, Any

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from flotilla.errors import InvalidInputError, TooManyError, UnavailableError
from flotilla.social import FIELDS_MAX, OwnProfile, ProfileChanges, Viewer, Visibility
from flotilla.web.pictures import no_picture_now
from flotilla.web.rendering import page
from flotilla.web.sessions import signed_in_only, site
from flotilla.web.sizes import takes_files
from flotilla.web.translating import LANGUAGES

__all__ = ["blueprint"]

blueprint = Blueprint("profiles", __name__)
# A direct post is for the people it names; nobody's posts start as one.
VISIBILITIES = {Visibility.PUBLIC: "public", Visibility.UNLISTED: "unlisted", Visibility.FOLLOWERS: "followers"}


def changes_of_form() -> ProfileChanges:
    """What the form says, all of it."""
    form = request.form
    visibility = {name: value for value, name in VISIBILITIES.items()}.get(form.get("default_visibility", ""))
    return ProfileChanges(
        display_name=form.get("display_name", ""),
        bio=form.get("bio", ""),
        fields=[
            (form.get(f"field_{number}_name", ""), form.get(f"field_{number}_value", ""))
            for number in range(1, FIELDS_MAX + 1)
        ],
        locked="locked" in form,
        bot="bot" in form,
        discoverable="discoverable" in form,
        language=form.get("language", ""),
        default_visibility=visibility,
        default_sensitive="default_sensitive" in form,
    )


def picture_of_form(me: Viewer, name: str, put: Callable[[Viewer, IO[bytes] | None], str | None]) -> dict[str, str]:
    """Take the picture of that input, or the one there is away; what is wrong with it."""
    sent = request.files.get(name)
    try:
        if sent is not None and sent.filename:
            site().limits.upload(me.account_id)
            put(me, sent.stream)
        elif request.form.get(f"remove_{name}"):
            put(me, None)
    except InvalidInputError as error:
        return error.problems
    except TooManyError as error:
        return {name: str(error)}
    except UnavailableError as error:
        return {name: no_picture_now(error)}
    return {}


def profile_form(me: Viewer, own: OwnProfile, *, changes: ProfileChanges | None = None, **values: Any) -> str:
    """The page; `changes` that were refused stay as they were entered."""
    entered = changes or ProfileChanges(
        display_name=own.display_name,
        bio=own.bio,
        fields=own.fields,
        locked=own.locked,
        bot=own.bot,
        discoverable=own.discoverable,
        language=own.language,
        default_visibility=own.default_visibility,
        default_sensitive=own.default_sensitive,
    )
    fields = [*(entered.fields or ()), *[("", "")] * FIELDS_MAX][:FIELDS_MAX]
    return page(
        "settings_profile.html",
        "settings-profile",
        me=me,
        own=own,
        entered=entered,
        fields=fields,
        languages=LANGUAGES,
        visibilities=VISIBILITIES,
        **{"problems": {}, "done": False, **values},
    )


@blueprint.get("/settings/profile")
@signed_in_only
def edit_form(me: Viewer) -> str:
    """The form."""
    return profile_form(me, site().profiles.own(me), done="done" in request.args)


@blueprint.post("/settings/profile")
@takes_files(2)
@signed_in_only
def edit(me: Viewer) -> Response | tuple[str, int]:
    """Change what was entered; what can be kept is kept, and what cannot is said beside its field."""
    profiles = site().profiles
    changes = changes_of_form()
    problems = picture_of_form(me, "avatar", profiles.set_avatar)
    problems |= picture_of_form(me, "header", profiles.set_header)
    try:
        profiles.edit(me, changes)
    except InvalidInputError as error:
        problems |= error.problems
    if problems:
        return profile_form(me, profiles.own(me), changes=changes, problems=problems), 400
    return redirect("/settings/profile?done", 303)
