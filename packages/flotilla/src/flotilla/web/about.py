"""What the site is, who runs it, and its rules."""

from flask import Blueprint, redirect
from werkzeug.wrappers import Response

from flotilla.web.rendering import page
from flotilla.web.sessions import site, viewer

__all__ = ["blueprint"]

blueprint = Blueprint("about", __name__)


@blueprint.get("/about")
def about() -> str:
    """What the site says about itself."""
    now = site().site_settings.now()
    return page("about.html", "about", me=viewer(), about=now, rules=site().house_rules.all())


@blueprint.get("/rules")
def rules() -> Response:
    """The rules stand on the page about the site."""
    return redirect("/about#rules", 303)
