"""Finding people, hashtags and posts."""

from flask import Blueprint, request

from flotilla.errors import InvalidInputError
from flotilla.social import Paging, Viewer
from flotilla.web.rendering import page
from flotilla.web.sessions import signed_in_only, site
from flotilla.web.timelines import before, here

__all__ = ["blueprint"]

blueprint = Blueprint("search", __name__)


@blueprint.get("/search")
@signed_in_only
def search(me: Viewer) -> str | tuple[str, int]:
    """The search box, and below it what was found."""
    typed, start = request.args.get("q", ""), before()
    found, problems = None, {}
    if typed.strip():
        try:
            found = site().search.everything(me, typed, Paging(before=start))
        except InvalidInputError as error:
            problems = error.problems
    shown = page("search.html", "search", me=me, here=here(), typed=typed, found=found, before=start, problems=problems)
    return (shown, 400) if problems else shown
